"""A baseline change that reaches its units bucket by bucket, as releases publish it and snapshots serve it."""

from datetime import timedelta

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.assignment import bucket_of
from counterpoint.config import BaselineRule, compile_snapshot
from counterpoint.errors import Conflict, CounterpointError, Forbidden
from counterpoint.experiments import Event
from counterpoint.releases import (
    AbortRollout,
    AddExperiment,
    AdvanceRollout,
    Approval,
    FinishRollout,
    MoveExperiment,
    RolloutStage,
    SetBaseline,
    SetRules,
    StageBaseline,
    bucket_salt_of,
    decode,
    encode,
    holdout_operation,
    prepare,
    publish,
    rebase,
    revert_operations,
    review_digest,
    sign,
    snapshot_of,
    stage_operation,
)
from experiment_examples import KEY, NOW, a_spec, a_surface, drawn, first_release, published

UNITS = [f"user-{n}" for n in range(600)]
SE, NO = {"country": "SE", "plan": "free"}, {"country": "NO", "plan": "free"}
SALT = bucket_salt_of("home")
STAGES = (RolloutStage(share=0.1, hours=1), RolloutStage(share=0.4, hours=2))
LATER = NOW + timedelta(hours=1)
LAST = NOW + timedelta(hours=3)


@pytest.fixture
def store():
    store = MemoryReleaseStore()
    first_release(store, a_surface(holdout_pool=0.2))
    return store


def begun(store, key="r1", values=None, rules=None, **fields) -> StageBaseline:
    state = store.latest("home").state
    values = {"a.x": 4} if values is None and rules is None else (values or {})
    operation = stage_operation(
        state, key, values=values, rules=rules, stages=STAGES, author="ada", reason="why", **fields
    )
    published(store, operation)
    return operation


def values(store, key="a.x", context=SE):
    compiled = compile_snapshot(snapshot_of(store.latest("home")))
    assert compiled.faults == ()
    one_by_one = {unit: compiled.resolve(unit, context, NOW).value(key) for unit in UNITS}
    at_once = {unit: compiled.resolve(unit, context, NOW).read_all()[key] for unit in UNITS}
    assert one_by_one == at_once
    return one_by_one


def rollout_of(store, key="r1"):
    return store.latest("home").state.rollouts[key]


def test_exactly_the_buckets_of_the_stage_have_the_change_and_no_unit_goes_back(store):
    begun(store)
    first = values(store)
    inside = {unit for unit in UNITS if bucket_of(unit, SALT) in rollout_of(store).buckets}
    assert {unit for unit, value in first.items() if value == 4} == inside != set()
    assert len(rollout_of(store).buckets) == 1_000
    published(store, AdvanceRollout(rollout="r1", stage=1), now=LATER)
    second = values(store)
    assert len(rollout_of(store).buckets) == 4_000
    assert inside < {unit for unit, value in second.items() if value == 4}
    published(store, FinishRollout(rollout="r1"), now=LAST)
    assert set(values(store).values()) == {4}
    assert store.latest("home").state.rollouts == {}


def test_a_stage_is_held_for_its_hours_and_none_is_left_out(store):
    begun(store)
    with pytest.raises(Conflict, match="lasts until"):
        published(store, AdvanceRollout(rollout="r1", stage=1))
    with pytest.raises(Conflict, match="everybody comes after the last stage"):
        published(store, FinishRollout(rollout="r1"), now=LAST)
    with pytest.raises(Conflict, match="does not follow"):
        published(store, AdvanceRollout(rollout="r1", stage=2), now=LAST)


def test_a_rollout_of_rules_serves_its_buckets_what_everybody_will_get(store):
    first = BaselineRule(key="se", audience='country == "SE"', set={"a.x": 3, "a.y": 3})
    published(store, SetRules(rules=(first,)))
    swapped = (BaselineRule(key="free", audience='plan == "free"', set={"a.x": 5}), first)
    begun(store, values={"a.y": 2}, rules=swapped)
    inside = {unit for unit in UNITS if bucket_of(unit, SALT) in rollout_of(store).buckets}
    staged = {
        (key, name): values(store, key, context) for key in ("a.x", "a.y") for name, context in (("SE", SE), ("NO", NO))
    }
    published(store, AdvanceRollout(rollout="r1", stage=1), now=LATER)
    published(store, FinishRollout(rollout="r1"), now=LAST)
    for (key, name), before in staged.items():
        full = values(store, key, SE if name == "SE" else NO)
        assert all(before[unit] == full[unit] for unit in inside), (key, name)
    assert staged["a.x", "SE"][next(iter(inside))] == 5
    assert {staged["a.x", "SE"][unit] for unit in UNITS if unit not in inside} == {3}


def test_a_holdout_gets_a_rollout_only_when_it_is_the_baseline_and_its_status_quo_never(store):
    state = store.latest("home").state
    operation = holdout_operation(state, "q3", owner="data", share=0.1, starts_at=NOW, ends_at=NOW + timedelta(days=90))
    published(store, operation)
    begun(store)
    holdout = store.latest("home").state.holdouts["q3"]
    assert not rollout_of(store).ground & (holdout.status_quo | holdout.shipped_only)
    published(store, AdvanceRollout(rollout="r1", stage=1), now=LATER)
    published(store, FinishRollout(rollout="r1"), now=LAST)
    got = values(store)
    assert {got[unit] for unit in UNITS if bucket_of(unit, SALT) in holdout.status_quo} == {1}
    assert {got[unit] for unit in UNITS if bucket_of(unit, SALT) in holdout.shipped_only} == {4}


