from dataclasses import replace
from datetime import timedelta

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.assignment import BucketSet
from counterpoint.config import BaselineRule, Forcing, Policy, Staleness, snapshot_id
from counterpoint.experiments import Event, Holdout, draw_holdout_sets
from counterpoint.releases import (
    AddExperiment,
    AddHoldout,
    MoveExperiment,
    ReplaceSurface,
    SetBaseline,
    apply_change,
    make_snapshot,
    snapshot_of,
    territory_of,
)
from experiment_examples import NOW, a_spec, a_state, change_of, drawn, first_release


def after(state, *operations):
    return apply_change(state, change_of(None, *operations), now=NOW)


def snapshot(state):
    return make_snapshot(state, release=3, created_at=NOW)


def launched(state=None, **fields):
    state = state or a_state()
    spec = a_spec(**fields)
    return after(
        state, AddExperiment(experiment=drawn(spec, state)), MoveExperiment(experiment=spec.key, event=Event.START)
    )


def test_a_snapshot_says_what_serving_needs_of_a_running_experiment():
    state = launched(schedule={"days": 2, "ramp": [{"share": 0.01, "hours": 1}]})
    (live,) = snapshot(state).experiments
    experiment = state.experiments["e1"]
    assert BucketSet.from_text(live.buckets) == experiment.owned
    assert len(experiment.owned) == 100
    assert (live.key, live.salt, live.unit, live.enabled) == ("e1", experiment.salt, "user_id", True)
    assert [(variant.key, variant.weight, variant.set) for variant in live.variants] == [
        ("control", 1, {}),
        ("treatment", 1, {"a.x": 5}),
    ]


def test_what_has_not_started_is_not_in_a_snapshot():
    state = a_state()
    assert snapshot(after(state, AddExperiment(experiment=drawn(a_spec(), state)))).experiments == ()


def test_a_paused_stopped_or_killed_experiment_is_there_and_disabled():
    for event in (Event.PAUSE, Event.STOP, Event.KILL):
        (live,) = snapshot(after(launched(), MoveExperiment(experiment="e1", event=event))).experiments
        assert live.enabled is False


def test_a_decided_experiment_has_left_the_snapshot():
    state = after(launched(), *(MoveExperiment(experiment="e1", event=event) for event in (Event.STOP, Event.DECIDE)))
    assert snapshot(state).experiments == ()


def test_the_baseline_in_a_snapshot_is_the_live_one():
    state = after(a_state(), SetBaseline(values={"a.x": 42}))
    assert {p.key: p.baseline for p in snapshot(state).parameters}["a.x"] == 42


def test_equal_states_give_equal_snapshots_in_whatever_order_they_were_made():
    one = launched(launched(), key="e2", set={"b.x": 2})
    other = replace(
        one, experiments=dict(reversed(one.experiments.items())), baseline=dict(sorted(one.baseline.items()))
    )
    assert list(one.experiments) != list(other.experiments)
    assert snapshot_id(snapshot(one)) == snapshot_id(snapshot(other))


def test_a_holdout_keeps_the_baseline_of_its_start_and_loses_parameters_that_went():
    state = a_state()
    status_quo, shipped_only = draw_holdout_sets("h", share=0.05, unit="user_id", territory=territory_of(state))
    holdout = Holdout(
        key="h",
        owner="data",
        unit="user_id",
        share=0.05,
        status_quo=status_quo,
        shipped_only=shipped_only,
        baseline=state.baseline,
        rules=(
            BaselineRule(key="r", audience="true", set={"b.x": 2}),
            BaselineRule(key="s", audience="true", set={"b.x": 2, "a.x": 3}),
        ),
        starts_at=NOW,
        ends_at=NOW + timedelta(days=1),
    )
    state = after(state, AddHoldout(holdout=holdout), SetBaseline(values={"a.x": 9}))
    (held,) = snapshot(state).holdouts
    assert held.baseline["a.x"] == 1
    assert BucketSet.from_text(held.status_quo) == status_quo
    rest = {key: parameter for key, parameter in state.surface.parameters.items() if key != "b.x"}
    state = after(state, ReplaceSurface(surface=replace(state.surface, parameters=rest)))
    (held,) = snapshot(state).holdouts
    assert "b.x" not in held.baseline
    assert [(rule.key, rule.set) for rule in held.rules] == [("s", {"a.x": 3})]


def test_the_snapshot_of_a_release_carries_its_number_and_time():
    made = snapshot_of(first_release(MemoryReleaseStore()))
    assert (made.release, made.created_at) == (1, NOW)
    assert (made.max_age_s, made.stale_policy, made.testers) == (0, "serve", ())


def test_the_snapshot_carries_what_the_surfaces_policy_says_of_age_and_of_testers():
    release = first_release(MemoryReleaseStore())
    policy = Policy(staleness=Staleness(max_age_s=60, policy="baseline"), forcing=Forcing(actors=("*@qa",)))
    state = replace(release.state, surface=replace(release.state.surface, policy=policy))
    made = snapshot_of(replace(release, state=state))
    assert (made.max_age_s, made.stale_policy, made.testers) == (60, "baseline", ("*@qa",))
