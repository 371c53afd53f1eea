from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from counterpoint.errors import Conflict, InvalidInput
from counterpoint.experiments import TRANSITIONS, URGENT, Event, State, allowed_events, stage_shares, transition
from experiment_examples import NOW, a_spec, a_state, drawn

RAMP = {"days": 14, "ramp": [{"share": 0.01, "hours": 4}, {"share": 0.05, "hours": 24}]}


def approved(**fields):
    return drawn(a_spec(**fields), a_state())


def after(experiment, *events: Event):
    for event in events:
        experiment = transition(experiment, event, at=NOW)
    return experiment


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_an_event_leads_where_the_table_says_or_is_a_conflict(state, event):
    experiment = replace(approved(), state=state)
    wanted = TRANSITIONS[state].get(event)
    variant = "treatment" if event is Event.SHIP else None
    stage = 0 if event is Event.RAMP else None
    if wanted is None:
        with pytest.raises(Conflict) as caught:
            transition(experiment, event, at=NOW, variant=variant, stage=stage)
        assert caught.value.code == "bad_transition"
        assert caught.value.facts["allowed"] == [str(allowed) for allowed in allowed_events(state)]
    else:
        assert transition(experiment, event, at=NOW, variant=variant, stage=stage).state is wanted


def test_every_state_is_in_the_table_and_all_but_the_first_are_reached():
    assert set(TRANSITIONS) == set(State)
    reached = {state for row in TRANSITIONS.values() for state in row.values()}
    assert reached == set(State) - {State.DRAFT}


def test_only_an_archived_experiment_is_at_its_end():
    assert [state for state in State if not allowed_events(state)] == [State.ARCHIVED]


def test_urgent_events_never_put_a_treatment_before_anybody():
    for event in URGENT:
        assert State.RUNNING not in {row.get(event) for row in TRANSITIONS.values()}


def test_a_start_takes_the_first_stage_and_a_ramp_the_next():
    running = after(approved(schedule=RAMP), Event.START)
    assert (running.stage, len(running.owned), running.started_at) == (0, 100, NOW)
    ramped = after(running, Event.RAMP)
    assert (ramped.stage, len(ramped.owned)) == (1, 500)
    full = after(ramped, Event.RAMP)
    assert (full.stage, full.owned) == (2, full.reserved)
    assert running.owned.is_subset(ramped.owned)
    assert ramped.owned.is_subset(full.owned)


def test_a_ramp_beyond_its_last_stage_is_refused():
    full = after(approved(), Event.START)
    with pytest.raises(InvalidInput) as caught:
        transition(full, Event.RAMP, at=NOW)
    assert caught.value.code == "bad_stage"


def test_a_stage_can_be_skipped_and_taken_back():
    running = after(approved(schedule=RAMP), Event.START)
    full = transition(running, Event.RAMP, at=NOW, stage=2)
    assert len(full.owned) == 1000
    assert transition(full, Event.RAMP, at=NOW, stage=0).owned == running.owned


def test_a_stopped_experiment_keeps_its_buckets_until_it_is_archived():
    running = after(approved(), Event.START)
    stopped = transition(running, Event.STOP, at=NOW + timedelta(days=1))
    assert (stopped.reserved, stopped.owned) == (running.reserved, running.owned)
    assert stopped.ended_at == NOW + timedelta(days=1)
    archived = after(stopped, Event.ARCHIVE)
    assert len(archived.reserved) == len(archived.owned) == 0
    assert archived.ended_at == NOW + timedelta(days=1)


def test_a_restart_finds_the_same_units_under_the_same_salt():
    running = after(approved(schedule=RAMP), Event.START, Event.RAMP)
    again = after(running, Event.STOP, Event.RESTART)
    assert (again.owned, again.salt, again.stage) == (running.owned, running.salt, running.stage)
    assert again.started_at == running.started_at
    assert again.ended_at is None


def test_shipping_names_a_treatment():
    decided = after(approved(), Event.START, Event.STOP, Event.DECIDE)
    assert transition(decided, Event.SHIP, at=NOW, variant="treatment").shipped_variant == "treatment"
    for variant in ("control", "other", None):
        with pytest.raises(InvalidInput) as caught:
            transition(decided, Event.SHIP, at=NOW, variant=variant)
        assert caught.value.code == "unknown_variant"


def test_a_rollback_after_shipping_forgets_the_shipped_variant():
    decided = after(approved(), Event.START, Event.STOP, Event.DECIDE)
    shipped = transition(decided, Event.SHIP, at=NOW, variant="treatment")
    assert after(shipped, Event.ROLL_BACK).shipped_variant is None


def test_the_last_stage_is_the_allocation_whether_the_ramp_says_so_or_not():
    assert stage_shares(a_spec()) == (0.1,)
    assert stage_shares(a_spec(schedule=RAMP)) == (0.01, 0.05, 0.1)
    assert stage_shares(a_spec(schedule={"days": 1, "ramp": [{"share": 0.1, "hours": 1}]})) == (0.1,)
