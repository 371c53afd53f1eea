"""Watches a rollout: whether its units meet more fallback or incomplete pages than units that have not got it."""

from dataclasses import dataclass
from datetime import datetime

from counterpoint.assignment import bucket_of
from counterpoint.errors import CannotCompute
from counterpoint.events import EventLog, Served
from counterpoint.releases import Rollout, bucket_salt_of
from counterpoint.stats import RampPhase, sequential_sample_ratio_test

ALPHA = 0.001
"""Chance, over all looks of one stage and both measures together, to take a harmless change back."""
_CONCENTRATION = 2.0
_COMPLETE = "complete"
_FALLBACK = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutLook:
    """What a stage of a rollout showed so far.

    Attributes:
        n_units: Units served with the change, and without it.
        n_fallback: Of them, those that met a page of the last fallback.
        n_incomplete: Of them, those that met a page that was not complete.
        harm: Why it is harmful, in words; None while nothing shows that.
    """

    n_units: tuple[int, int]
    n_fallback: tuple[int, int]
    n_incomplete: tuple[int, int]
    harm: str | None

    @property
    def in_words(self) -> str:
        """One sentence for the record."""
        changed, rest = self.n_units
        if changed == 0:
            return "no unit with the change was served, so nothing is known of it"
        return (
            f"{changed} units with the change and {rest} without: fallback pages for {self.n_fallback[0]} and "
            f"{self.n_fallback[1]}, incomplete pages for {self.n_incomplete[0]} and {self.n_incomplete[1]}"
        )


def look_at(rollout: Rollout, log: EventLog, *, surface: str, now: datetime) -> RolloutLook:
    """Return what the pages served since the stage began say of it.

    Units are hashed into buckets at random, so those that meet a bad page fall on the changed buckets as often as
    these are among all, unless the change makes them; the test of that holds at any number of looks.
    """
    salt = bucket_salt_of(surface)
    without = rollout.ground - rollout.buckets
    served: tuple[set[str], set[str]] = (set(), set())
    fallback: tuple[set[str], set[str]] = (set(), set())
    incomplete: tuple[set[str], set[str]] = (set(), set())
    for page in log.read(Served, since=rollout.stage_since, until=now):
        if page.surface != surface or page.forced:
            continue
        bucket = bucket_of(page.unit, salt)
        side = 0 if bucket in rollout.buckets else 1
        if side and bucket not in without:
            continue
        served[side].add(page.unit)
        if page.status != _COMPLETE:
            incomplete[side].add(page.unit)
        if page.status == _FALLBACK:
            fallback[side].add(page.unit)
    counts = [(len(one[0]), len(one[1])) for one in (served, fallback, incomplete)]
    weights = (float(len(rollout.buckets)), float(len(without)))
    named = (("the last fallback", counts[1]), ("an incomplete page", counts[2]))
    harm = next((words for name, bad in named if (words := _harm(name, bad, weights)) is not None), None)
    return RolloutLook(n_units=counts[0], n_fallback=counts[1], n_incomplete=counts[2], harm=harm)


def _harm(name: str, bad: tuple[int, int], weights: tuple[float, float]) -> str | None:
    expected = weights[0] / sum(weights)
    if bad[0] <= expected * sum(bad):
        return None
    try:
        verdict = sequential_sample_ratio_test(
            (RampPhase(weights=weights, cumulative_counts=(bad,)),), alpha=ALPHA / 2, concentration=_CONCENTRATION
        )
    except CannotCompute:
        return None
    if not verdict.mismatch:
        return None
    return (
        f"of {sum(bad)} units that met {name}, {bad[0]} had the change, which {expected:.1%} of the units have "
        f"(p = {verdict.p_value:.1g})"
    )
