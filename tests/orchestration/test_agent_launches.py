"""An agent's experiment stops by itself on harm, or it is not launched; a person may settle for an alert."""

import itertools

import pytest

from counterpoint.errors import Forbidden
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import Inspection, LaunchDesk, LaunchState, open_desk, submit, tick
from launch_fakes import FakeWorld, KillableExecutor, spec_document

GUARDED = spec_document()["metrics"] | {"guardrails": [{"metric": "home_empty_rate", "margin": 0.05}]}


def _desk() -> tuple[FakeWorld, LaunchDesk]:
    world, ids = FakeWorld(), itertools.count(1)
    return world, open_desk(world.build(), KillableExecutor(), lambda: str(next(ids)))


def _spec(**changes: object) -> ExperimentSpec:
    return ExperimentSpec.model_validate(spec_document(**{"metrics": GUARDED, **changes}))


UNGUARDED = {
    "nothing is watched": ({"metrics": spec_document()["metrics"]}, "metrics.guardrails"),
    "harm only alerts": ({"stop": {"on_guardrail": "alert"}}, "stop.on_guardrail"),
    "harm only pauses": ({"stop": {"on_guardrail": "pause"}}, "stop.on_guardrail"),
    "a split that is off only alerts": ({"stop": {"on_srm": "alert"}}, "stop.on_srm"),
}


@pytest.mark.parametrize("why", list(UNGUARDED))
def test_an_agent_is_refused_at_the_desk_itself_what_a_person_may_launch(why: str) -> None:
    changes, where = UNGUARDED[why]
    world, desk = _desk()
    with pytest.raises(Forbidden) as caught:
        submit(desk, _spec(**changes), author="agent:nightly")
    assert (caught.value.code, caught.value.where) == ("agent_unguarded", where)
    assert world.launches.rows == {}
    launch, _ = submit(desk, _spec(**changes), author="ada")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_a_spec_that_says_nothing_of_it_stops_on_harm_by_itself() -> None:
    world, desk = _desk()
    launch, _ = submit(desk, _spec(), author="agent:nightly")
    world.inspection = Inspection(harmed=("home_empty_rate",))
    world.clock.pass_time(hours=2)
    tick(desk)
    ended = world.launches.get(launch.id)
    (stopped,) = (entry for entry in ended.timeline if entry.state == LaunchState.STOPPED)
    assert "worse than the agreed margin, by an interval that holds at any number of looks" in stopped.reason


@pytest.mark.parametrize(("say", "becomes"), [("pause", LaunchState.PAUSED), ("alert", LaunchState.RUNNING)])
def test_what_harm_does_is_settled_when_a_person_creates_it(say: str, becomes: LaunchState) -> None:
    world, desk = _desk()
    launch, _ = submit(desk, _spec(stop={"on_guardrail": say}), author="ada")
    world.inspection = Inspection(harmed=("home_empty_rate",))
    world.clock.pass_time(hours=2)
    tick(desk)
    assert world.launches.get(launch.id).state is becomes
