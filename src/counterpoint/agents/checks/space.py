"""Checks of space: rivals, free buckets, holdouts that have run out, and combinations that break a law."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from counterpoint.agents.checks.conflicts import SHOWN, in_words, meeting_in_words, rival_facts, ways_around
from counterpoint.agents.checks.findings import error, info, not_known, warning
from counterpoint.agents.checks.nearest import nearest_name
from counterpoint.agents.ports import World
from counterpoint.assignment import Audience, BucketSet, compile_audience
from counterpoint.config import Contender, Surface, check_combinations
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.experiments import (
    ExperimentSpec,
    Unknown,
    covers,
    expired_holdouts,
    free_space,
    holds_buckets,
    rivals_of,
)
from counterpoint.vocabulary import Finding

_LAW_CODES = frozenset({"requires_not_met", "invariant_broken", "not_exhausted"})


def check_space(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a draw that does not fit, naming the rivals and the share or the date that would."""
    if world.territory is None:
        yield not_known("allocation", "free space", Unknown(code="no_territory", reason="what is live is not at hand"))
        return
    held = world.territory.experiments.get(spec.key)
    if held is not None:
        free = next(key for n in count(2) if (key := f"{spec.key}-{n}") not in world.territory.experiments)
        message = f"an experiment '{spec.key}' exists already ({held.state})"
        yield error("key_taken", "key", message, fix={"key": free})
    try:
        space = free_space(spec, world.territory)
    except NotFound as problem:
        nearest = nearest_name(spec.domain or "", world.territory.domains)
        yield error(problem.code, "domain", problem.what, fix={} if nearest is None else {"domain": nearest})
        return
    facts = rival_facts(spec, surface, space.rivals)
    named = ", ".join(f"'{r['key']}' ({r['because']})" for r in facts[:SHOWN])
    meeting = f" ({meeting_in_words(facts[0])})" if facts else ""
    if not space.fits:
        ways = ways_around(spec, world.territory, space, world.now)
        share = next((way["allocation"] for way in ways if way["way"] == "share"), None)
        message = (
            f"{spec.allocation:g} of the units are asked for and {space.share_free:g} are free; "
            f"{named or 'pools and holdouts'} hold the rest{meeting}; {in_words(ways)}"
        )
        yield error(
            "no_free_space",
            "allocation",
            message,
            fix={} if share is None else {"allocation": share},
            share_free=space.share_free,
            rivals=facts,
            ways=ways,
            set_aside=dict(space.set_aside),
        )
    elif facts:
        yield info(
            "shares_ground",
            "allocation",
            f"{named} may share no unit with this one{meeting}; it draws other buckets, of which "
            f"{space.share_free:g} of the units are free",
            share_free=space.share_free,
            rivals=facts,
        )


def check_holdouts(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a launch while a holdout that covers it has run out and was neither read nor renewed."""
    if world.territory is not None:
        covering = {k: h for k, h in world.territory.holdouts.items() if covers(h, spec, surface)}
        yield from expired_holdouts(covering, now=world.now)


def check_together(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a variant that breaks `requires` or an invariant, alone or with variants and rules that requests meet."""
    readable, unreadable = _readable(surface)
    yield from unreadable
    if any(key not in surface.parameters for key in spec.parameters) or compiled(spec.audience, surface) is None:
        return  # other checks refuse these, and nothing can be proven on top of them
    mine = _contender(spec, surface)
    others = [contender for contender in _others(spec, readable, world) if compiled(contender.audience, surface)]
    for finding in check_combinations(readable, [*others, mine], baseline=world.baseline, focus=spec.key):
        members = [m["key"] for m in finding.facts.get("members", [])]
        # By itself and without a rule in play it is said already, with its fix.
        is_said = members == [spec.key] and not world.ruled & finding.facts["values"].keys()
        if finding.code not in _LAW_CODES or (finding.code == "requires_not_met" and is_said):
            continue
        yield replace(finding, path="" if finding.code == "not_exhausted" else "variants")
    if others:
        for finding in check_combinations(readable, others, baseline=world.baseline):
            yield warning(
                "broken_without_it",
                "",
                f"what is live is not sound as it is: {finding.message}",
                found=finding.code,
                **finding.facts,
            )


def compiled(audience: str, surface: Surface) -> Audience | None:
    """Return the compiled audience, or None when it cannot be read (it is refused where it is written)."""
    try:
        return compile_audience(audience, surface.attributes)
    except InvalidInput:
        return None


def _readable(surface: Surface) -> tuple[Surface, list[Finding]]:
    kept, problems = [], []
    for text in surface.invariants:
        try:
            compile_audience(text, surface.parameters)
            kept.append(text)
        except InvalidInput as problem:
            message = f"the invariant '{text}' cannot be read: {problem.what}"
            problems.append(warning("invariant_unreadable", "variants", message))
    return replace(surface, invariants=tuple(kept)), problems


def _contender(spec: ExperimentSpec, surface: Surface, buckets: BucketSet | None = None) -> Contender:
    return Contender(
        key=spec.key,
        audience=spec.audience,
        variants={variant.key: variant.set for variant in spec.variants},
        buckets=buckets,
        unit=spec.unit or surface.unit,
    )


def _others(spec: ExperimentSpec, surface: Surface, world: World) -> list[Contender]:
    """Return the live rules, and the experiments that a unit of this one may be in as well."""
    touched = _interacting(spec, surface)
    rules = [
        Contender(key=rule.key, audience=rule.audience, variants={"rule": rule.set}, is_rule=True)
        for rule in world.rules
        if touched & rule.set.keys()
    ]
    if world.territory is None:
        return rules
    excluded = {r.key for r in rivals_of(spec, unit=spec.unit or surface.unit, territory=world.territory)}
    live = [
        _contender(held.spec, surface, held.reserved)
        for key, held in sorted(world.territory.experiments.items())
        if key != spec.key and key not in excluded and holds_buckets(held) and touched & set(held.spec.parameters)
    ]
    return [*rules, *live]


def _interacting(spec: ExperimentSpec, surface: Surface) -> frozenset[str]:
    """Return the parameters that some law reads beside one that the spec sets."""
    laws = [frozenset((dial.key, *dial.requires)) for dial in surface.parameters.values() if dial.requires]
    laws += [frozenset(compile_audience(text, surface.parameters).attributes) for text in surface.invariants]
    mine = frozenset(spec.parameters)
    return mine.union(*(law for law in laws if law & mine))
