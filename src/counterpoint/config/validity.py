"""Proves every reachable combination of concurrent variants valid, or names the smallest one that is not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from counterpoint.assignment import Audience, BucketSet, Context, Satisfiability, compile_audience, satisfiable
from counterpoint.config.bounds import check_value
from counterpoint.config.surface import Parameter, Surface
from counterpoint.vocabulary import Finding, Scalar, Severity

MAX_COMBINATIONS = 200_000
"""Combinations, and before them combinations of values, that are tried for one law."""


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
    parameters: tuple[str, ...]
    test: Audience | None = None
    dial: Parameter | None = None
    trigger: str | None = None

    def holds(self, values: Context) -> bool:
        if self.test is not None:
            return self.test.matches(values)
        requires = self.dial.requires if self.dial is not None else {}
        return all(values[target] in allowed for target, allowed in requires.items())


@dataclass(frozen=True, slots=True)
class _Member:
    contender: Contender
    variant: str
    place: int

    @property
    def sets(self) -> Mapping[str, Scalar]:
        return self.contender.variants[self.variant]


_Values = tuple[Scalar, ...]


@dataclass(slots=True)
class _Search:
    """One law's search: `breaking` are the values of its parameters that break it, None when too many to list."""

    surface: Surface
    law: _Law
    baseline: Mapping[str, Scalar]
    contenders: Sequence[Contender]
    focus: str | None
    breaking: frozenset[_Values] | None = None
    n_left: int = MAX_COMBINATIONS
    reached: dict[tuple[tuple[str, ...], tuple[str, ...]], Satisfiability] = field(default_factory=dict)

    @property
    def members(self) -> list[_Member]:
        """Every variant that sets a parameter of the law; the one looked at first, then as given."""
        found = [
            _Member(contender, variant, place)
            for place, contender in enumerate(self.contenders)
            for variant, values in contender.variants.items()
            if any(key in values for key in self.law.parameters)
        ]
        return sorted(found, key=lambda m: (m.contender.key != self.focus, m.place))


def check_combinations(
    surface: Surface,
    contenders: Sequence[Contender],
    *,
    baseline: Mapping[str, Scalar] | None = None,
    focus: str | None = None,
) -> tuple[Finding, ...]:
    """Return what breaks types, bounds, `requires` or an invariant: per law, the smallest combination that does.

    A law touches few parameters, each of them is set by one contender at most, and an invariant that is a conjunction
    is as many laws; so no more contenders than the law has parameters ever have to be combined, and values that no
    contender gives need not be. Within `MAX_COMBINATIONS` for each law the answer is exact.

    Args:
        surface: What declares parameters and invariants.
        contenders: Everything that may be live at the same time; those that share a parameter never act together.
        baseline: Current value of each parameter; the surface's own where it says nothing.
        focus: Key of one contender: only combinations with it are looked at, and only those that would be sound
            without it. None looks at all.

    Returns:
        Findings `wrong_type`, `out_of_bounds`, `unknown_parameter`, `requires_not_met` and `invariant_broken`, whose
        facts name the members, the values and a witness context; `not_exhausted`, a warning, with the law and the
        number of contenders up to which every combination was tried, when there are more than can be.

    Raises:
        InvalidInput: When an audience or an invariant does not compile.
    """
    findings = list(_single_values(surface, contenders))
    if findings:
        return tuple(findings)
    for contender in contenders:
        compile_audience(contender.audience, surface.attributes)
    values = {key: parameter.baseline for key, parameter in surface.parameters.items()} | dict(baseline or {})
    found: dict[str, Finding] = {}
    for law in _laws(surface):
        broken = _smallest(_Search(surface, law, values, contenders, focus))
        # Of the parts of one invariant the one that the fewest break is told.
        if broken is not None and (law.text not in found or _rank(broken) < _rank(found[law.text])):
            found[law.text] = broken
    return tuple(found.values())


def _rank(finding: Finding) -> tuple[bool, int]:
    return finding.severity is not Severity.ERROR, len(finding.facts.get("members", ()))


