"""What a goal means for a release, and that the plan of a ship names what becomes of the configuration."""

from datetime import timedelta

from contracts.backend_rigs import Rig, a_store, surface_backend
from counterpoint.orchestration import Goal
from counterpoint.orchestration.backends.moves import state_after
from experiment_examples import NOW, a_spec


def rig_of(**fields) -> Rig:
    store = a_store()
    return Rig(backend=surface_backend(store), look=dict, store=store, spec=a_spec("e1", set={"a.x": 5}, **fields))


def reached(rig: Rig, *goals: Goal) -> None:
    for goal in goals:
        desired = rig.desired(goal, now=NOW + timedelta(hours=1))
        rig.backend.apply(desired, rig.backend.plan(desired), f"reach:{goal}")


def test_the_plan_of_a_ship_shows_the_experiment_and_the_config_apart():
    rig = rig_of()
    reached(rig, Goal.START, Goal.STOP)
    edits = rig.backend.plan(rig.desired(Goal.SHIP, variant="treatment")).edits
    assert [(edit.path, edit.before, edit.after) for edit in edits] == [
        ("experiments.e1", "stopped", "archived"),
        ("config.baseline.a.x", 1, 5),
    ]


def test_a_ship_to_an_audience_is_shown_as_a_rule():
    rig = rig_of(audience='country == "SE"')
    reached(rig, Goal.START, Goal.STOP)
    (_, rule) = rig.backend.plan(rig.desired(Goal.SHIP, variant="treatment")).edits
    assert rule.path.startswith("config.rules.")
    assert rule.after == {"audience": 'country == "SE"', "set": {"a.x": 5}}


def test_the_outlook_on_a_goal_is_what_publishing_makes_of_it_and_publishes_nothing():
    rig = rig_of()
    base = rig.store.latest("home")
    outlook = state_after(rig.desired(Goal.START), base)
    assert rig.store.latest("home").number == base.number
    reached(rig, Goal.START)
    live = rig.store.latest("home").state.experiments["e1"]
    assert outlook.experiments["e1"].owned == live.owned
    there = rig.store.latest("home")
    assert state_after(rig.desired(Goal.START), there) is there.state