def test_a_rollout_moves_no_unit_of_a_running_experiment_and_is_refused_unless_it_knows_of_it(store):
    experiment = drawn(a_spec("e1", allocation=0.5), store.latest("home").state)
    published(store, AddExperiment(experiment=experiment), MoveExperiment(experiment="e1", event=Event.START))
    before = values(store)
    with pytest.raises(Forbidden, match="its control changes"):
        begun(store)
    state = store.latest("home").state
    operation = stage_operation(state, "r1", values={"a.x": 4}, stages=STAGES, author="ada", reason="why")
    published(store, operation, acknowledges=("e1",))
    after = values(store)
    enrolled = [unit for unit in UNITS if bucket_of(unit, SALT) in experiment.reserved]
    assert all(after[unit] == before[unit] for unit in enrolled)
    assert any(after[unit] == 4 for unit in UNITS if unit not in enrolled)


def test_no_experiment_starts_on_a_baseline_that_is_moving(store):
    begun(store)
    experiment = drawn(a_spec("e1", allocation=0.5), store.latest("home").state)
    with pytest.raises(Forbidden) as caught:
        published(store, AddExperiment(experiment=experiment))
    assert caught.value.facts["findings"][0]["code"] == "baseline_moving"


def test_two_editors_of_one_parameter_meet_a_conflict_and_two_of_different_ones_do_not(store):
    begun(store)
    with pytest.raises(Conflict, match=r"is changing a\.x"):
        begun(store, "r2", {"a.x": 5})
    with pytest.raises(Conflict, match=r"is changing a\.x"):
        published(store, SetBaseline(values={"a.x": 5}))
    begun(store, "r3", {"a.y": 5})
    assert set(store.latest("home").state.rollouts) == {"r1", "r3"}


def test_a_change_prepared_on_a_value_that_has_moved_since_is_refused(store):
    state = store.latest("home").state
    old = stage_operation(state, "r1", values={"a.x": 4}, stages=STAGES, author="ada", reason="why")
    published(store, SetBaseline(values={"a.x": 2}))
    with pytest.raises(Conflict) as caught:
        published(store, old)
    assert caught.value.code == "baseline_moved"


def test_taking_it_back_needs_no_approval_and_gives_every_unit_the_baseline(store):
    before = values(store)
    begun(store)
    published(store, AbortRollout(rollout="r1"))
    assert values(store) == before


@pytest.mark.parametrize("undone", ["began", "finished"])
def test_reverting_a_step_of_a_rollout_never_takes_the_rollout_up_again(store, undone):
    before = values(store)
    begun(store)
    number = store.latest("home").number
    if undone == "finished":
        published(store, AdvanceRollout(rollout="r1", stage=1), now=LATER)
        published(store, FinishRollout(rollout="r1"), now=LAST)
        number = store.latest("home").number
    published(store, *revert_operations(store, "home", number))
    assert store.latest("home").state.rollouts == {}
    assert values(store) == before


def test_what_cannot_be_served_once_it_is_everybodys_is_refused_before_the_first_bucket(store):
    for wrong, code in (({"a.x": 1_000}, "out_of_bounds"), ({"a.x": "three"}, "wrong_type")):
        state = store.latest("home").state
        operation = stage_operation(state, "r1", values=wrong, stages=STAGES, author="ada", reason="why")
        with pytest.raises(CounterpointError) as caught:
            published(store, operation)
        assert caught.value.code == code


def test_stages_that_do_not_grow_are_refused(store):
    state = store.latest("home").state
    stages = (RolloutStage(share=0.4, hours=1), RolloutStage(share=0.1, hours=1))
    operation = stage_operation(state, "r1", values={"a.x": 4}, stages=stages, author="ada", reason="why")
    with pytest.raises(CounterpointError) as caught:
        published(store, operation)
    assert caught.value.code == "bad_stages"


def test_an_approval_survives_a_later_release_and_not_another_change():
    store = MemoryReleaseStore()
    first_release(store, a_surface(approvals=1))
    base = store.latest("home")
    operation = stage_operation(base.state, "r1", values={"a.x": 4}, stages=STAGES, author="ada", reason="why")
    change = prepare(base, (operation,), change_id="c", surface="home", author="ada", reason="why", at=NOW)
    yes = Approval(id="1", subject_digest=review_digest(change), by="grace", at=NOW)
    state_change = prepare(
        base, (SetBaseline(values={"a.y": 3}),), change_id="d", surface="home", author="eve", reason="y", at=NOW
    )

    def fire(change, approvals):
        attestation = sign(change, findings=(), validator="test", key=KEY, at=NOW)
        return publish(change, attestation, store=store, now=NOW, actor="x", key=KEY, approvals=approvals)

    with pytest.raises(Forbidden, match="0 of 1 approvals"):
        fire(state_change, (yes,))
    own = Approval(id="2", subject_digest=review_digest(state_change), by="grace", at=NOW)
    fire(state_change, (own,))
    fire(rebase(change, store.latest("home")), (yes,))
    # The stages after it were approved with it.
    published(store, AdvanceRollout(rollout="r1", stage=1), now=LATER)
    published(store, FinishRollout(rollout="r1"), now=LAST)
    assert store.latest("home").state.baseline["a.x"] == 4


def test_a_rollout_reads_back_as_it_was_written(store):
    begun(store, values={"a.x": 4}, rules=(BaselineRule(key="se", audience='country == "SE"', set={"a.y": 3}),))
    rollout = rollout_of(store)
    assert decode(encode(rollout), type(rollout)) == rollout
