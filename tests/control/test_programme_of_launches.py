"""What a launch's own record says about how it ended becomes what the programme counts."""

from datetime import timedelta

import pytest

from counterpoint.control.judging.statistics import _ended
from counterpoint.experiments import parse_spec, spec_document
from counterpoint.metrics import what_was_learned
from counterpoint.orchestration import Launch, LaunchState
from counterpoint.orchestration.launch import TimelineEntry
from live_platform import START, spec


def entry(n: int, state: str, days: float, **evidence: object) -> TimelineEntry:
    at = START + timedelta(days=days)
    return TimelineEntry(
        transition=str(n), state=state, step="look", at=at, seconds=0.1, reason="it was due", evidence=dict(evidence)
    )


def launch(state: LaunchState, *timeline: TimelineEntry, **changes: object) -> Launch:
    document = spec_document(parse_spec(spec(), source="spec"))
    return Launch(
        **{
            "id": "l1", "surface": "home", "experiment": "podcasts-second", "author": "ada", "hypothesis": "",
            "created_at": START, "updated_at": START + timedelta(days=20), "state": state, "spec": document,
            "started_at": START, "timeline": timeline,
        }
        | changes
    )  # fmt: skip


def test_a_launch_stopped_for_a_guardrail_is_a_regression_of_the_days_it_took() -> None:
    found = _ended(
        launch(
            LaunchState.ROLLED_BACK,
            entry(1, "running", 0, harmed=[]),
            entry(2, "stopped", 3, harmed=["home_empty_rate"]),
            entry(3, "decided", 3.5),
            entry(4, "rolled_back", 3.6),
        )
    )
    assert found is not None
    assert found.harmed == ("home_empty_rate",)
    assert what_was_learned(found) == "regression"
    assert found.decided_at - found.started_at == timedelta(days=3.5)
    assert (found.wanted, found.absolute, found.owner) == (0.1, False, "podcasts")


@pytest.mark.parametrize("state", [LaunchState.RUNNING, LaunchState.PAUSED, LaunchState.REFUSED, LaunchState.FAILED])
def test_what_runs_or_never_ran_is_not_counted(state: LaunchState) -> None:
    assert _ended(launch(state)) is None
    assert _ended(launch(LaunchState.ARCHIVED, started_at=None)) is None


def test_a_person_who_stops_it_finds_no_regression() -> None:
    found = _ended(launch(LaunchState.ARCHIVED, entry(1, "stopped", 2), entry(2, "archived", 2.5)))
    assert found is not None
    assert found.harmed == ()
    assert what_was_learned(found) == "inconclusive"
