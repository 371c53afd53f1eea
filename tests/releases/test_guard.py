from dataclasses import replace
from datetime import timedelta

from counterpoint.config import Attribute, BaselineRule
from counterpoint.experiments import Event, Holdout, draw_holdout_sets
from counterpoint.releases import (
    AddExperiment,
    AddHoldout,
    MoveExperiment,
    RenewHoldout,
    ReplaceSurface,
    SetBaseline,
    SetRules,
    apply_change,
    publish_findings,
    territory_of,
)
from counterpoint.vocabulary import AttributeType, Severity
from experiment_examples import NOW, a_spec, a_state, a_surface, change_of, drawn


def running(*events: Event, on=None, **fields):
    state = on or a_state()
    spec = a_spec(**fields)
    moves = [MoveExperiment(experiment="e1", event=event) for event in (Event.START, *events)]
    return apply_change(state, change_of(None, AddExperiment(experiment=drawn(spec, state)), *moves), now=NOW)


def found(state, *operations, now=NOW, **fields):
    change = change_of(None, *operations, **fields)
    after = apply_change(state, change, now=now)
    return {(finding.path, finding.code): finding for finding in publish_findings(state, change, after, now=now)}


UNDER = ("experiments.e1", "baseline_under_experiment")


def test_moving_the_baseline_of_a_running_experiment_is_an_error():
    finding = found(running(), SetBaseline(values={"a.x": 3}))[UNDER]
    assert finding.severity is Severity.ERROR
    assert finding.facts["parameters"] == ["a.x"]


def test_moving_another_parameter_is_none_of_its_business():
    assert found(running(), SetBaseline(values={"a.y": 3})) == {}


def test_a_paused_experiment_is_still_underway_and_a_stopped_one_is_not():
    assert UNDER in found(running(Event.PAUSE), SetBaseline(values={"a.x": 3}))
    assert UNDER not in found(running(Event.STOP), SetBaseline(values={"a.x": 3}))


def test_stopping_it_in_the_same_change_is_enough():
    stop = MoveExperiment(experiment="e1", event=Event.STOP)
    assert found(running(), stop, SetBaseline(values={"a.x": 3})) == {}


def test_an_acknowledged_experiment_is_flagged_and_no_longer_in_the_way():
    finding = found(running(), SetBaseline(values={"a.x": 3}), acknowledges=("e1",))[UNDER]
    assert finding.severity is Severity.WARNING


def test_what_a_treatment_requires_is_watched_too():
    state = running(set={"c.size": 0.9, "c.on": True})
    assert UNDER in found(state, SetBaseline(values={"c.on": True}))


def test_a_new_rule_on_its_parameter_is_found_and_one_on_another_is_not():
    on_it = BaselineRule(key="r", audience="true", set={"a.x": 9})
    beside = BaselineRule(key="r", audience="true", set={"b.x": 9})
    assert UNDER in found(running(), SetRules(rules=(on_it,)))
    assert found(running(), SetRules(rules=(beside,))) == {}


def test_the_order_of_rules_is_a_value_like_any_other():
    one = BaselineRule(key="one", audience='plan == "free"', set={"a.x": 9})
    two = BaselineRule(key="two", audience='country == "SE"', set={"a.x": 8})
    state = replace(running(), rules=(one, two))
    assert UNDER in found(state, SetRules(rules=(two, one)))
    other = BaselineRule(key="three", audience="true", set={"b.x": 8})
    assert found(state, SetRules(rules=(other, one, two))) == {}


def test_a_change_that_makes_a_treatment_idle_is_refused():
    finding = found(running(), SetBaseline(values={"a.x": 5}), acknowledges=("e1",))
    assert ("experiments.e1.variants.1.set", "no_op_treatment") in finding


def test_a_new_experiment_that_changes_nothing_is_refused():
    state = a_state()
    experiment = drawn(a_spec(set={"a.x": 1}), state)
    assert set(found(state, AddExperiment(experiment=experiment))) == {
        ("experiments.e1.variants.1.set", "no_op_treatment")
    }


def test_a_new_version_of_the_surface_is_guarded_like_an_edit():
    surface = a_surface()
    parameters = {**surface.parameters, "a.x": replace(surface.parameters["a.x"], baseline=4)}
    assert UNDER in found(running(), ReplaceSurface(surface=replace(surface, parameters=parameters)))


