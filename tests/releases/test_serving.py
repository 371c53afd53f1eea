"""From a Change to the value that one unit gets: releases make what the serving path resolves."""

from collections import Counter
from datetime import timedelta

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.assignment import bucket_of
from counterpoint.config import BaselineRule, compile_snapshot
from counterpoint.experiments import Event
from counterpoint.releases import (
    AddExperiment,
    MoveExperiment,
    SetBaseline,
    SetRules,
    ShipVariant,
    bucket_salt_of,
    holdout_operation,
    revert_operations,
    snapshot_of,
)
from experiment_examples import NOW, a_spec, a_surface, drawn, first_release, published

UNITS = [f"user-{n}" for n in range(400)]
SE, NO = {"country": "SE", "plan": "free"}, {"country": "NO", "plan": "free"}
SALT = bucket_salt_of("home")


@pytest.fixture
def store():
    store = MemoryReleaseStore()
    first_release(store, a_surface(holdout_pool=0.2))
    return store


def values(store, key="a.x", context=SE, units=UNITS) -> dict[str, object]:
    compiled = compile_snapshot(snapshot_of(store.latest("home")))
    assert compiled.faults == ()
    return {unit: compiled.resolve(unit, context, NOW).value(key) for unit in units}


def launched(store, key="e1", **fields):
    experiment = drawn(a_spec(key, **fields), store.latest("home").state)
    published(store, AddExperiment(experiment=experiment), MoveExperiment(experiment=key, event=Event.START))
    return experiment


def test_a_launch_reaches_its_share_of_its_audience_half_of_them_treated(store):
    experiment = launched(store, allocation=0.5, audience='country == "SE"')
    got = values(store)
    inside = {unit for unit in UNITS if bucket_of(unit, SALT) in experiment.reserved}
    counts = Counter(got[unit] for unit in inside)
    # About 200 of 400 units inside, about half of them treated; standard deviations of 10 and 7.
    assert 150 < len(inside) < 250
    assert 65 < counts[5] < 135
    assert {got[unit] for unit in UNITS if unit not in inside} == {1}
    assert set(values(store, context=NO).values()) == {1}


def test_a_stop_a_restart_and_a_revert_give_every_unit_what_it_had(store):
    launched(store, allocation=0.5)
    before = values(store)
    published(store, MoveExperiment(experiment="e1", event=Event.STOP))
    assert set(values(store).values()) == {1}
    published(store, MoveExperiment(experiment="e1", event=Event.RESTART))
    assert values(store) == before
    published(store, MoveExperiment(experiment="e1", event=Event.KILL))
    published(store, *revert_operations(store, "home", store.head("home").number))
    assert values(store) == before


def test_what_is_shipped_reaches_everyone_of_the_audience_and_nobody_else(store):
    launched(store, allocation=0.5, audience='country == "SE"')
    moves = [MoveExperiment(experiment="e1", event=event) for event in (Event.STOP, Event.DECIDE)]
    published(store, *moves, ShipVariant(experiment="e1", variant="treatment"))
    assert set(values(store).values()) == {5}
    assert set(values(store, context=NO).values()) == {1}


def test_rules_apply_in_their_order(store):
    rules = (
        BaselineRule(key="se", audience='country == "SE"', set={"a.x": 2}),
        BaselineRule(key="all", audience="true", set={"a.x": 3, "a.y": 3}),
    )
    published(store, SetRules(rules=rules))
    assert set(values(store).values()) == {2}
    assert set(values(store, context=NO).values()) == {3}
    assert set(values(store, key="a.y").values()) == {3}


def test_a_holdout_keeps_the_baseline_of_its_start_and_its_other_half_gets_what_ships(store):
    begin = holdout_operation(
        store.latest("home").state, "h", owner="x", share=0.1, starts_at=NOW, ends_at=NOW + timedelta(days=90)
    )
    published(store, begin)
    launched(store, allocation=0.5, set={"b.x": 9})
    published(store, SetBaseline(values={"a.x": 7}))
    status_quo = [unit for unit in UNITS if bucket_of(unit, SALT) in begin.holdout.status_quo]
    shipped_only = [unit for unit in UNITS if bucket_of(unit, SALT) in begin.holdout.shipped_only]
    assert len(status_quo) > 15
    assert len(shipped_only) > 15
    assert set(values(store, units=status_quo).values()) == {1}
    assert set(values(store, units=shipped_only).values()) == {7}
    assert set(values(store, key="b.x", units=[*status_quo, *shipped_only]).values()) == {1}
    assert 9 in values(store, key="b.x").values()
