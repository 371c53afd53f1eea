from dataclasses import replace
from datetime import timedelta

import pytest

from counterpoint.assignment import BucketSet
from counterpoint.config import BaselineRule
from counterpoint.errors import Conflict, CounterpointError, NotFound
from counterpoint.experiments import Event, Holdout, State, draw_domain, draw_holdout_sets, expired_holdouts
from counterpoint.releases import (
    AddDomain,
    AddExperiment,
    AddHoldout,
    EndDomain,
    EndHoldout,
    MoveExperiment,
    ReadHoldout,
    RenewHoldout,
    ReplaceSurface,
    SetBaseline,
    SetRules,
    ShipVariant,
    SurfaceState,
    apply_change,
    fresh_state,
    territory_of,
)
from counterpoint.vocabulary import ParameterType
from experiment_examples import NOW, a_spec, a_state, a_surface, change_of, drawn


def after(state, *operations, now=NOW) -> SurfaceState:
    return apply_change(state, change_of(None, *operations), now=now)


def refusal(state, *operations) -> CounterpointError:
    with pytest.raises(CounterpointError) as caught:
        after(state, *operations)
    return caught.value


def with_experiment(state=None, *events, **fields) -> SurfaceState:
    state = state or a_state()
    spec = a_spec(**fields)
    moves = [MoveExperiment(experiment=spec.key, event=event) for event in events]
    return after(state, AddExperiment(experiment=drawn(spec, state)), *moves)


def a_holdout(state, key="h", share=0.05, **fields) -> Holdout:
    status_quo, shipped_only = draw_holdout_sets(key, share=share, unit="user_id", territory=territory_of(state))
    return Holdout(
        **{
            "key": key,
            "owner": "data",
            "unit": "user_id",
            "share": share,
            "status_quo": status_quo,
            "shipped_only": shipped_only,
            "baseline": state.baseline,
            "starts_at": NOW,
            "ends_at": NOW + timedelta(days=90),
            **fields,
        }
    )


def test_a_surface_begins_with_the_baselines_it_declares():
    state = after(None, ReplaceSurface(surface=a_surface()))
    assert state == fresh_state(a_surface())


def test_a_surface_that_is_not_there_can_only_be_added():
    error = refusal(None, SetBaseline(values={"a.x": 2}))
    assert isinstance(error, NotFound)
    assert error.code == "unknown_surface"


def test_a_change_without_operations_is_refused():
    assert refusal(a_state()).code == "empty_change"


def test_a_change_of_one_surface_cannot_bring_another():
    assert refusal(None, ReplaceSurface(surface=a_surface(key="search"))).code == "wrong_surface"


def test_all_operations_apply_or_none_and_the_error_says_which_failed():
    state = a_state()
    error = refusal(state, SetBaseline(values={"a.x": 2}), SetBaseline(values={"z.z": 2}))
    assert (error.code, error.facts["operation"]) == ("unknown_parameter", 1)
    assert state.baseline["a.x"] == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [({"a.x": 101}, "out_of_bounds"), ({"a.x": "2"}, "wrong_type"), ({"c.on": 1}, "wrong_type")],
)
def test_a_baseline_that_could_not_be_served_is_refused(values, code):
    assert refusal(a_state(), SetBaseline(values=values)).code == code


def test_rules_are_checked_like_values():
    fine = BaselineRule(key="one", audience="true", set={"a.x": 2})
    assert after(a_state(), SetRules(rules=(fine,))).rules == (fine,)
    assert refusal(a_state(), SetRules(rules=(fine, fine))).code == "duplicate_rule"
    wrong = BaselineRule(key="two", audience="true", set={"a.x": 1000})
    error = refusal(a_state(), SetRules(rules=(wrong,)))
    assert (error.code, error.where) == ("out_of_bounds", "rules.two.set.a.x")


def test_a_new_version_of_a_surface_keeps_live_values_unless_its_file_changed_them():
    state = after(a_state(), SetBaseline(values={"a.x": 7, "a.y": 7}))
    old = a_surface()
    parameters = dict(old.parameters)
    parameters["a.y"] = replace(parameters["a.y"], baseline=3)
    parameters["a.z"] = replace(parameters["a.y"], key="a.z", baseline=9)
    del parameters["b.x"]
    moved = after(state, ReplaceSurface(surface=replace(old, parameters=parameters)))
    assert (moved.baseline["a.x"], moved.baseline["a.y"], moved.baseline["a.z"]) == (7, 3, 9)
    assert "b.x" not in moved.baseline


def test_a_parameter_that_an_experiment_sets_cannot_go_or_shrink_under_it():
    state = with_experiment()
    old = state.surface
    gone = {key: parameter for key, parameter in old.parameters.items() if key != "a.x"}
    assert refusal(state, ReplaceSurface(surface=replace(old, parameters=gone))).code == "unknown_parameter"
    shrunk = {**old.parameters, "a.x": replace(old.parameters["a.x"], max=4)}
    assert refusal(state, ReplaceSurface(surface=replace(old, parameters=shrunk))).code == "out_of_bounds"
    retyped = {**old.parameters, "a.x": replace(old.parameters["a.x"], type=ParameterType.STRING, baseline="1")}
    assert refusal(state, ReplaceSurface(surface=replace(old, parameters=retyped))).code == "wrong_type"


