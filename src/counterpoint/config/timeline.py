"""Explains one value as the steps that led to it: baseline, rules, holdouts, experiments, forced variants."""

from bisect import bisect_right

from xxhash import xxh64_intdigest

from counterpoint.assignment import Audience, Context, Membership, Verdict
from counterpoint.config.parts import Candidate, Line, Program
from counterpoint.config.reads import Step
from counterpoint.config.standing import Request, half_of, held_read, owns, raw_of
from counterpoint.vocabulary import Scalar


def timeline(request: Request, program: Program) -> tuple[Step, ...]:
    """Return every step that was considered for the parameter of `program`, in the order of evaluation.

    The step that decided the value is the last one that applied.
    """
    key, baseline = program.key, program.default.value
    steps = [
        Step(kind="baseline", key=key, condition="true", applied=True, outcome="everyone", before=None, after=baseline)
    ]
    lines = (*program.lines, *program.special)
    is_forced = any(_forced(request, line.candidate) for line in lines)
    held = None if is_forced else next((holdout for holdout in program.holdouts if half_of(request, holdout)), None)
    if held is not None and half_of(request, held) == "status_quo":
        value = held_read(held, key, request.context).value
        steps.append(_holdout(held.spec.key, "its buckets keep the baseline of its first day", baseline, value))
        return tuple(steps)
    current = _through_rules(request, program, steps)
    if held is not None:
        steps.append(_holdout(held.spec.key, "its buckets get what was shipped and no experiment", current, current))
        return tuple(steps)
    _through_experiments(request, program, steps, current)
    return tuple(steps)


def _through_rules(request: Request, program: Program, steps: list[Step]) -> Scalar:
    current, is_decided = program.default.value, False
    for rule, read in program.rules:
        spec = rule.spec
        matches, why = _asked(rule.audience, request.context)
        is_broken = rule.audience is None
        applies = (matches or is_broken) and not is_decided
        if is_decided:
            why = "an earlier rule decided"
        after = read.value if applies else current
        steps.append(
            Step(
                kind="rule",
                key=spec.key,
                condition=spec.audience,
                applied=applies,
                outcome=why,
                before=current,
                after=after,
            )
        )
        current, is_decided = after, is_decided or applies
    return current


def _through_experiments(request: Request, program: Program, steps: list[Step], current: Scalar) -> None:
    lines = (*program.lines, *program.special)
    forced = next((line for line in lines if _forced(request, line.candidate)), None)
    is_decided = False
    for line in lines:
        candidate = line.candidate
        if forced is not None and line is not forced:
            continue
        outcome, variant = ("a tester asked for it", _forced(request, candidate)) if forced else _met(request, line)
        if is_decided and variant is not None:
            outcome, variant = "another experiment decided", None
        after = current
        if variant is not None:
            is_decided = True
            after = next(
                (v.set.get(program.key, current) for v in candidate.spec.variants if v.key == variant), current
            )
        steps.append(
            Step(
                kind="forced" if forced else "experiment",
                key=candidate.spec.key,
                condition=candidate.spec.audience,
                applied=variant is not None,
                outcome=outcome,
                before=current,
                after=after,
                variant=variant,
            )
        )
        current = after


def _met(request: Request, line: Line) -> tuple[str, str | None]:
    candidate = line.candidate
    unit = candidate.spec.unit
    raw = raw_of(request, candidate.unit)
    if candidate.audience is None:
        return "it is broken; see the faults of the snapshot", None
    if raw is None:
        return f"the request names no {unit}", None
    if not owns(candidate.bits, raw, candidate.bucket_seed):
        return "the unit's bucket is not one of its buckets", None
    if any(half_of(request, holdout) for holdout in candidate.kept_out):
        return "a holdout that covers some of its parameters has the unit", None
    matches, why = _asked(candidate.audience, request.context)
    if not matches:
        return why, None
    if not candidate.spec.enabled:
        return "it is disabled", None
    place = bisect_right(candidate.bounds, (xxh64_intdigest(raw, candidate.seed) * candidate.total) >> 64)
    return "enrolled", candidate.spec.variants[place].key


def _forced(request: Request, candidate: Candidate) -> str | None:
    wanted = (request.forced or {}).get(candidate.spec.key)
    known = candidate.audience is not None and any(variant.key == wanted for variant in candidate.spec.variants)
    return wanted if known else None


def _asked(audience: Audience | None, context: Context) -> tuple[bool, str]:
    if audience is None:
        return False, "its audience cannot be evaluated"
    verdict = audience.verdict(context)
    return verdict.is_in, _in_words(verdict)


def _in_words(verdict: Verdict) -> str:
    named = ", ".join(verdict.attributes)
    return {
        Membership.IN: "in the audience",
        Membership.OUT: "not in the audience",
        Membership.MISSING_ATTRIBUTE: f"not in the audience: the request does not say {named}",
        Membership.INVALID_ATTRIBUTE: f"not in the audience: {named} has a wrong type or value",
        Membership.UNDEFINED: "not in the audience: its arithmetic has no result",
    }[verdict.membership]


def _holdout(key: str, why: str, before: Scalar, after: Scalar) -> Step:
    return Step(kind="holdout", key=key, condition="bucket", applied=True, outcome=why, before=before, after=after)
