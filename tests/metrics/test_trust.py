"""A scorecard notices exposures lost by one variant and effects unlike any before, and nothing else."""

import random
from datetime import timedelta

from contracts.event_log_contract import MemoryEventLog
from counterpoint.events import Event, Exposure, Impression
from counterpoint.metrics import Scorecard, decide, score
from counterpoint.stats import Verdict
from metrics.metrics_world import SURFACE, T0, events, spec

END = T0 + timedelta(days=14)


def shown(records: list[Event], *, lost: dict[str, float], seed: int = 5) -> list[Event]:
    """Return an impression for the page of each exposure, but for a share of each variant's."""
    rng = random.Random(seed)
    return [
        Impression(
            id=f"i{e.id}", at=e.at + timedelta(seconds=2), surface="home", unit=e.unit, request_id=e.request_id,
            shelf="podcasts", shelf_position=2, item="track-1", position=1,
        )
        for e in records
        if isinstance(e, Exposure) and rng.random() >= lost.get(e.variant, 0.0)
    ]  # fmt: skip


def scored(records: list[Event], **changes: object) -> Scorecard:
    log = MemoryEventLog()
    log.append(records)
    return score(log, spec(), SURFACE, started_at=T0, now=END, **changes)  # type: ignore[arg-type]


PLAIN = events(3000, seed=3)


def loss(card: Scorecard) -> list[bool]:
    return [check.passed for check in card.checks if check.name == "exposure_loss"]


def test_a_variant_that_loses_more_of_its_exposed_units_is_investigated_not_shipped() -> None:
    crashing = scored(PLAIN + shown(PLAIN, lost={"control": 0.02, "treatment": 0.08}))
    assert loss(crashing) == [False]
    assert decide(crashing, spec()).verdict == Verdict.INVESTIGATE
    assert "one variant loses more exposures" in next(c.detail for c in crashing.checks if not c.passed)


def test_losses_alike_in_both_arms_pass_and_none_is_no_loss() -> None:
    assert loss(scored(PLAIN + shown(PLAIN, lost={"control": 0.05, "treatment": 0.05}))) == [True]
    assert loss(scored(PLAIN + shown(PLAIN, lost={}))) == [True]


def test_without_impressions_nothing_is_said_about_losses() -> None:
    assert loss(scored(PLAIN)) == []


def test_a_look_for_harm_does_not_ask_about_losses() -> None:
    assert loss(scored(PLAIN + shown(PLAIN, lost={"treatment": 0.2}), watching=True)) == []


def test_an_effect_unlike_any_before_raises_twymans_alarm_and_an_ordinary_one_does_not() -> None:
    codes = {f.code for f in scored(PLAIN).findings}
    assert "twyman" not in codes
    found = [f for f in scored(events(3000, lift=1.5, seed=3)).findings if f.code == "twyman"]
    assert [f.path for f in found] == ["metrics.minutes_7d"]
    assert "check it first" in found[0].message
