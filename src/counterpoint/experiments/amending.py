"""What of an experiment's text may still change while it runs, and why the rest may not.

Only what leaves the registered error rates as they are: the ramp ahead, since looks go by the share of the planned
units that has matured, however fast they come; rules of safety that become stricter, since they rest on intervals that
hold at any number of looks and never make a winner; and the end of an always-valid test, which holds whenever it ends.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from types import MappingProxyType

from counterpoint.experiments.experiment import stage_shares
from counterpoint.experiments.soundness import spec_findings
from counterpoint.experiments.spec import ExperimentSpec, GuardrailSpec
from counterpoint.vocabulary import Finding, Severity

_FROZEN = "the analysis plan that was registered before the first exposure says it; nobody may choose it afterwards"
_DRAWN = "its units were drawn by it"
WHY_NOT: Mapping[str, str] = MappingProxyType(
    {
        "variants": "units that met one variant would meet another under the same name; " + _FROZEN,
        "metrics": "a guardrail added now would share the registered error rates with the others, and its first "
        "looks have passed; " + _FROZEN,
        "analysis": _FROZEN,
        "stop": "what happens on harm or on a wrong split may only become stricter",
        "schedule": "only the ramp ahead may change, and the end of an always-valid test; " + _FROZEN,
        "audience": "it says whose units are compared; " + _FROZEN,
        "allocation": f"{_DRAWN}, and the units planned for each look follow from it; the ramp may go up to it more "
        "quickly or more slowly",
        "unit": _DRAWN,
        "layers": _DRAWN,
        "isolated": _DRAWN,
        "domain": _DRAWN,
        "hypothesis": "it is what was approved and registered",
        "max_pages_changed": "it was declared before the launch, and the dry run held the variants to it",
        "owner": "the live release names it, and holdouts cover experiments by owner",
    }
)
"""Why a field of an experiment that has begun is not changed in place; every field is here or is its identity."""
IDENTITY = ("kind", "key", "surface")
_STRICTER = ("alert", "pause", "stop")
_IN_PARTS = ("metrics", "schedule", "stop")


def amendment_findings(
    before: ExperimentSpec, after: ExperimentSpec, *, stage: int, started_at: datetime, now: datetime
) -> tuple[Finding, ...]:
    """Return what speaks against putting `after` in the place of a running experiment's text; empty means safe.

    Args:
        stage: Index of the live stage.
        started_at: When the first stage went live.
        now: The present, UTC.

    Codes: `not_amendable`, `stage_is_past`, `end_is_past`, `end_is_fixed`, `rule_loosened`, `margin_loosened`, and
    those of `spec_findings`.
    """
    return (
        *_identity(before, after),
        *_stop(before, after),
        *_guardrails(before, after),
        *_end(before, after, started_at=started_at, now=now),
        *_past_stages(before, after, stage),
        *(each for each in spec_findings(after) if each.severity is Severity.ERROR),
    )


def exposes_more(before: ExperimentSpec, after: ExperimentSpec, *, stage: int) -> bool:
    """Return whether `after` would at some time have more units in it than `before`, or go on for longer.

    Args:
        stage: Index of the live stage, whose beginning both have in common.
    """
    if after.schedule.days > before.schedule.days:
        return True
    old, new = _course(before, stage), _course(after, stage)
    return any(_share_at(new, hour) > _share_at(old, hour) for hour, _ in new)


def _course(spec: ExperimentSpec, stage: int) -> tuple[tuple[float, float], ...]:
    """Return (hours since the live stage began, share from then on) of the live stage and those ahead."""
    shares = stage_shares(spec)[stage:]
    held = [each.hours for each in spec.schedule.ramp[stage : stage + len(shares) - 1]]
    return tuple(zip(accumulate(held, initial=0.0), shares, strict=True))


def _share_at(course: tuple[tuple[float, float], ...], hour: float) -> float:
    return max(share for begins, share in course if begins <= hour)


def _identity(before: ExperimentSpec, after: ExperimentSpec) -> Iterator[Finding]:
    for field in type(before).model_fields:
        if field not in _IN_PARTS and getattr(before, field) != getattr(after, field):
            yield _error("not_amendable", field, f"{field}: {WHY_NOT.get(field, 'it is what results hang on')}")
    if before.schedule.start != after.schedule.start:
        yield _error("not_amendable", "schedule.start", "schedule.start: it has begun")


def _stop(before: ExperimentSpec, after: ExperimentSpec) -> Iterator[Finding]:
    for rule in ("on_guardrail", "on_srm"):
        old, new = getattr(before.stop, rule), getattr(after.stop, rule)
        if _STRICTER.index(new) < _STRICTER.index(old):
            yield _error("rule_loosened", f"stop.{rule}", f"stop.{rule}: {WHY_NOT['stop']}, not {new} instead of {old}")


def _guardrails(before: ExperimentSpec, after: ExperimentSpec) -> Iterator[Finding]:
    old, new = before.metrics, after.metrics
    names = [each.metric for each in old.guardrails]
    same = (old.primary, old.secondary) == (new.primary, new.secondary)
    if not same or names != [each.metric for each in new.guardrails]:
        yield _error("not_amendable", "metrics", f"metrics: {WHY_NOT['metrics']}")
        return
    for index, (was, now) in enumerate(zip(old.guardrails, new.guardrails, strict=True)):
        if not _is_as_tight(was, now):
            what = f"metrics.guardrails.{now.metric}: a margin may only become tighter, and stays of its kind"
            yield _error("margin_loosened", f"metrics.guardrails.{index}", what)


def _is_as_tight(was: GuardrailSpec, now: GuardrailSpec) -> bool:
    return all(
        old == new or (old is not None and new is not None and new < old)
        for old, new in ((was.margin, now.margin), (was.margin_abs, now.margin_abs))
    )


def _end(before: ExperimentSpec, after: ExperimentSpec, *, started_at: datetime, now: datetime) -> Iterator[Finding]:
    if before.schedule.days == after.schedule.days:
        return
    if before.analysis.test != "always_valid":
        test = before.analysis.test.replace("_", "-")
        what = f"schedule.days: the end of a {test} test is not moved once figures were seen, for that is a second look"
        yield _error("end_is_fixed", "schedule.days", f"{what}; `stop` ends it now, decided on what was measured")
    elif started_at + timedelta(days=after.schedule.days) <= now:
        yield _error("end_is_past", "schedule.days", "schedule.days: that end is past; `stop` ends it now")


def _past_stages(before: ExperimentSpec, after: ExperimentSpec, stage: int) -> Iterator[Finding]:
    old, new = stage_shares(before), stage_shares(after)
    held = [each.hours for each in before.schedule.ramp[:stage]], [each.hours for each in after.schedule.ramp[:stage]]
    if new[: stage + 1] != old[: stage + 1] or held[0] != held[1]:
        what = f"schedule.ramp: stage {stage + 1} is live, and what it and those before it had cannot change"
        yield _error("stage_is_past", "schedule.ramp", what)


def _error(code: str, path: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message)
