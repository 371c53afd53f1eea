from dataclasses import replace
from datetime import timedelta

import pytest

from counterpoint.config import BaselineRule
from counterpoint.errors import Conflict, NotFound
from counterpoint.experiments import pools_of
from counterpoint.releases import AddExperiment, SetRules, apply_change, holdout_operation
from experiment_examples import NOW, a_spec, a_state, a_surface, change_of, drawn

END = NOW + timedelta(days=90)


def begun(state, key="h", share=0.05, **fields):
    fields = {"owner": "data", "starts_at": NOW, "ends_at": END, **fields}
    return holdout_operation(state, key, share=share, **fields).holdout


def test_a_holdout_keeps_the_baseline_and_the_rules_of_its_start():
    rule = BaselineRule(key="r", audience="true", set={"a.x": 2})
    state = apply_change(a_state(), change_of(None, SetRules(rules=(rule,))), now=NOW)
    holdout = begun(state)
    assert holdout.baseline == state.baseline
    assert holdout.rules == (rule,)


def test_a_holdout_of_a_layer_keeps_that_layer_only():
    rules = (
        BaselineRule(key="r", audience="true", set={"a.x": 2, "b.x": 2}),
        BaselineRule(key="s", audience="true", set={"b.x": 3}),
    )
    state = apply_change(a_state(), change_of(None, SetRules(rules=rules)), now=NOW)
    holdout = begun(state, layers=("a",))
    assert set(holdout.baseline) == {"a.x", "a.y"}
    assert holdout.rules == (BaselineRule(key="r", audience="true", set={"a.x": 2}),)


def test_a_holdout_can_be_published_as_it_was_prepared():
    state = a_state(a_surface(holdout_pool=0.1))
    operation = holdout_operation(state, "h", owner="data", share=0.05, starts_at=NOW, ends_at=END)
    after = apply_change(state, change_of(None, operation), now=NOW)
    assert len(after.holdouts["h"].status_quo) == 500
    assert after.holdouts["h"].status_quo.is_subset(pools_of(state.surface).holdout)


def test_a_holdout_may_share_buckets_with_experiments_it_does_not_cover():
    state = a_state()
    state = apply_change(
        state, change_of(None, AddExperiment(experiment=drawn(a_spec(allocation=0.95), state))), now=NOW
    )
    assert len(begun(state, layers=("b",), share=0.3).status_quo) == 3000
    with pytest.raises(Conflict):
        begun(state, share=0.3)


def test_a_layer_that_is_not_there_is_refused_and_a_tag_in_use_is_not():
    with pytest.raises(NotFound) as caught:
        begun(a_state(), layers=("nowhere",))
    assert caught.value.code == "unknown_layer"
    state = a_state()
    tagged = replace(drawn(a_spec(layers=["tag"]), state))
    state = apply_change(state, change_of(None, AddExperiment(experiment=tagged)), now=NOW)
    assert begun(state, layers=("tag",)).baseline == {}
