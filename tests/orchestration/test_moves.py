"""What a goal means for a release, and that the plan of a ship names what becomes of the configuration."""

from datetime import timedelta

import pytest

from contracts.backend_rigs import Rig, a_store, surface_backend
from counterpoint.experiments import TRANSITIONS, URGENT, Event, State
from counterpoint.orchestration import Goal
from counterpoint.orchestration.backends.moves import AFTER, TAKING_AWAY, operations_for, state_after
from counterpoint.releases import MoveExperiment, ShipVariant
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


def test_what_takes_treatments_away_is_what_the_table_of_the_lifecycle_says_does():
    rig = rig_of()
    reached(rig, Goal.START)
    running, ends = rig.store.latest("home").state, {Event.ARCHIVE, Event.DECIDE}
    reached(rig, Goal.STOP)
    stopped = rig.store.latest("home").state
    taking_away = set()
    # An amendment moves nothing: it has a test of its own.
    for goal in set(Goal) - {Goal.AMEND}:
        is_later = goal in (Goal.RESTART, Goal.ARCHIVE, Goal.SHIP, Goal.ROLL_BACK)
        from_there = stopped if is_later else running
        operations = operations_for(rig.desired(goal, variant="treatment"), from_there)
        events = [each.event for each in operations if isinstance(each, MoveExperiment)]
        place = State.STOPPED if is_later else State.RUNNING
        place = State.PAUSED if goal is Goal.RESUME else State.APPROVED if goal is Goal.START else place
        for operation in operations:
            event = Event.SHIP if isinstance(operation, ShipVariant) else getattr(operation, "event", None)
            place = place if event is None else TRANSITIONS[place][event]
        assert place is AFTER[goal], f"{goal} ends as {place}"
        if set(events) <= URGENT | ends and not any(isinstance(each, ShipVariant) for each in operations):
            taking_away.add(goal)
    assert taking_away == set(TAKING_AWAY)


@pytest.mark.parametrize("goal", [Goal.KILL, Goal.ROLL_BACK])
@pytest.mark.parametrize("audience", ["true", 'country == "SE"'])
def test_what_its_launch_has_shipped_is_taken_back_by_a_kill_and_by_a_roll_back(goal: Goal, audience: str):
    rig = rig_of(audience=audience)
    reached(rig, Goal.START, Goal.STOP)
    before = rig.store.latest("home").state
    ship = rig.desired(Goal.SHIP, variant="treatment", now=NOW + timedelta(hours=1))
    rig.backend.apply(ship, rig.backend.plan(ship), f"{ship.launch_id}:ship:surface")
    assert (rig.store.latest("home").state.baseline, rig.store.latest("home").state.rules) != (
        before.baseline,
        before.rules,
    )
    reached(rig, goal)
    after = rig.store.latest("home").state
    assert (after.baseline, after.rules) == (before.baseline, before.rules)
    assert "e1" in after.retired
    assert rig.backend.plan(rig.desired(goal)).edits == ()
