from datetime import timedelta

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.errors import Conflict, NotFound
from counterpoint.experiments import Event, State
from counterpoint.releases import (
    AddExperiment,
    MoveExperiment,
    SetBaseline,
    blame,
    restore_operations,
    revert_operations,
)
from experiment_examples import NOW, a_spec, drawn, first_release, published


@pytest.fixture
def store():
    store = MemoryReleaseStore()
    first_release(store)
    return store


def launched(store, key="e1", **fields):
    experiment = drawn(a_spec(key, **fields), store.latest("home").state)
    return published(store, AddExperiment(experiment=experiment), MoveExperiment(experiment=key, event=Event.START))


def test_a_revert_undoes_one_release_and_leaves_later_ones_alone(store):
    published(store, SetBaseline(values={"a.x": 2}))
    published(store, SetBaseline(values={"b.x": 3}))
    reverted = published(store, *revert_operations(store, "home", 2))
    assert (reverted.state.baseline["a.x"], reverted.state.baseline["b.x"]) == (1, 3)


def test_a_revert_that_would_lose_a_later_edit_says_which(store):
    published(store, SetBaseline(values={"a.x": 2}))
    published(store, SetBaseline(values={"a.x": 3}))
    with pytest.raises(Conflict) as caught:
        revert_operations(store, "home", 2)
    assert (caught.value.code, caught.value.facts) == ("touched_since", {"touched": {"baseline/a.x": 3}})
    forced = published(store, *revert_operations(store, "home", 2, force=True))
    assert forced.state.baseline["a.x"] == 1


def test_reverting_a_stop_finds_the_same_units_running(store):
    running = launched(store).state.experiments["e1"]
    published(store, MoveExperiment(experiment="e1", event=Event.STOP))
    again = published(store, *revert_operations(store, "home", 3)).state.experiments["e1"]
    assert again == running


def test_reverting_an_archive_gives_the_buckets_back_only_while_they_are_free(store):
    launched(store, allocation=0.9)
    published(store, MoveExperiment(experiment="e1", event=Event.STOP))
    published(store, MoveExperiment(experiment="e1", event=Event.ARCHIVE))
    operations = revert_operations(store, "home", 4)
    launched(store, "e2", allocation=0.9)
    with pytest.raises(Conflict) as caught:
        published(store, *operations)
    assert caught.value.code == "buckets_taken"
    published(store, MoveExperiment(experiment="e2", event=Event.STOP))
    published(store, MoveExperiment(experiment="e2", event=Event.ARCHIVE))
    back = published(store, *operations)
    assert back.state.experiments["e1"].state is State.STOPPED
    assert set(back.state.retired) == {"e2"}


def test_a_launch_taken_back_at_once_may_be_tried_again(store):
    first = launched(store)
    published(store, *revert_operations(store, "home", 2), now=NOW + timedelta(minutes=5))
    assert launched(store).state.experiments["e1"].reserved == first.state.experiments["e1"].reserved


def test_a_launch_taken_back_later_keeps_its_key(store):
    launched(store)
    published(store, *revert_operations(store, "home", 2), now=NOW + timedelta(days=1))
    with pytest.raises(Conflict) as caught:
        launched(store)
    assert caught.value.code == "key_taken"


def test_restoring_a_release_brings_back_all_of_it(store):
    published(store, SetBaseline(values={"a.x": 2}))
    wanted = published(store, SetBaseline(values={"b.x": 3}))
    published(store, SetBaseline(values={"a.x": 9, "b.x": 9, "c.x": 9}))
    published(store, SetBaseline(values={"a.x": 8}))
    assert published(store, *restore_operations(store, "home", 3)).digest == wanted.digest


def test_restoring_does_not_wake_what_was_archived_since(store):
    launched(store)
    published(store, MoveExperiment(experiment="e1", event=Event.STOP))
    published(store, MoveExperiment(experiment="e1", event=Event.ARCHIVE), SetBaseline(values={"a.x": 4}))
    restored = published(store, *restore_operations(store, "home", 2)).state
    assert restored.baseline["a.x"] == 1
    assert restored.experiments == {}
    assert set(restored.retired) == {"e1"}


def test_restoring_what_is_live_is_refused(store):
    with pytest.raises(Conflict) as caught:
        restore_operations(store, "home", 1)
    assert caught.value.code == "nothing_changes"


@pytest.mark.parametrize("number", [0, 1, 7])
def test_there_is_nothing_to_revert_before_the_first_release_or_after_the_last(store, number):
    with pytest.raises(NotFound) as caught:
        revert_operations(store, "home", number)
    assert caught.value.code == "unknown_release"


def test_nobody_is_to_blame_for_what_never_was(store):
    with pytest.raises(NotFound) as caught:
        blame(store, "home", "baseline/z.z")
    assert caught.value.code == "unknown_part"


def test_a_revert_under_a_running_experiment_is_flagged_and_passes(store):
    published(store, SetBaseline(values={"a.x": 2}))
    launched(store)
    published(store, *revert_operations(store, "home", 2))
    (warning,) = store.audit.entries()[0].facts["warnings"]
    assert (warning["code"], warning["severity"]) == ("baseline_under_experiment", "warning")
