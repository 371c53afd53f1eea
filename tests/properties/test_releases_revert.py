"""Reverting what was applied is as if it had not been, on everything that it touched."""

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.config import BaselineRule
from counterpoint.errors import Conflict, CounterpointError
from counterpoint.experiments import Event, allowed_events
from counterpoint.releases import (
    AddExperiment,
    MoveExperiment,
    SetBaseline,
    SetRules,
    parts_of,
    restore_operations,
    revert_operations,
)
from experiment_examples import NOW, a_spec, drawn, first_release, published

VALUES = st.dictionaries(st.sampled_from(["a.x", "a.y", "b.x", "c.x"]), st.integers(0, 100), min_size=1)
EDITS = st.one_of(
    st.builds(lambda values: ("baseline", values), VALUES),
    st.builds(lambda values, audience: ("rule", values, audience), VALUES, st.sampled_from(["true", 'plan == "free"'])),
    st.builds(lambda layer, share: ("add", layer, share), st.sampled_from("abc"), st.sampled_from([0.05, 0.3])),
    st.builds(lambda which, event: ("move", which, event), st.integers(0, 9), st.sampled_from(list(Event))),
)


def operations_of(edits, state, n: int):
    """The operations that make sense on `state`, each on what is there."""
    operations, touched = [], set()
    for place, edit in enumerate(edits):
        match edit:
            case ("baseline", values):
                operations.append(SetBaseline(values=values))
            case ("rule", values, audience):
                rule = BaselineRule(key=f"r{n}-{place}", audience=audience, set=values)
                operations.append(SetRules(rules=(rule, *state.rules[:2])))
            case ("add", layer, share) if "add" not in touched:
                spec = a_spec(f"e{n}-{place}", set={f"{layer}.x": 101 - place % 2 * 2 - 1}, allocation=share)
                try:
                    operations.append(AddExperiment(experiment=drawn(spec, state)))
                except Conflict:  # no space: another edit then
                    continue
                touched.add("add")
            case ("move", which, event) if state.experiments:
                keys = sorted(state.experiments)
                key = keys[which % len(keys)]
                if key in touched or event in (Event.SHIP, Event.RAMP):
                    continue
                if event in allowed_events(state.experiments[key].state):
                    operations.append(MoveExperiment(experiment=key, event=event))
                    touched.add(key)
    return operations


def publish_quietly(store, operations):
    keys = tuple(store.latest("home").state.experiments)
    return published(store, *operations, acknowledges=keys)


@settings(max_examples=40, deadline=None)
@given(history=st.lists(st.lists(EDITS, min_size=1, max_size=3), min_size=1, max_size=6), data=st.data())
def test_reverting_a_release_is_the_identity_on_what_it_touched(history, data):
    store = MemoryReleaseStore()
    first_release(store)
    for n, edits in enumerate(history):
        state = store.latest("home").state
        operations = operations_of(edits, state, n)
        try:
            publish_quietly(store, operations)
        except CounterpointError as error:  # what is refused is not published; what is, is tested
            assert error.code in REFUSALS, error
    last = store.head("home").number
    if last == 1:
        return
    before = store.get("home", last - 1).state
    published(store, *revert_operations(store, "home", last))
    now = parts_of(store.latest("home").state)
    wanted = parts_of(before)
    for path in store.history("home", before=last + 1, limit=1)[0].paths:
        assert now.get(path) == wanted.get(path)
    assert {path: body for path, body in now.items() if not path.startswith("retired/")} == {
        path: body for path, body in wanted.items() if not path.startswith("retired/")
    }
    number = data.draw(st.integers(1, last - 1))
    try:
        operations = restore_operations(store, "home", number)
    except Conflict as error:
        assert error.code == "nothing_changes"
        return
    try:
        restored = published(store, *operations, now=NOW)
    except Conflict as error:  # a key may come back whose buckets are somebody else's by now
        assert error.code == "buckets_taken"
        return
    then = store.get("home", number).state
    assert restored.state.baseline == then.baseline
    assert restored.state.rules == then.rules


REFUSALS = {"empty_change", "nothing_changes", "refused", "out_of_bounds"}