def _laws(surface: Surface) -> Iterator[_Law]:
    for dial in surface.parameters.values():
        if dial.requires:
            wanted = " and ".join(f"{key} in {list(allowed)}" for key, allowed in dial.requires.items())
            touched = tuple(sorted({dial.key, *dial.requires}))
            yield _Law("requires_not_met", f"{dial.key} needs {wanted}", touched, dial=dial, trigger=dial.key)
    for text in surface.invariants:
        for part in compile_audience(text, surface.parameters).parts():
            yield _Law("invariant_broken", text, tuple(sorted(part.attributes)), test=part)


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


def _smallest(search: _Search) -> Finding | None:
    members = search.members
    if search.focus is not None and all(m.contender.key != search.focus for m in members):
        return None
    search.breaking = _breaking_values(search, members)
    if search.breaking is not None and not search.breaking:
        return None
    for size in range(len(search.law.parameters) + 1):
        for chosen in _combinations(search, members, (), 0, size):
            broken = _broken(search, chosen)
            if broken is not None:
                return broken
        if search.n_left <= 0:
            return _not_exhausted(search, members, size)
    return None


def _breaking_values(search: _Search, members: Sequence[_Member]) -> frozenset[_Values] | None:
    """Return the values of the law's parameters that break it, of those that anybody gives; None when too many."""
    given: list[list[Scalar]] = []
    n_values = 1
    for key in search.law.parameters:
        seen = {(type(v), v): v for v in (search.baseline[key], *(m.sets[key] for m in members if key in m.sets))}
        given.append(list(seen.values()))
        n_values *= len(seen)
    if n_values > MAX_COMBINATIONS:
        return None
    keys, values = search.law.parameters, dict(search.baseline)
    broken: set[_Values] = set()
    for chosen in product(*given):
        values.update(zip(keys, chosen, strict=True))
        if not search.law.holds(values):
            broken.add(chosen)
    return frozenset(broken)


def _combinations(
    search: _Search, members: Sequence[_Member], chosen: tuple[_Member, ...], start: int, size: int
) -> Iterator[tuple[_Member, ...]]:
    """Yield the combinations of `size` members that may act together and could still break the law."""
    if search.n_left <= 0:
        return
    search.n_left -= 1
    if not _could_break(search, chosen):
        return
    if len(chosen) == size:
        yield chosen
        return
    for at in range(start, len(members)):
        member = members[at]
        if not chosen and search.focus is not None and member.contender.key != search.focus:
            return
        if _may_join(chosen, member):
            yield from _combinations(search, members, (*chosen, member), at + 1, size)


def _could_break(search: _Search, chosen: Sequence[_Member]) -> bool:
    # What an experiment sets stands, whoever joins; a rule's value may be covered by an earlier rule's or a variant's.
    if search.breaking is None or not chosen:
        return True
    fixed = [
        (place, member.sets[key])
        for member in chosen
        if not member.contender.is_rule
        for place, key in enumerate(search.law.parameters)
        if key in member.sets
    ]
    return any(all(values[place] == value for place, value in fixed) for values in search.breaking)


def _may_join(chosen: Sequence[_Member], member: _Member) -> bool:
    new = member.contender
    owned = BucketSet.full() if new.buckets is None else new.buckets
    for held in (m.contender for m in chosen):
        if held.key == new.key and held.is_rule == new.is_rule:
            return False
        if not (held.is_rule or new.is_rule) and held.parameters & new.parameters:
            return False
        if held.buckets is not None and (held.unit == new.unit or new.buckets is None):
            owned = owned & held.buckets
    return bool(owned)


def _broken(search: _Search, chosen: tuple[_Member, ...]) -> Finding | None:
    law, values = search.law, _values(chosen, search.baseline)
    if not _applies(law, chosen) or law.holds(values):
        return None
    if search.focus is not None:
        rest = [m for m in chosen if m.contender.key != search.focus]
        if _applies(law, rest) and not law.holds(_values(rest, search.baseline)):
            return None  # broken already, with or without it
    reach = _reach(search, chosen, values)
    return _finding(law, chosen, values, reach) if reach.is_possible else None


