"""Checks of space: rivals, free buckets, holdouts that have run out, and combinations that break an invariant."""

from collections.abc import Iterator, Mapping
from itertools import product

from counterpoint.agents.checks.findings import error, info, not_known, warning
from counterpoint.agents.ports import World
from counterpoint.assignment import compile_audience
from counterpoint.config import Surface
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
from counterpoint.vocabulary import Finding, Scalar

MOST_COMBINATIONS = 20_000


def check_space(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a draw that does not fit, naming the rivals and the share or the date that would."""
    if world.territory is None:
        yield not_known("allocation", "free space", Unknown(code="no_territory", reason="what is live is not at hand"))
        return
    held = world.territory.experiments.get(spec.key)
    if held is not None:
        yield error("key_taken", "key", f"an experiment '{spec.key}' exists already ({held.state})")
    try:
        space = free_space(spec, world.territory)
    except NotFound as problem:
        yield error(problem.code, "domain", problem.what)
        return
    rivals = [
        {
            "key": r.key,
            "because": r.because,
            "n_buckets": len(r.buckets),
            "free_at": r.free_at.isoformat() if r.free_at else None,
        }
        for r in space.rivals
    ]
    if not space.fits:
        names = ", ".join(f"'{r.key}' ({r.because})" for r in space.rivals[:3]) or "pools and holdouts"
        dates = sorted(r.free_at for r in space.rivals if r.free_at is not None)
        wait = f", or wait until {dates[0]:%Y-%m-%d}" if dates else ""
        share = int(space.share_free * 1000) / 1000
        fix = {"allocation": share} if share > 0 else {}
        message = (
            f"{spec.allocation:g} of the units are asked for and {space.share_free:g} are free; "
            f"{names} hold the rest; take less{wait}"
        )
        yield error("no_free_space", "allocation", message, fix=fix, share_free=space.share_free, rivals=rivals)
    elif rivals:
        yield info(
            "shares_ground",
            "allocation",
            f"{len(rivals)} experiments exclude this one; {space.share_free:g} of the units are free",
            rivals=rivals,
        )
    del surface


def check_holdouts(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a launch while a holdout that covers it has run out and was neither read nor renewed."""
    if world.territory is not None:
        covering = {k: h for k, h in world.territory.holdouts.items() if covers(h, spec, surface)}
        yield from expired_holdouts(covering, now=world.now)


def check_invariants(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a variant that breaks an invariant, alone or together with variants that units may meet at once."""
    base = {**{p.key: p.baseline for p in surface.parameters.values()}, **(world.baseline or {})}
    for text in surface.invariants:
        try:
            invariant = compile_audience(text, surface.parameters)
        except InvalidInput as problem:
            yield warning("invariant_unreadable", "variants", f"the invariant '{text}' cannot be read: {problem.what}")
            continue
        options = [_own(spec, invariant.attributes), *_others(spec, surface, world, invariant.attributes)]
        n_combinations = 1
        for choice in options:
            n_combinations *= len(choice)
        if n_combinations > MOST_COMBINATIONS:
            yield warning(
                "too_many_combinations",
                "variants",
                f"{n_combinations:,} combinations touch '{text}'; only the first {MOST_COMBINATIONS:,} were tried",
            )
        broken = _smallest_broken(options, base, invariant.matches)
        if broken is not None:
            parts = ", ".join(broken)
            yield error(
                "invariant_broken",
                "variants",
                f"{parts} together break '{text}'",
                invariant=text,
                combination=list(broken),
            )


def _own(spec: ExperimentSpec, keys: tuple[str, ...]) -> list[tuple[str, Mapping[str, Scalar]]]:
    return [(f"{spec.key}/{v.key}", {k: x for k, x in v.set.items() if k in keys}) for v in spec.variants]


def _others(
    spec: ExperimentSpec, surface: Surface, world: World, keys: tuple[str, ...]
) -> Iterator[list[tuple[str, Mapping[str, Scalar]]]]:
    """Yield the variants of each live experiment that a unit of this one may be in as well."""
    if world.territory is None:
        return
    excluded = {r.key for r in rivals_of(spec, unit=spec.unit or surface.unit, territory=world.territory)}
    for key in sorted(world.territory.experiments):
        other = world.territory.experiments[key]
        if key != spec.key and key not in excluded and holds_buckets(other) and set(other.spec.parameters) & set(keys):
            yield _own(other.spec, keys)


def _smallest_broken(
    options: list[list[tuple[str, Mapping[str, Scalar]]]], base: Mapping[str, Scalar], holds: object
) -> tuple[str, ...] | None:
    best: tuple[str, ...] | None = None
    for n, combination in enumerate(product(*options)):
        if n >= MOST_COMBINATIONS:
            break
        values = dict(base)
        for _, chosen in combination:
            values |= chosen
        setting = tuple(name for name, chosen in combination if chosen)
        if callable(holds) and not holds(values) and (best is None or len(setting) < len(best)):
            best = setting or (combination[0][0],)
    return best
