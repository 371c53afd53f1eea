"""Nothing is shipped on a handful of units or on less than a week, and harm is acted on at any size."""

from dataclasses import replace
from datetime import timedelta

from contracts.event_log_contract import MemoryEventLog
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics import PlannedUnits, Scorecard, decide, score
from counterpoint.stats import Verdict
from metrics.metrics_world import SURFACE, T0, events, spec

PLANNED = PlannedUnits(by_day=(3000 / 14,) * 14, source="a test")
SEQUENTIAL = spec(test="group_sequential")


def _card(lift: float, day: int, design: ExperimentSpec = SEQUENTIAL) -> Scorecard:
    log = MemoryEventLog()
    log.append(events(3000, lift=lift, seed=3))
    return score(log, design, SURFACE, started_at=T0, now=T0 + timedelta(days=day), planned=PLANNED)


EARLY = _card(1.0, 12)
"""A look before the end that crosses the bound for success."""


def test_a_clear_winner_waits_until_each_arm_has_the_units_that_policy_asks_for() -> None:
    smallest = min(min(row.n_control, row.n_treatment) for row in EARLY.rows if row.role != "secondary" and row.effect)
    assert decide(EARLY, SEQUENTIAL, least_units=smallest).ship == "treatment"
    waits = decide(EARLY, SEQUENTIAL, least_units=smallest + 1)
    assert (waits.verdict, waits.ship) == (Verdict.KEEP_RUNNING, None)
    first = waits.variants["treatment"].reasons[0]
    assert first.code == "not_enough_units"
    assert first.facts == {"n": smallest, "least": smallest + 1}
    assert f"not enough units yet to ship: {smallest} in the smaller arm" in waits.sentences[0]
    assert "keep running; so far superior on minutes_7d" in waits.sentences[0]


def test_at_the_end_of_a_design_too_few_units_are_not_shipped_and_nobody_is_told_to_wait() -> None:
    ended = _card(1.0, 14, spec())
    assert decide(ended, spec()).ship == "treatment"
    small = decide(ended, spec(), least_units=100_000)
    assert small.verdict == Verdict.DO_NOT_SHIP
    assert "not enough units to ship" in small.sentences[0]
    assert "yet" not in small.sentences[0]


def test_no_winner_ships_before_a_whole_week_was_seen() -> None:
    short = replace(EARLY, as_of=EARLY.started_at + timedelta(days=6.5))
    waits = decide(short, SEQUENTIAL)
    assert waits.verdict == Verdict.KEEP_RUNNING
    assert "not a whole week yet: it ran for 6.5 days, and 7 are asked" in waits.sentences[0]
    brief = SEQUENTIAL.model_copy(update={"schedule": SEQUENTIAL.schedule.model_copy(update={"days": 3})})
    assert decide(short, brief).ship == "treatment"


def test_harm_is_acted_on_at_any_size() -> None:
    worse = _card(-0.6, 12)
    assert decide(worse, SEQUENTIAL).verdict == Verdict.DO_NOT_SHIP
    assert decide(worse, SEQUENTIAL, least_units=100_000) == decide(worse, SEQUENTIAL)