def test_the_unit_of_a_surface_cannot_change_under_experiments():
    other = replace(a_surface(), unit="account_id")
    assert refusal(with_experiment(), ReplaceSurface(surface=other)).code == "in_use"
    assert after(a_state(), ReplaceSurface(surface=other)).surface.unit == "account_id"


def test_an_experiment_is_added_and_started_in_one_change():
    running = with_experiment(None, Event.START).experiments["e1"]
    assert (running.state, running.started_at, running.updated_at) == (State.RUNNING, NOW, NOW)


def test_a_key_is_never_used_twice_not_even_after_archiving():
    state = with_experiment()
    again = AddExperiment(experiment=drawn(a_spec(), a_state()))
    assert refusal(state, again).code == "key_taken"
    state = after(state, MoveExperiment(experiment="e1", event=Event.ARCHIVE))
    assert "e1" not in state.experiments
    assert refusal(state, again).code == "key_taken"


def test_an_experiment_whose_buckets_were_taken_since_is_refused():
    late = drawn(a_spec("late"), a_state())
    error = refusal(with_experiment(allocation=0.5), AddExperiment(experiment=late))
    assert isinstance(error, Conflict)
    assert error.code == "buckets_taken"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda e: replace(e, state=State.RUNNING), "bad_state"),
        (lambda e: replace(e, owned=e.reserved), "not_drawn"),
        (lambda e: replace(e, reserved=e.owned), "not_drawn"),
        (lambda e: replace(e, spec=a_spec(surface="search")), "wrong_surface"),
        (lambda e: replace(e, reserved=BucketSet.full()), "wrong_draw"),
        (lambda e: replace(e, reserved=BucketSet.of([1, 2])), "wrong_draw"),
        (lambda e: replace(e, salt="split/home/another"), "wrong_draw"),
        (lambda e: replace(e, draw_seed="another"), "wrong_draw"),
        (lambda e: replace(e, unit="device_id"), "wrong_draw"),
        (lambda e: replace(e, spec=a_spec(set={"a.x": 500})), "out_of_bounds"),
        (lambda e: replace(e, spec=a_spec(set={"z.z": 1})), "unknown_parameter"),
    ],
)
def test_an_experiment_that_makes_no_sense_is_refused(change, code):
    assert refusal(a_state(), AddExperiment(experiment=change(drawn(a_spec(), a_state())))).code == code


def test_a_move_the_lifecycle_forbids_is_refused():
    assert refusal(with_experiment(), MoveExperiment(experiment="e1", event=Event.RAMP)).code == "bad_transition"
    assert refusal(a_state(), MoveExperiment(experiment="e1", event=Event.START)).code == "unknown_experiment"
    assert refusal(with_experiment(), MoveExperiment(experiment="e1", event=Event.SHIP)).code == "bad_event"


def decided(**fields) -> SurfaceState:
    return with_experiment(None, Event.START, Event.STOP, Event.DECIDE, **fields)


def test_shipping_an_experiment_on_everyone_moves_the_baseline():
    shipped = after(decided(), ShipVariant(experiment="e1", variant="treatment"))
    assert shipped.baseline["a.x"] == 5
    assert shipped.rules == ()
    assert shipped.experiments["e1"].state is State.SHIPPED


def test_shipping_an_experiment_on_an_audience_sets_a_first_rule_for_it():
    old = BaselineRule(key="old", audience="true", set={"a.x": 2})
    state = after(decided(audience='plan == "free"'), SetRules(rules=(old,)))
    shipped = after(state, ShipVariant(experiment="e1", variant="treatment"))
    assert shipped.baseline["a.x"] == 1
    assert shipped.rules == (BaselineRule(key="shipped-e1", audience='plan == "free"', set={"a.x": 5}), old)
    everyone = after(state, ShipVariant(experiment="e1", variant="treatment", to="everyone"))
    assert (everyone.baseline["a.x"], everyone.rules) == (5, (old,))


def test_a_holdout_is_added_renewed_and_ended():
    state = a_state()
    state = after(state, AddHoldout(holdout=a_holdout(state)))
    later = NOW + timedelta(days=200)
    assert after(state, RenewHoldout(holdout="h", ends_at=later)).holdouts["h"].ends_at == later
    assert after(state, EndHoldout(holdout="h")).holdouts == {}
    assert refusal(state, RenewHoldout(holdout="h", ends_at=NOW)).code == "bad_period"
    assert refusal(state, EndHoldout(holdout="other")).code == "unknown_holdout"
    assert refusal(state, AddHoldout(holdout=a_holdout(state))).code == "key_taken"


