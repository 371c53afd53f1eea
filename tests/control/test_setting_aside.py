"""A holdout from its start, with its power, over its reminder and renewal, to its read-out, kept, and its release."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from counterpoint.bootstrap import Edit, Platform, SimulatedClock
from counterpoint.errors import Conflict, InvalidInput, NotFound
from counterpoint.events import Event, Outcome, Served
from counterpoint.orchestration import Learning
from counterpoint.releases import half_of_holdout
from live_platform import live_platform, spec

ADA = Edit(actor="ada", reason="the quarter")
BOB = Edit(actor="bob", reason="two more weeks of traffic")
TRUE_EFFECT = 3.0
PERIOD = timedelta(days=28)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Platform, SimulatedClock]]:
    with live_platform(tmp_path) as opened:
        yield opened


def visits(units: list[str], clock: SimulatedClock, *, days: int, minutes: dict[str, float], tag: str) -> list[Event]:
    """Return a page per unit on one of the days before or after now, and its minutes on the day after that."""
    rng, out = random.Random(tag), list[Event]()
    for unit in units:
        at = clock() + timedelta(days=rng.uniform(min(days, 0), max(days, 0)))
        out.append(
            Served(
                id=f"{tag}-{unit}",
                at=at,
                surface="home",
                unit=unit,
                request_id=f"{tag}-{unit}",
                snapshot="s",
                status="complete",
                latency_ms=20.0,
                attributes={},
            )
        )
        value = round(max(0.0, rng.gauss(30 + minutes.get(unit, 0.0), 8)), 3)
        out.append(
            Outcome(
                id=f"{tag}-m-{unit}",
                at=at + timedelta(hours=1),
                surface="home",
                unit=unit,
                name="listening_minutes",
                value=value,
            )
        )
    return out


def halves(platform: Platform, n: int) -> dict[str, str]:
    state = platform.control.release_store.latest("home").state  # type: ignore[union-attr]
    half = half_of_holdout(state.holdouts["q4"], state.surface)
    found = ((f"u{i}", half(f"u{i}")) for i in range(n))
    return {unit: which for unit, which in found if which is not None}


def started(platform: Platform, clock: SimulatedClock) -> dict[str, Any]:
    aside = platform.configuring.aside
    aside.log.append(visits([f"p{i}" for i in range(600)], clock, days=-14, minutes={}, tag="before"))
    begun: dict[str, Any] = aside.start_holdout("home", "q4", share=0.05, ends_at=clock() + PERIOD, edit=ADA)
    return begun


def row_of(readout: dict[str, Any], metric: str) -> dict[str, Any]:
    return next(row for row in readout["metrics"] if row["metric"] == metric)


def test_a_holdout_is_read_once_after_its_end_and_what_it_found_is_what_was_put_in(
    home: tuple[Platform, SimulatedClock],
) -> None:
    platform, clock = home
    aside = platform.configuring.aside
    started(platform, clock)
    platform.configuring.set_values("home", {"layout.max_shelves": 8}, ADA, at_once=True)
    sides = halves(platform, 16_000)
    lifted = {unit: TRUE_EFFECT for unit, which in sides.items() if which == "shipped_only"}
    aside.log.append(visits(list(sides), clock, days=20, minutes=lifted, tag="during"))

    clock.move_to(clock() + timedelta(days=20))
    assert aside.holdouts("home")[0]["phase"] == "due"
    assert "ends in 8 days" in aside.reminders()[0].text
    running = aside.holdout_readout("home", "q4")["readout"]
    assert "ci_lower" not in row_of(running, "listening_minutes_7d")
    with pytest.raises(Conflict) as early:
        aside.read_holdout("home", "q4", ADA)
    assert early.value.code == "holdout_runs"

    clock.move_to(clock() + timedelta(days=8))
    assert "blocks launches" in aside.reminders()[0].text
    assert platform.control.submit(surface="home", author="ada", spec=spec())["state"] == "refused"
    document = aside.read_holdout("home", "q4", ADA)
    row = row_of(document["readout"], "listening_minutes_7d")
    assert row["ci_lower"] <= TRUE_EFFECT <= row["ci_upper"]
    assert row["verdict"] == document["readout"]["verdict"] == "better"
    assert (document["phase"], document["taken"]["by"]) == ("read", "ada")
    assert platform.control.submit(surface="home", author="ada", spec=spec())["state"] == "running"

    # Records that come late, a second reader and a release change nothing of what was read.
    aside.log.append(visits(list(sides), clock, days=-9, minutes=dict.fromkeys(sides, 50.0), tag="late"))
    again = aside.read_holdout("home", "q4", BOB)
    assert again["readout"] == document["readout"]
    assert again["taken"] == document["taken"]
    assert "release it" in aside.reminders()[0].text
    aside.release_holdout("home", "q4", ADA)
    (kept,) = aside.holdout_readouts("home")
    assert (kept["readout"], kept["digest"]) == (document["readout"], document["taken"]["digest"])
    history = aside.holdout_history("home", "q4")
    assert [(each["author"], each["did"]) for each in history] == [
        ("ada", "released"),
        ("ada", "read"),
        ("ada", "started"),
    ]
    with pytest.raises(NotFound, match="never a holdout"):
        aside.holdout_history("home", "q5")


def test_a_renewal_says_who_and_why_and_asks_for_another_reading(home: tuple[Platform, SimulatedClock]) -> None:
    platform, clock = home
    aside = platform.configuring.aside
    started(platform, clock)
    clock.move_to(clock() + PERIOD)
    aside.read_holdout("home", "q4", ADA)
    aside.renew_holdout("home", "q4", ends_at=clock() + PERIOD, edit=BOB)
    renewed = aside.holdouts("home")[0]
    assert (renewed["phase"], renewed["read_at"]) == ("running", None)
    newest = aside.holdout_history("home", "q4")[0]
    assert (newest["author"], newest["did"], newest["reason"]) == ("bob", "renewed", BOB.reason)
    clock.move_to(clock() + PERIOD)
    assert aside.holdouts("home")[0]["phase"] == "expired"
    aside.read_holdout("home", "q4", BOB)
    assert len(aside.holdout_readouts("home")) == 2


def test_its_power_is_shown_as_it_starts_and_not_known_without_records(home: tuple[Platform, SimulatedClock]) -> None:
    platform, clock = home
    unknown = platform.configuring.aside.holdout_power("home", share=0.05, ends_at=clock() + PERIOD)
    assert (unknown["known"], unknown["reason"]["code"]) == (False, "no_history")
    assert row_of(started(platform, clock)["power"], "listening_minutes_7d")["detectable"] > 0


def test_what_makes_no_sense_is_refused(home: tuple[Platform, SimulatedClock]) -> None:
    platform, clock = home
    aside = platform.configuring.aside
    with pytest.raises(InvalidInput, match="share"):
        aside.holdout_power("home", share=0.6, ends_at=clock() + PERIOD)
    with pytest.raises(InvalidInput, match="less than a day"):
        aside.holdout_power("home", share=0.1, ends_at=clock())
    with pytest.raises(NotFound):
        aside.read_holdout("home", "no-such", ADA)


def shipped(key: str, effect: float, at: Any, *, outcome: str = "shipped", audience: str = "true") -> Learning:
    ends = {"relative_ci_lower": effect - 0.008, "relative_ci_upper": effect + 0.008, "critical": 2.0}
    row = {"metric": "podcast_starters_7d", "role": "primary", "variant": "treatment", "relative_effect": effect}
    return Learning(
        experiment=key,
        surface="home",
        hypothesis="Podcasts further up get more listeners to play one.",
        outcome=outcome,
        reasons=("because",),
        spec=spec(key=key, audience=audience),
        scorecard={"scorecard": {"metrics": [row | ends]}, "decision": {"ship": "treatment"}},
        at=at,
    )


def test_the_readout_says_what_single_experiments_promised_and_that_their_sum_overstates(
    home: tuple[Platform, SimulatedClock],
) -> None:
    platform, clock = home
    aside, learn = platform.configuring.aside, platform.control.desk.world.learn
    for n, effect in enumerate((0.01, -0.02, 0.0, -0.01)):
        learn(shipped(f"before-{n}", effect, clock() - timedelta(days=9)))
    started(platform, clock)
    during = clock() + timedelta(days=3)
    learn(shipped("first", 0.05, during))
    learn(shipped("second", 0.03, during))
    learn(shipped("refused", 0.02, during, outcome="rolled_back"))
    learn(shipped("too-late", 0.01, clock() + PERIOD + timedelta(days=1)))
    clock.move_to(clock() + PERIOD)
    readout = aside.read_holdout("home", "q4", ADA)["readout"]
    (row,) = readout["promises"]
    assert (row["experiments"], row["measured"]) == (["first", "second"], pytest.approx(0.08))
    # Two independent errors of 0.004: the sum has one of 0.00566.
    assert row["measured_upper"] == pytest.approx(0.08 + 1.96 * 0.004 * 2**0.5, abs=1e-5)
    assert 0 < row["corrected"] < row["measured"], "history of small effects takes luck out of large ones"
    assert row_of(readout, "podcast_starters_7d")["promised"] == row["corrected"]
    assert "winner's curse" in readout["sentence"]
    assert "+8.00% (+6.89% to +9.11%) on podcast_starters_7d from 2 shipped experiments" in readout["sentence"]


def test_without_a_history_or_on_an_audience_the_sum_is_shown_uncorrected_with_why(
    home: tuple[Platform, SimulatedClock],
) -> None:
    platform, clock = home
    aside, learn = platform.configuring.aside, platform.control.desk.world.learn
    aside.start_holdout("home", "q4", share=0.05, ends_at=clock() + PERIOD, edit=ADA)
    assert aside.holdout_readout("home", "q4")["readout"]["promises"] == []
    clock.move_to(clock() + timedelta(days=2))
    learn(shipped("first", 0.05, clock()))
    (row,) = aside.holdout_readout("home", "q4")["readout"]["promises"]
    assert (row["corrected"], "too few past experiments" in row["reason"]) == (None, True)
    learn(shipped("first", 0.05, clock(), audience="country == 'DK'"))
    (row,) = aside.holdout_readout("home", "q4")["readout"]["promises"]
    assert (row["measured"], "on an audience" in row["reason"]) == (0.05, True)
