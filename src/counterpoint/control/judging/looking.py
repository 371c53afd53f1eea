"""What a look at a running experiment may act on: whether it works at all, and whether its design lets it end now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from counterpoint.errors import CannotCompute
from counterpoint.events import EventLog, Exposure, Served
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics import ExperimentDecision, Scorecard
from counterpoint.stats import RampPhase, sequential_sample_ratio_test
from counterpoint.vocabulary import Direction, Finding

ALPHA = 0.001
"""Chance, over all looks together, to call the pages of a harmless experiment slow."""
ENOUGH = 100
"""Exposed units below which the smoke check says nothing."""
_SLOWEST = 0.95
_COMPLETE = "complete"
_CONCENTRATION = 2.0
_BROKEN = frozenset({"variant_not_served", "unknown_variant"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoke:
    """What the smoke check found.

    Attributes:
        broken: Why the experiment is not what was launched, in words.
        passed: What was seen, once it is enough and nothing is wrong; empty before.
    """

    broken: tuple[str, ...] = ()
    passed: str = ""


def smoke_check(
    log: EventLog, spec: ExperimentSpec, findings: Sequence[Finding], *, started_at: datetime, now: datetime
) -> Smoke:
    """Return whether every variant is served, exposures arrive, the split holds and no arm's pages are slow or broken.

    A page is slow here if it is among the slowest twentieth of those that exposed units met, or incomplete. Units fall
    into variants at random, so those that meet a slow page do too, unless a variant makes them slow; the test of that
    holds at any number of looks.
    """
    broken = [finding.message for finding in findings if finding.code in _BROKEN]
    exposed = [
        exposure
        for exposure in log.read(Exposure, since=started_at, until=now)
        if exposure.surface == spec.surface and exposure.experiment == spec.key
    ]
    variant_of = {exposure.unit: exposure.variant for exposure in exposed}
    # A page is recorded by the surface's unit; its request says which device or account met it, where those are split.
    met_by = {exposure.request_id: exposure.unit for exposure in exposed}
    pages = [
        (met_by.get(page.request_id, page.unit), page)
        for page in log.read(Served, since=started_at, until=now)
        if page.surface == spec.surface and not page.forced
    ]
    pages = [(unit, page) for unit, page in pages if unit in variant_of]
    keys = [variant.key for variant in spec.variants]
    units = [sum(variant == key for variant in variant_of.values()) for key in keys]
    if len(pages) >= ENOUGH:
        limit = sorted(page.latency_ms for _, page in pages)[int(_SLOWEST * (len(pages) - 1))]
        slow = {unit for unit, page in pages if page.latency_ms >= limit or page.status != _COMPLETE}
        met = [sum(variant_of[unit] == key for unit in slow) for key in keys]
        broken += _slow_arms(keys, units, met)
    if broken or sum(units) < ENOUGH or not pages:
        return Smoke(broken=tuple(broken))
    if any(finding.code in ("no_exposures", "exposures_stopped", "sample_ratio_mismatch") for finding in findings):
        return Smoke()
    served = ", ".join(f"{key} {n:,}" for key, n in zip(keys, units, strict=True))
    words = f"smoke check passed: units exposed by variant: {served}; the split holds and no variant's pages are slow"
    return Smoke(passed=words)


def _slow_arms(keys: Sequence[str], units: Sequence[int], met: Sequence[int]) -> list[str]:
    total, n_slow = sum(units), sum(met)
    said = []
    for place, key in enumerate(keys):
        rest = total - units[place]
        expected = units[place] / total if total else 0.0
        if place == 0 or not units[place] or not rest or met[place] <= expected * n_slow:
            continue
        phase = RampPhase(
            weights=(float(units[place]), float(rest)), cumulative_counts=((met[place], n_slow - met[place]),)
        )
        try:
            verdict = sequential_sample_ratio_test((phase,), alpha=ALPHA, concentration=_CONCENTRATION)
        except CannotCompute:
            continue
        if verdict.mismatch:
            said.append(
                f"of {n_slow} units that met a slow or incomplete page, {met[place]} were in '{key}', which has "
                f"{expected:.1%} of the exposed units (p = {verdict.p_value:.1g})"
            )
    return said


def early_end(card: Scorecard, decision: ExperimentDecision, spec: ExperimentSpec) -> str:
    """Return why the design lets the experiment end now, in words; empty while it does not.

    It ends with its last planned look, where a treatment may be shipped at a look that its test allows, where every
    treatment is worse, or where every treatment's interval excludes the effect that was worth finding. The intervals
    hold at the looks planned, or at any; to stop for futility never costs alpha, since nothing is shipped by it.
    """
    looks = card.looks or {}
    if card.test == "fixed":
        return ""
    at = f"look {looks['taken']} of {looks['planned']}" if looks.get("taken") else "this look"
    if looks.get("is_final"):
        return f"{at} is the last: the units that were planned have matured"
    if looks and not looks.get("taken"):
        return ""
    if decision.ship is not None:
        said = decision.variants[decision.ship].summary.rstrip(".")
        return f"{at} crosses the bound for success: {decision.ship}: {said}"
    rows = {row.variant: row for row in card.rows if row.role == "primary"}
    if not rows or set(rows) != {variant.key for variant in spec.treatments}:
        return ""
    if all(str(each.verdict) == "do_not_ship" for each in decision.variants.values()):
        return f"{at} shows that no treatment may be shipped: {' '.join(decision.sentences)}"
    futile = [_ruled_out(card, variant, spec) for variant in rows]
    if all(futile):
        return f"{at} crosses the bound for futility: {'; '.join(futile)}"
    return ""


def _ruled_out(card: Scorecard, variant: str, spec: ExperimentSpec) -> str:
    """Return the words if even the best end of the primary metric's interval is short of the effect worth finding."""
    primary = spec.metrics.primary
    row = next(row for row in card.rows if row.role == "primary" and row.variant == variant)
    effect = row.effect
    if effect is None:
        return ""
    if primary.mde_abs is not None:
        lower, upper, wanted = effect.ci_lower, effect.ci_upper, primary.mde_abs
    elif primary.mde is not None and effect.relative_ci_lower is not None and effect.relative_ci_upper is not None:
        lower, upper, wanted = effect.relative_ci_lower, effect.relative_ci_upper, primary.mde
    else:
        return ""
    worst, best = (lower, upper) if primary.direction == Direction.INCREASE else (-upper, -lower)
    # One that is better than nothing, if less than hoped, is left to run: it may yet be shipped.
    if worst > 0 or best >= wanted:
        return ""
    return f"{variant} changes {primary.metric} by at most {best:.3g}, and {wanted:.3g} was worth finding"
