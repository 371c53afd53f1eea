"""After a decision the platform checks itself: an A/A run of its own, the same figures again, what it taught."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from counterpoint.bootstrap import Platform, SimulatedClock
from counterpoint.errors import Conflict
from live_platform import START, live_platform, spec

PARAMETERS = ["podcasts.shelf_position"]
DESIGN = spec(analysis={"test": "fixed", "looks": "end"}, schedule={"days": 14, "ramp": []})


def outcome(unit: str, number: int, at: Any) -> dict[str, Any]:
    return {
        "kind": "outcome", "id": f"o{number}-{unit}", "at": at.isoformat(), "surface": "home", "unit": unit,
        "name": "podcast_starters", "value": 1,
    }  # fmt: skip


def decide(platform: Platform, clock: SimulatedClock) -> None:
    """Run an experiment without any effect to its decision."""
    launch = platform.control.submit(surface="home", author="ada", spec=DESIGN)
    assert launch["state"] == "running", launch["timeline"][-1]
    variants: dict[str, str] = {}
    for n in range(2_500):
        answer = platform.delivery.resolve("home", f"u{n}", {}, parameters=PARAMETERS)
        variants |= {f"u{n}": each["variant"] for each in answer["exposures"]}
    clock.move_to(START + timedelta(hours=1))
    players = [unit for place, unit in enumerate(sorted(variants)) if place % 3 == 0]
    platform.delivery.ingest([outcome(unit, 1, START + timedelta(minutes=30)) for unit in players])
    for day in range(1, 16):
        clock.move_to(START + timedelta(days=day, hours=1))
        platform.control.tick(wait_s=20)
    assert platform.control.launch("podcasts-second")["state"] in {"rolled_back", "shipped"}


def test_a_decision_is_followed_by_an_aa_run_a_recheck_and_an_entry_in_the_programme(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, clock):
        decide(platform, clock)
        platform.control.tick(wait_s=5)
        measured = platform.control.results("podcasts-second")["false_positives"]
        assert measured["n"] == 1
        assert measured["rate"] in {0.0, 1.0}
        assert measured["sentence"] in platform.control.results_text("podcasts-second")

        statistics = platform.control.statistics
        again = statistics.recheck("podcasts-second")
        assert again["same"], again["changed"]
        assert again["verdict"]["kept"] == again["verdict"]["now"]

        programme = statistics.programme("home")
        assert programme["total"]["ended"] == 1
        assert programme["total"]["wins"] == 0
        assert programme["owners"]["podcasts"]["days_to_decision"]["median"] == pytest.approx(14, abs=0.2)
        assert programme["experiments"][0]["learned"] in {"neutral", "inconclusive"}

        # As if a record had arrived since: the digest of the data is not the one kept.
        launch = platform.control.desk.world.launches.list("home")[0]
        assert launch.decision is not None
        launch.decision["scorecard"]["scorecard"]["inputs"]["data"] = "another"
        platform.control.desk.world.launches.put(launch)
        again = statistics.recheck("podcasts-second")
        assert again["late_events"]
        assert "Records arrived after the decision" in again["sentence"]


def test_what_is_not_decided_cannot_be_rechecked(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        platform.control.submit(surface="home", author="ada", spec=DESIGN)
        with pytest.raises(Conflict) as caught:
            platform.control.statistics.recheck("podcasts-second")
        assert caught.value.code == "not_decided"
