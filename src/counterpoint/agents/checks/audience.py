"""Checks of the audience: whether it can be evaluated, whom it reaches, and whether it may be targeted."""

from collections.abc import Iterator

from counterpoint.agents.checks.findings import asked_once, error, info, not_known, warning
from counterpoint.agents.checks.power import units_after
from counterpoint.agents.equivalence import telling_contexts
from counterpoint.agents.ports import World
from counterpoint.assignment import Audience, check_audience, compile_audience
from counterpoint.config import Attribute, Surface
from counterpoint.errors import InvalidInput
from counterpoint.experiments import ExperimentSpec, UnitsPerDay, Unknown
from counterpoint.vocabulary import Finding


def compiled(spec: ExperimentSpec, surface: Surface) -> Audience | None:
    """Return the compiled audience, or None when it does not compile (another check says why)."""
    try:
        return compile_audience(spec.audience, surface.attributes)
    except InvalidInput:
        return None


def check_expression(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse an audience that is not CEL over the surface's attributes."""
    del world
    yield from check_audience(spec.audience, surface.attributes)


def check_sensitive(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse sensitive attributes without a recorded privacy approval, and bands of minors always."""
    audience = compiled(spec, surface)
    for key in audience.attributes if audience is not None else ():
        attribute = surface.attributes[key]
        if audience is None or not attribute.sensitive:
            continue
        minors = _minors(attribute)
        contexts = telling_contexts(surface, spec.audience)
        if minors and any(c.get(key) in minors and audience.matches(c) for c in contexts):
            yield error(
                "minors_targeted",
                "audience",
                f"the audience takes in {', '.join(sorted(minors))} of {key}; minors are never targeted",
                attribute=key,
            )
            continue
        held = [a for a in surface.policy.privacy_approvals if (a.attribute, a.experiment) == (key, spec.key)]
        if not any(a.until > world.now for a in held):
            lapsed = " (one has lapsed)" if held else ""
            yield error(
                "sensitive_audience",
                "audience",
                f"targeting on {key} needs a recorded privacy approval{lapsed}",
                attribute=key,
            )


def _minors(attribute: Attribute) -> frozenset[str]:
    """Return the bands of an age attribute that begin below 18 years."""
    starts = {v: v.partition("-")[0].strip("+<>= ") for v in attribute.values}
    return frozenset(v for v, low in starts.items() if low.isdigit() and int(low) < 18)


def check_request_scope(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Warn about attributes that change from request to request: a unit is in the audience now and out the next."""
    del world
    audience = compiled(spec, surface)
    moving = [
        k for k in (audience.attributes if audience is not None else ()) if surface.attributes[k].scope == "request"
    ]
    if moving:
        message = f"{', '.join(moving)} changes from one request to the next, so a unit is in it for some requests only"
        yield warning("request_scoped_audience", "audience", message, attributes=moving)


def check_reach(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Say how many units a day the audience reaches; refuse one that reaches nobody."""
    if world.traffic is None or compiled(spec, surface) is None:
        yield not_known(
            "audience", "the audience's reach", Unknown(code="no_traffic_port", reason="no recorded traffic is at hand")
        )
        return
    traffic = world.traffic
    units = asked_once(
        world,
        f"units|{spec.audience}|{spec.unit}",
        lambda: traffic.units_per_day(surface.key, audience=spec.audience, unit=spec.unit),
    )
    if isinstance(units, Unknown):
        if units.code == "no_such_visitors":
            yield error("reaches_nobody", "audience", f"the audience reaches nobody: {units.reason}")
        else:
            yield not_known("audience", "the audience's reach", units)
        return
    share = spec.allocation
    message = (
        f"{units.first_day:,.0f} units a day are in the audience, "
        f"{units.first_day * share:,.0f} of them in the experiment ({units.source})"
    )
    yield info("reach", "audience", message, units_per_day=units.first_day, enrolled_per_day=units.first_day * share)
    yield from _too_small(spec, surface, units)


def _too_small(spec: ExperimentSpec, surface: Surface, units: UnitsPerDay) -> Iterator[Finding]:
    """Warn about an experiment whose smallest arm never has the units that a winner must have to be shipped."""
    metric = surface.metrics.get(spec.metrics.primary.metric)
    least = surface.policy.least_units_to_ship
    if metric is None:
        return
    weights = [variant.weight for variant in spec.variants]
    matured = units_after(units, spec.schedule.days - metric.window_days)
    smallest = spec.allocation * matured * min(weights) / sum(weights)
    if smallest < least:
        yield warning(
            "too_small_to_ship",
            "audience",
            f"about {smallest:,.0f} units of the smallest arm will have matured by day {spec.schedule.days}, and "
            f"nothing ships on fewer than {least:,} (policy.least_units_to_ship); allocate more or run longer",
            units=smallest,
            least=least,
        )
