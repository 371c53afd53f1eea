"""Events that clients send become a scorecard, and what is wrong with them costs nothing but themselves."""

from datetime import timedelta
from pathlib import Path

from live_platform import START, live_platform, spec

PARAMETERS = ["podcasts.shelf_position"]


def test_outcomes_sent_by_clients_become_the_effect_they_hold(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, clock):
        platform.control.submit(surface="home", author="ada", spec=spec())
        variants: dict[str, str] = {}
        for n in range(2_000):
            answer = platform.delivery.resolve("home", f"u{n}", {}, parameters=PARAMETERS)
            variants |= {f"u{n}": exposure["variant"] for exposure in answer["exposures"]}
        clock.move_to(START + timedelta(hours=1))
        # In control every fourth unit plays a podcast, in treatment every second.
        every = {"control": 4, "treatment": 2}
        players = [unit for place, (unit, variant) in enumerate(variants.items()) if place % every[variant] == 0]
        batch = [
            {
                "kind": "outcome", "id": f"o-{unit}", "at": (START + timedelta(minutes=30)).isoformat(),
                "surface": "home", "unit": unit, "name": "podcast_starters", "value": 1,
            }
            for unit in players
        ]  # fmt: skip
        assert platform.delivery.ingest(batch)["accepted"] == len(players)
        assert platform.delivery.ingest(batch)["duplicates"] == len(players)

        clock.move_to(START + timedelta(days=14))
        results = platform.control.results("podcasts-second")
        primary = next(row for row in results["metrics"] if row["role"] == "primary")
        arms = {
            arm: [unit in set(players) for unit, variant in variants.items() if variant == arm]
            for arm in ("control", "treatment")
        }
        assert primary["n_control"] == len(arms["control"])
        assert primary["control_mean"] == sum(arms["control"]) / len(arms["control"])
        assert primary["treatment_mean"] == sum(arms["treatment"]) / len(arms["treatment"])
        assert results["at_horizon"] is True


def test_a_refused_event_is_named_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    good = {
        "kind": "outcome",
        "id": "o1",
        "at": START.isoformat(),
        "surface": "home",
        "unit": "u1",
        "name": "saves",
        "value": 1,
    }
    with live_platform(tmp_path) as (platform, _):
        answer = platform.delivery.ingest(
            [good, {**good, "id": "o2", "value": "many"}, {**good, "id": "o3", "at": "2031-01-01T00:00:00Z"}]
        )
        assert answer["accepted"] == 1
        assert [refusal["index"] for refusal in answer["refused"]] == [1, 2]


def test_before_its_end_a_result_is_read_by_intervals_that_hold_at_any_look(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, clock):
        platform.control.submit(surface="home", author="ada", spec=spec())
        for n in range(3_000):
            platform.delivery.resolve("home", f"u{n}", {}, parameters=PARAMETERS)
        clock.move_to(START + timedelta(days=9))
        rows = platform.control.results("podcasts-second")["metrics"]
        assert {row["looks"] for row in rows if row["estimate"] is not None} <= {"any"}