def test_a_holdout_is_read_once_after_its_end_and_again_after_a_renewal():
    state = a_state()
    state = after(state, AddHoldout(holdout=a_holdout(state)))
    ends_at = state.holdouts["h"].ends_at
    assert refusal(state, ReadHoldout(holdout="h", readout="d")).code == "holdout_runs"
    ended = replace(state, holdouts={"h": replace(state.holdouts["h"], ends_at=NOW)})
    assert expired_holdouts(ended.holdouts, now=NOW)
    read = after(ended, ReadHoldout(holdout="h", readout="d"))
    assert (read.holdouts["h"].read_at, read.holdouts["h"].readout) == (NOW, "d")
    assert not expired_holdouts(read.holdouts, now=NOW)
    assert refusal(read, ReadHoldout(holdout="h", readout="e")).code == "already_read"
    assert after(read, RenewHoldout(holdout="h", ends_at=ends_at)).holdouts["h"].read_at is None


def test_a_holdout_may_not_take_buckets_of_anybody():
    state = a_state()
    drawn_before = a_holdout(state, share=0.4)
    assert refusal(with_experiment(allocation=0.5), AddHoldout(holdout=drawn_before)).code == "buckets_taken"
    other = after(state, AddHoldout(holdout=a_holdout(state, "first", share=0.4)))
    assert refusal(other, AddHoldout(holdout=replace(drawn_before, key="second"))).code == "buckets_taken"


def test_a_holdout_that_makes_no_sense_is_refused():
    holdout = a_holdout(a_state())
    assert refusal(a_state(), AddHoldout(holdout=replace(holdout, ends_at=NOW))).code == "bad_period"
    same = replace(holdout, shipped_only=holdout.status_quo)
    assert refusal(a_state(), AddHoldout(holdout=same)).code == "not_drawn"


def test_a_domain_is_added_and_ends_when_nothing_draws_from_it():
    state = a_state()
    domain = draw_domain("d", share=0.2, owner="x", territory=territory_of(state))
    state = after(state, AddDomain(domain=domain))
    used = with_experiment(state, domain="d")
    assert refusal(used, EndDomain(domain="d")).code == "in_use"
    assert after(state, EndDomain(domain="d")).domains == {}
    assert refusal(state, AddDomain(domain=domain)).code == "key_taken"
    assert refusal(state, AddDomain(domain=replace(domain, key="d2"))).code == "buckets_taken"


def test_a_domain_may_not_take_buckets_of_an_experiment_outside_it():
    domain = draw_domain("d", share=0.8, owner="x", territory=territory_of(a_state()))
    assert refusal(with_experiment(allocation=0.5), AddDomain(domain=domain)).code == "buckets_taken"


@pytest.mark.parametrize("audience", ["country ==", "nowhere == 1", "country == 1", "plan == 'gold'"])
def test_an_audience_that_could_not_be_served_is_refused(audience):
    rule = BaselineRule(key="r", audience=audience, set={"a.x": 2})
    assert refusal(a_state(), SetRules(rules=(rule,))).where == "rules.r.audience"
    broken = drawn(a_spec(audience=audience), a_state())
    assert refusal(a_state(), AddExperiment(experiment=broken)).where == "experiments.e1.audience"


def test_a_baseline_or_a_rule_that_breaks_an_invariant_is_refused():
    surface = replace(a_surface(), invariants=("a.x < b.x || a.x == b.x",))
    state = a_state(surface)
    assert after(state, SetBaseline(values={"a.x": 0})).baseline["a.x"] == 0
    error = refusal(state, SetBaseline(values={"a.x": 2}))
    assert (error.code, error.where) == ("invariant_broken", "baseline")
    assert "a.x is 2, b.x is 1" in error.what
    rule = BaselineRule(key="r", audience="true", set={"b.x": 0})
    assert refusal(state, SetRules(rules=(rule,))).where == "rules.r.set"


def test_an_experiment_is_checked_again_when_its_surface_changes():
    state = with_experiment(audience='country == "SE"')
    attributes = {key: value for key, value in state.surface.attributes.items() if key != "country"}
    error = refusal(state, ReplaceSurface(surface=replace(state.surface, attributes=attributes)))
    assert error.where == "experiments.e1.audience"


def test_an_experiment_cannot_help_itself_to_a_pool():
    state = a_state(a_surface(holdout_pool=0.1, isolated_pool=0.1))
    outside = drawn(a_spec(), a_state())
    assert refusal(state, AddExperiment(experiment=outside)).code == "buckets_set_aside"


def test_a_holdout_keeps_the_baseline_of_now_and_no_other():
    state = a_state()
    holdout = a_holdout(state, baseline={"a.x": 9})
    assert refusal(state, AddHoldout(holdout=holdout)).code == "stale_baseline"


def test_rolling_back_what_was_shipped_to_an_audience_takes_its_rule_away():
    state = after(decided(audience='plan == "free"'), ShipVariant(experiment="e1", variant="treatment"))
    back = after(state, MoveExperiment(experiment="e1", event=Event.ROLL_BACK))
    assert back.rules == ()
    assert back.experiments["e1"].state is State.ROLLED_BACK


def test_rolling_back_what_was_shipped_to_everyone_needs_history():
    state = after(decided(), ShipVariant(experiment="e1", variant="treatment"))
    assert refusal(state, MoveExperiment(experiment="e1", event=Event.ROLL_BACK)).code == "shipped_to_everyone"