def held(ends_in_days: int):
    state = a_state()
    sets = draw_holdout_sets("h", share=0.05, unit="user_id", territory=territory_of(state))
    holdout = Holdout(
        key="h",
        owner="data",
        unit="user_id",
        share=0.05,
        status_quo=sets[0],
        shipped_only=sets[1],
        baseline=state.baseline,
        starts_at=NOW - timedelta(days=90),
        ends_at=NOW + timedelta(days=ends_in_days),
    )
    return apply_change(state, change_of(None, AddHoldout(holdout=holdout)), now=NOW)


def test_an_expired_holdout_blocks_launches_until_it_is_renewed():
    state = held(-1)
    add = AddExperiment(experiment=drawn(a_spec(), state))
    assert ("holdouts.h", "holdout_expired") in found(state, add)
    renew = RenewHoldout(holdout="h", ends_at=NOW + timedelta(days=30))
    assert found(state, renew, add) == {}
    assert found(held(1), add) == {}


def test_an_expired_holdout_blocks_nothing_else():
    assert found(held(-1), SetBaseline(values={"a.x": 3})) == {}


def test_a_rule_for_units_that_the_experiment_never_meets_is_none_of_its_business():
    rule = BaselineRule(key="r", audience='country == "NO"', set={"a.x": 9})
    assert found(running(audience='country == "SE"'), SetRules(rules=(rule,))) == {}
    assert UNDER in found(running(audience='plan == "free"'), SetRules(rules=(rule,)))


def redeclared(state, **fields):
    surface = replace(state.surface, **fields)
    return set(found(state, ReplaceSurface(surface=surface)))


def two_running(first, second):
    state = running(allocation=1.0, **first)
    experiment = drawn(a_spec(key="e2", allocation=1.0, **second), state)
    return apply_change(
        state,
        change_of(None, AddExperiment(experiment=experiment), MoveExperiment(experiment="e2", event=Event.START)),
        now=NOW,
    )


def test_a_metric_that_a_running_experiment_measures_is_neither_dropped_nor_redefined_under_it():
    minutes = a_surface().metrics["minutes_7d"]
    assert redeclared(running(), metrics={}) == {("experiments.e1", "metric_undeclared")}
    shorter = {"minutes_7d": replace(minutes, window_days=3)}
    assert redeclared(running(), metrics=shorter) == {("experiments.e1", "metric_redefined")}
    assert redeclared(running(), metrics={"minutes_7d": replace(minutes, description="minutes played")}) == set()
    assert redeclared(running(Event.STOP), metrics=shorter) == set()


def test_the_attribute_that_an_experiment_randomises_cannot_go_under_it():
    surface = a_surface()
    device = Attribute(key="device_id", type=AttributeType.STRING)
    declared = a_state(replace(surface, attributes={**surface.attributes, "device_id": device}))
    assert redeclared(running(on=declared, unit="device_id"), attributes=surface.attributes) == {
        ("experiments.e1", "unit_undeclared")
    }


def test_an_attribute_that_keeps_two_audiences_apart_stays_fixed_while_they_share_buckets():
    state = two_running({"audience": 'country == "SE"'}, {"audience": 'country == "NO"', "set": {"a.x": 7}})
    loose = {**state.surface.attributes, "country": replace(state.surface.attributes["country"], fixed=False)}
    assert redeclared(state, attributes=loose) == {
        ("experiments.e1", "exclusivity_lost"),
        ("experiments.e2", "exclusivity_lost"),
    }


def test_a_parameter_does_not_join_the_layer_of_another_experiment_that_shares_its_units():
    state = two_running({}, {"set": {"b.x": 7}})
    joined = {**state.surface.parameters, "b.x": replace(state.surface.parameters["b.x"], layer="a")}
    assert redeclared(state, parameters=joined) == {
        ("experiments.e1", "exclusivity_lost"),
        ("experiments.e2", "exclusivity_lost"),
    }
    alone = {**state.surface.parameters, "c.x": replace(state.surface.parameters["c.x"], layer="a")}
    assert redeclared(state, parameters=alone) == set()
