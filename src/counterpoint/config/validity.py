"""Proves every reachable combination of concurrent variants valid, or names the smallest one that is not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from counterpoint.assignment import Audience, BucketSet, Context, Satisfiability, compile_audience, satisfiable
from counterpoint.config.bounds import check_value
from counterpoint.config.surface import Parameter, Surface
from counterpoint.vocabulary import Finding, Scalar, Severity

MAX_COMBINATIONS = 200_000
MAX_TOGETHER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """What may set parameters for some requests: an experiment, or a baseline rule (one variant, all buckets).

    Attributes:
        key: Of the experiment or rule.
        audience: CEL over the surface's attributes.
        variants: Variant -> the parameters it sets.
        buckets: What it owns; None for all.
        unit: The unit type that it hashes; None for the surface's own. Buckets of different types may always meet.
        is_rule: Whether it is a rule, over which experiments stand; earlier rules win over later ones.
    """

    key: str
    audience: str
    variants: Mapping[str, Mapping[str, Scalar]]
    buckets: BucketSet | None = None
    unit: str | None = None
    is_rule: bool = False

    @property
    def parameters(self) -> frozenset[str]:
        """Whatever some variant sets."""
        return frozenset(key for values in self.variants.values() for key in values)


@dataclass(frozen=True, slots=True)
class _Law:
    """Something that must hold of the values; `trigger` is a parameter that some contender must set for it to apply."""

    code: str
    text: str
    parameters: frozenset[str]
    test: Audience | None = None
    dial: Parameter | None = None
    trigger: str | None = None

    def holds(self, values: Context) -> bool:
        if self.test is not None:
            return self.test.matches(values)
        requires = self.dial.requires if self.dial is not None else {}
        return all(values[target] in allowed for target, allowed in requires.items())


@dataclass(slots=True)
class _Search:
    surface: Surface
    baseline: Mapping[str, Scalar]
    audiences: Mapping[str, Audience]
    n_left: int = MAX_COMBINATIONS
    together: dict[tuple[str, ...], Satisfiability] = field(default_factory=dict)


_Member = tuple[Contender, str]


def check_combinations(
    surface: Surface, contenders: Sequence[Contender], *, baseline: Mapping[str, Scalar] | None = None
) -> tuple[Finding, ...]:
    """Return what breaks types, bounds, `requires` or an invariant: per law, the smallest combination that does.

    Args:
        surface: What declares parameters and invariants.
        contenders: Everything that may be live at the same time; those that share a parameter never act together.
        baseline: Current value of each parameter; the surface's own where it says nothing.

    Returns:
        Findings `wrong_type`, `out_of_bounds`, `unknown_parameter`, `requires_not_met` and `invariant_broken`, whose
        facts name the members, the values and a witness context; `not_exhausted`, a warning, when there are more
        combinations than can be tried.

    Raises:
        InvalidInput: When an audience or an invariant does not compile.
    """
    findings = list(_single_values(surface, contenders))
    if findings:
        return tuple(findings)
    values = {key: parameter.baseline for key, parameter in surface.parameters.items()} | dict(baseline or {})
    audiences = {contender.key: compile_audience(contender.audience, surface.attributes) for contender in contenders}
    search = _Search(surface, values, audiences)
    for law in _laws(surface):
        broken = _smallest(law, contenders, search)
        if broken is not None:
            findings.append(broken)
        if search.n_left <= 0:
            message = (
                f"more than {MAX_COMBINATIONS} combinations are reachable; {law.text} was not tried on all of them"
            )
            findings.append(Finding(code="not_exhausted", severity=Severity.WARNING, path="", message=message))
            break
    return tuple(findings)


def _laws(surface: Surface) -> Iterator[_Law]:
    for dial in surface.parameters.values():
        if dial.requires:
            wanted = " and ".join(f"{key} in {list(allowed)}" for key, allowed in dial.requires.items())
            touched = frozenset((dial.key, *dial.requires))
            yield _Law("requires_not_met", f"{dial.key} needs {wanted}", touched, dial=dial, trigger=dial.key)
    for text in surface.invariants:
        test = compile_audience(text, surface.parameters)
        yield _Law("invariant_broken", text, frozenset(test.attributes), test=test)


def _single_values(surface: Surface, contenders: Sequence[Contender]) -> Iterator[Finding]:
    for contender in contenders:
        for variant, values in contender.variants.items():
            for key, value in values.items():
                path = f"{contender.key}.{variant}.set.{key}"
                if key not in surface.parameters:
                    message = f"the surface has no parameter {key[:80]!r}"
                    yield Finding(code="unknown_parameter", severity=Severity.ERROR, path=path, message=message)
                elif (finding := check_value(surface.parameters[key], value, path=path)) is not None:
                    yield finding


def _smallest(law: _Law, contenders: Sequence[Contender], search: _Search) -> Finding | None:
    movers = [contender for contender in contenders if contender.parameters & law.parameters]
    for size in range(min(len(movers), len(law.parameters), MAX_TOGETHER) + 1):
        for chosen in combinations(movers, size):
            if not _may_act_together(chosen):
                continue
            for members in product(*(_relevant(contender, law) for contender in chosen)):
                search.n_left -= 1
                if search.n_left <= 0:
                    return None
                values = _values(members, search.baseline)
                if _applies(law, members) and not law.holds(values):
                    reach = _reach(chosen, search)
                    if reach.is_possible:
                        return _finding(law, members, values, reach)
    return None


def _applies(law: _Law, members: Sequence[_Member]) -> bool:
    return law.trigger is None or any(law.trigger in contender.variants[variant] for contender, variant in members)


def _relevant(contender: Contender, law: _Law) -> list[_Member]:
    return [(contender, variant) for variant, values in contender.variants.items() if law.parameters & values.keys()]


def _values(members: Sequence[_Member], baseline: Mapping[str, Scalar]) -> dict[str, Scalar]:
    values = dict(baseline)
    rules = [member for member in members if member[0].is_rule]
    experiments = [member for member in members if not member[0].is_rule]
    # The first rule wins, so it is written last; experiments stand on top of all rules.
    for contender, variant in (*reversed(rules), *experiments):
        values.update(contender.variants[variant])
    return values


def _may_act_together(chosen: Sequence[Contender]) -> bool:
    for one, two in combinations(chosen, 2):
        if one.is_rule or two.is_rule:
            continue
        if one.parameters & two.parameters:
            return False
    owned: dict[str | None, BucketSet] = {}
    for contender in chosen:
        if contender.buckets is not None:
            owned[contender.unit] = owned.get(contender.unit, BucketSet.full()) & contender.buckets
    return all(owned.values())


def _reach(chosen: Sequence[Contender], search: _Search) -> Satisfiability:
    keys = tuple(sorted(contender.key for contender in chosen))
    known = search.together.get(keys)
    if known is None:
        known = satisfiable(*(search.audiences[key] for key in keys))
        search.together[keys] = known
    return known


def _finding(law: _Law, members: Sequence[_Member], values: Mapping[str, Scalar], reach: Satisfiability) -> Finding:
    named = [
        f"{contender.key}={variant}" if not contender.is_rule else f"rule {contender.key}"
        for contender, variant in members
    ]
    who = " together with ".join(named) or "the baseline alone"
    shown = {key: values[key] for key in sorted(law.parameters)}
    return Finding(
        code=law.code,
        severity=Severity.ERROR,
        path=members[0][0].key if members else "baseline",
        message=f"{who} breaks: {law.text}; change a value, or let them exclude each other by a layer",
        facts={
            "law": law.text,
            "members": [
                {"key": contender.key, "variant": variant, "is_rule": contender.is_rule}
                for contender, variant in members
            ],
            "values": shown,
            "proof": reach.proof,
            "witness": None if reach.witness is None else dict(reach.witness),
        },
    )
