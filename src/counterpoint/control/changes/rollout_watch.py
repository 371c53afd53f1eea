"""Watches a rollout: whether its units meet bad or slow pages, or guardrail events, otherwise than those without it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from counterpoint.config import Metric, Surface, outcome_names
from counterpoint.errors import CannotCompute
from counterpoint.events import EventLog
from counterpoint.metrics import Incidence, incidence_of_buckets
from counterpoint.releases import Rollout, bucket_salt_of
from counterpoint.stats import RampPhase, sequential_sample_ratio_test

ALPHA = 0.001
"""Chance, over all looks of one stage and all measures together, to take a harmless change back."""
_CONCENTRATION = 2.0
CHANGED, REST = "changed", "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Units that met one thing.

    Attributes:
        name: What they met, in words that follow "met".
        n: With the change, and without it.
        fewer_is_worse: Whether harm is that too few with the change met it.
    """

    name: str
    n: tuple[int, int]
    fewer_is_worse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutLook:
    """What a stage of a rollout showed so far.

    Attributes:
        n_units: Units served with the change, and without it.
        measures: What is watched.
        harm: Why it is harmful, in words; None while nothing shows that.
    """

    n_units: tuple[int, int]
    measures: tuple[Measure, ...]
    harm: str | None

    @property
    def in_words(self) -> str:
        """One sentence for the record."""
        changed, rest = self.n_units
        if changed == 0:
            return "no unit with the change was served, so nothing is known of it"
        met = ", ".join(f"{each.name} {each.n[0]} and {each.n[1]}" for each in self.measures)
        return f"{changed} units with the change and {rest} without; of them met {met}"


def look_at(rollout: Rollout, log: EventLog, *, surface: Surface, slow_ms: float | None, now: datetime) -> RolloutLook:
    """Return what was served and recorded since the stage began says of it.

    Units are hashed into buckets at random, so those that meet something fall on the changed buckets as often as these
    are among all, unless the change makes it otherwise; the test of that holds at any number of looks. Guardrails are
    watched by whether a unit had their event at all: their windows of days are longer than a stage.

    Args:
        slow_ms: Slower pages are slow, as the surface's latency objective says; None where there is none.
    """
    without = rollout.ground - rollout.buckets
    guardrails = _guardrails(surface)
    found = incidence_of_buckets(
        log,
        surface.key,
        {CHANGED: rollout.buckets, REST: without},
        salt=bucket_salt_of(surface.key),
        since=rollout.stage_since,
        now=now,
        slow_ms=slow_ms,
        outcomes=[event for _, event in guardrails],
    )
    sides = (found[CHANGED], found[REST])
    measures = tuple(_measures(sides, guardrails, slow_ms))
    weights = (float(len(rollout.buckets)), float(len(without)))
    verdicts = (_harm(each, weights, ALPHA / len(measures)) for each in measures)
    harm = next((words for words in verdicts if words is not None), None)
    return RolloutLook(n_units=(sides[0].n_units, sides[1].n_units), measures=measures, harm=harm)


def _guardrails(surface: Surface) -> list[tuple[Metric, str]]:
    """Return the guardrails that an event feeds, with that event; latency's quantiles are seen on the pages."""
    required = [surface.metrics[key] for key in surface.policy.required_guardrails]
    return [(metric, outcome_names(metric)[0]) for metric in required if metric.type != "quantile"]


def _measures(
    sides: tuple[Incidence, Incidence], guardrails: list[tuple[Metric, str]], slow_ms: float | None
) -> Iterator[Measure]:
    changed, rest = sides
    yield Measure(name="the last fallback", n=(changed.n_fallback, rest.n_fallback))
    yield Measure(name="an incomplete page", n=(changed.n_incomplete, rest.n_incomplete))
    if slow_ms is not None:
        yield Measure(name=f"a page slower than {slow_ms:g} ms", n=(changed.n_slow, rest.n_slow))
    for metric, event in guardrails:
        n = (changed.n_outcome.get(event, 0), rest.n_outcome.get(event, 0))
        yield Measure(name=f"{event} ({metric.key})", n=n, fewer_is_worse=metric.better == "higher")


def _harm(measure: Measure, weights: tuple[float, float], alpha: float) -> str | None:
    expected, (changed, rest) = weights[0] / sum(weights), measure.n
    is_more = changed > expected * (changed + rest)
    if changed + rest == 0 or is_more is measure.fewer_is_worse:
        return None
    try:
        verdict = sequential_sample_ratio_test(
            (RampPhase(weights=weights, cumulative_counts=(measure.n,)),), alpha=alpha, concentration=_CONCENTRATION
        )
    except CannotCompute:
        return None
    if not verdict.mismatch:
        return None
    return (
        f"of {changed + rest} units that met {measure.name}, {changed} had the change, which {expected:.1%} of the "
        f"units have (p = {verdict.p_value:.1g})"
    )
