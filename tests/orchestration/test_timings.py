"""Where the time of launches goes: machine time by step and backend, people's waiting apart."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from counterpoint.orchestration import Launch, LaunchState, TimelineEntry
from counterpoint.orchestration.launch import Approval
from counterpoint.orchestration.timings import percentile, timings
from launch_fakes import START, spec_document


def launch(name: str = "one", *, validate: float = 1.0, surface: float = 2.0, people_s: float = 600.0) -> Launch:
    at = START
    timeline = []
    steps: tuple[tuple[str, str, float, float, dict[str, Any]], ...] = (
        ("planned", "plan", 0.0, 0.0, {}),
        ("validated", "validate", validate, validate + 0.5, {}),
        ("approved", "approve", 0.0, people_s, {}),
        ("applied", "apply", surface + 0.25, surface + 0.25, {"apply metrics": 0.25, "apply surface": surface}),
        ("verified", "verify", 0.5, 0.5, {"verify surface": 0.5}),
        ("running", "start", 0.0, 0.25, {}),
    )
    for state, step, seconds, passed, parts in steps:
        at += timedelta(seconds=passed)
        timeline.append(
            TimelineEntry(
                transition=f"{name}:{state}",
                state=state,
                step=step,
                at=at,
                seconds=seconds,
                reason="because",
                evidence={"seconds": parts} if parts else {},
            )
        )
    return Launch(
        id=name,
        surface="home",
        experiment=name,
        author="ada",
        hypothesis="h",
        created_at=START,
        updated_at=at,
        begun_at=START + timedelta(seconds=validate + 0.5 + people_s),
        state=LaunchState.RUNNING,
        spec=spec_document(key=name),
        approvals=(Approval(by="bob", at=at),),
        timeline=tuple(timeline),
    )


def test_machine_time_people_and_what_lies_between_add_up_to_what_passed() -> None:
    one = launch()
    document = timings([one]).as_document()
    passed = (one.timeline[-1].at - one.timeline[0].at).total_seconds()
    waited = sum(document["waiting"][kind]["total"] for kind in ("people", "scheduled", "between"))
    assert document["machine_seconds"] + waited == pytest.approx(passed)
    assert document["waiting"]["people"]["total"] == 600.0
    assert document["approved_to_running"]["p50"] == pytest.approx(3.0)


def test_steps_are_ranked_by_their_share_and_backends_by_theirs() -> None:
    document = timings([launch("one"), launch("two", surface=8.0)]).as_document()
    assert [row["name"] for row in document["steps"]][:2] == ["apply", "validate"]
    assert document["steps"][0]["share"] == pytest.approx(10.5 / 13.5, abs=1e-4)
    assert document["backends"][0]["name"] == "apply surface"
    assert document["backends"][0]["p99"] == 8.0
    assert "surface above all" in document["sentence"]
    assert document["slowest"][0]["launch"] == "two"
    assert document["slowest"][0]["backend"] == "apply surface"


def test_a_start_that_the_spec_names_is_nobodys_waiting_time() -> None:
    one = launch()
    approved = next(entry.at for entry in one.timeline if entry.state == "approved")
    start = approved + timedelta(hours=3)
    spec = {**one.spec, "schedule": {**one.spec["schedule"], "start": start.isoformat()}}
    later = tuple(
        TimelineEntry(**{name: getattr(e, name) for name in e.__struct_fields__} | {"at": e.at + timedelta(hours=3)})
        if e.at > approved
        else e
        for e in one.timeline
    )

    moved = msgspec.structs.replace(one, spec=spec, timeline=later, begun_at=start)
    found = timings([moved])
    assert found.scheduled.seconds == (10_800.0,)
    assert found.to_running.seconds[0] == pytest.approx(3.0)
    assert found.between.total == pytest.approx(timings([one]).between.total)


def test_a_launch_that_nobody_approved_waited_for_nobody() -> None:

    by_policy = msgspec.structs.replace(launch(people_s=0.0), approvals=())
    assert timings([by_policy]).people.seconds == ()


def test_launches_before_since_do_not_count_and_none_is_said_so() -> None:
    found = timings([launch()], since=START + timedelta(seconds=1))
    assert found.n_launches == 0
    assert found.as_document()["sentence"] == "No launch yet."


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (95, 4.0), (99, 4.0)])
def test_a_percentile_is_one_of_the_numbers(percent: int, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value
    assert percentile([], percent) is None