def _applies(law: _Law, members: Sequence[_Member]) -> bool:
    return law.trigger is None or any(law.trigger in member.sets for member in members)


def _values(members: Sequence[_Member], baseline: Mapping[str, Scalar]) -> dict[str, Scalar]:
    values = dict(baseline)
    rules = sorted((m for m in members if m.contender.is_rule), key=lambda m: -m.place)
    # The first rule wins, so it is written last; experiments stand on top of all rules.
    for member in (*rules, *(m for m in members if not m.contender.is_rule)):
        values.update(member.sets)
    return values


def _reach(search: _Search, chosen: Sequence[_Member], values: Mapping[str, Scalar]) -> Satisfiability:
    """Return whether a request is in all of `chosen`, and in no other rule that would change what the law reads."""
    away = [
        rule
        for place, rule in enumerate(search.contenders)
        if rule.is_rule and rule.buckets is None and _would_change(search.law, rule, place, chosen, values)
    ]
    together = tuple(sorted(m.contender.key for m in chosen))
    slot = (together, tuple(rule.key for rule in away))
    if slot not in search.reached:
        search.reached[slot] = _meeting(search.surface, [m.contender for m in chosen], away)
    return search.reached[slot]


def _meeting(surface: Surface, chosen: Sequence[Contender], away: Sequence[Contender]) -> Satisfiability:
    inside = [compile_audience(contender.audience, surface.attributes) for contender in chosen]
    outside = [compile_audience(f"!({rule.audience})", surface.attributes) for rule in away]
    answer = satisfiable(*inside, *outside)
    known = {key for audience in inside for key in audience.attributes}
    told = [audience for audience in outside if set(audience.attributes) <= known]
    if answer.is_possible or len(told) == len(outside):
        return answer
    # A request that lacks an attribute is in no rule about it.
    answer = satisfiable(*inside, *told)
    rules = [compile_audience(rule.audience, surface.attributes) for rule in away]
    if answer.witness is not None and any(rule.matches(answer.witness) for rule in rules):
        return Satisfiability(proof="unknown")
    return answer


def _would_change(
    law: _Law, rule: Contender, place: int, chosen: Sequence[_Member], values: Mapping[str, Scalar]
) -> bool:
    if any(m.contender.is_rule and m.place == place for m in chosen):
        return False
    over = {
        key for m in chosen if not m.contender.is_rule or m.place < place for key in m.sets if key in law.parameters
    }
    return any(
        sets[key] != values[key]
        for sets in rule.variants.values()
        for key in law.parameters
        if key in sets and key not in over
    )


def _finding(law: _Law, members: Sequence[_Member], values: Mapping[str, Scalar], reach: Satisfiability) -> Finding:
    named = [f"rule {m.contender.key}" if m.contender.is_rule else f"{m.contender.key}={m.variant}" for m in members]
    who = " together with ".join(named) or "the baseline alone"
    return Finding(
        code=law.code,
        severity=Severity.ERROR,
        path=members[0].contender.key if members else "baseline",
        message=f"{who} breaks: {law.text}; change a value, or let them exclude each other by a layer",
        facts={
            "law": law.text,
            "members": [
                {"key": m.contender.key, "variant": m.variant, "is_rule": m.contender.is_rule} for m in members
            ],
            "values": {key: values[key] for key in law.parameters},
            "proof": reach.proof,
            "witness": None if reach.witness is None else dict(reach.witness),
        },
    )


def _not_exhausted(search: _Search, members: Sequence[_Member], size: int) -> Finding:
    n_contenders = len({(m.contender.key, m.contender.is_rule) for m in members})
    message = (
        f"{n_contenders} contenders touch {search.law.text}: every combination of up to {size - 1} of them was tried, "
        f"of {size} and more (at most {len(search.law.parameters)} act on it at once) not all"
    )
    facts = {
        "law": search.law.text,
        "n_contenders": n_contenders,
        "tried_together": size - 1,
        "at_most_together": len(search.law.parameters),
    }
    return Finding(code="not_exhausted", severity=Severity.WARNING, path="", message=message, facts=facts)
