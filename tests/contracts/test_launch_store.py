"""The contract of LaunchStore, on the fake, SQLite and PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from counterpoint.errors import Conflict, NotFound
from counterpoint.orchestration import Approval, Launch, LaunchState, LaunchStore, Receipt, TimelineEntry
from counterpoint.storage.sql import SqlAuditLog, SqlLaunchStore, open_database
from launch_fakes import START, MemoryLaunches, spec_document
from postgres_server import SQL_KINDS, fresh_sql_url


@pytest.fixture(params=["memory", *SQL_KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LaunchStore]:
    if request.param == "memory":
        yield MemoryLaunches()
        return
    database = open_database(fresh_sql_url(request.param, tmp_path))
    yield SqlLaunchStore(database)
    database.close()


def _launch(number: int = 1, **changes: object) -> Launch:
    at = START + timedelta(minutes=number)
    fields = {
        "id": f"launch-{number}",
        "surface": "home",
        "experiment": f"experiment-{number}",
        "author": "ada",
        "hypothesis": "Podcasts in second place raise minutes, even in Göteborg.",
        "created_at": at,
        "updated_at": at,
        "spec": spec_document(),
    }
    return Launch(**{**fields, **changes})


def test_a_launch_comes_back_as_it_went_in(store: LaunchStore) -> None:
    entry = TimelineEntry(
        transition="t", state="running", step="start", at=START, seconds=0.25, reason="because", evidence={"n": [1, 2]}
    )
    launch = _launch(
        state=LaunchState.RUNNING,
        plan={"outcome": "plan"},
        approvals=(Approval(by="grace", at=START),),
        receipts=(Receipt(backend="surface", idempotency_key="k", detail={"release": 2}),),
        due_at=START + timedelta(microseconds=1),
        begun_at=START,
        claim="launch-1:look:3",
        timeline=(entry,),
    )
    store.create(launch)
    assert store.get("launch-1") == launch


@pytest.mark.parametrize("kind", SQL_KINDS)
def test_each_transition_is_audited_once_with_the_write_that_brings_it_and_not_without(
    kind: str, tmp_path: Path
) -> None:
    database = open_database(fresh_sql_url(kind, tmp_path))
    store, log = SqlLaunchStore(database), SqlAuditLog(database)
    entry = TimelineEntry(
        transition="t1", state="planned", step="plan", at=START, seconds=0.0, reason="written", actor="ada"
    )
    first = store.create(_launch(state=LaunchState.PLANNED, updated_at=START, timeline=(entry,)))
    later = START + timedelta(hours=1)
    killed = msgspec.structs.replace(entry, transition="t2", state="stopped", step="kill", at=later, actor="grace")
    moved = msgspec.structs.replace(first, updated_at=later, timeline=(entry, killed))
    kept = store.put(moved)
    store.put(msgspec.structs.replace(kept, due_at=later))
    with pytest.raises(Conflict):
        store.put(
            msgspec.structs.replace(moved, timeline=(*moved.timeline, msgspec.structs.replace(killed, transition="t3")))
        )
    found = log.entries(subject="surfaces/home")
    assert [(each.action, each.actor, each.before, each.after["state"]) for each in found] == [
        ("kill", "grace", {"state": "planned"}, "stopped"),
        ("plan", "ada", None, "planned"),
    ]
    database.close()


def test_an_unknown_launch_is_not_found(store: LaunchStore) -> None:
    with pytest.raises(NotFound) as caught:
        store.get("nobody")
    assert caught.value.code == "unknown_launch"


def test_an_id_is_taken_once(store: LaunchStore) -> None:
    store.create(_launch(state=LaunchState.FAILED))
    with pytest.raises(Conflict) as caught:
        store.create(_launch(experiment="another"))
    assert caught.value.code == "launch_exists"


def test_an_experiment_has_one_launch_that_has_not_ended(store: LaunchStore) -> None:
    first = store.create(_launch(1, experiment="podcasts"))
    with pytest.raises(Conflict) as caught:
        store.create(_launch(2, experiment="podcasts"))
    assert caught.value.code == "launch_exists"
    store.create(_launch(3, experiment="podcasts", surface="search"))
    store.put(msgspec.structs.replace(first, state=LaunchState.ROLLED_BACK))
    store.create(_launch(4, experiment="podcasts"))


def test_of_many_who_submit_one_experiment_at_once_one_succeeds(store: LaunchStore) -> None:
    def create(number: int) -> bool:
        try:
            store.create(_launch(number, experiment="podcasts"))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, range(8))) == [False] * 7 + [True]


def test_a_write_counts_the_version_and_a_stale_one_is_refused(store: LaunchStore) -> None:
    read = store.create(_launch())
    written = store.put(msgspec.structs.replace(read, stage=0))
    assert (written.version, store.get("launch-1")) == (read.version + 1, written)
    with pytest.raises(Conflict) as caught:
        store.put(msgspec.structs.replace(read, stage=5))
    assert caught.value.code == "stale_write"
    assert store.get("launch-1").stage == 0


def test_of_many_writers_of_one_version_one_succeeds(store: LaunchStore) -> None:
    read = store.create(_launch())

    def put(stage: int) -> bool:
        try:
            store.put(msgspec.structs.replace(read, stage=stage))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(put, range(8))) == 1


def test_launches_are_listed_the_newest_first_and_by_surface(store: LaunchStore) -> None:
    for number, surface in ((2, "home"), (3, "search"), (1, "home")):
        store.create(_launch(number, surface=surface))
    assert [launch.id for launch in store.list()] == ["launch-3", "launch-2", "launch-1"]
    assert [launch.id for launch in store.list("home")] == ["launch-2", "launch-1"]
    assert store.list("nowhere") == ()


def test_what_is_due_comes_the_longest_overdue_first_and_nothing_before_its_time(store: LaunchStore) -> None:
    for number, minutes in ((1, 30), (2, 10), (3, 20)):
        store.create(_launch(number, due_at=START + timedelta(minutes=minutes)))
    store.create(_launch(4))
    assert [launch.id for launch in store.due(START + timedelta(minutes=20))] == ["launch-2", "launch-3"]
    assert store.due(START + timedelta(minutes=10) - timedelta(microseconds=1)) == ()
    store.put(msgspec.structs.replace(store.get("launch-2"), due_at=None))
    assert [launch.id for launch in store.due(START + timedelta(days=1))] == ["launch-3", "launch-1"]


def test_what_is_asked_at_every_tick_is_answered_without_reading_launches(store: LaunchStore) -> None:
    assert store.ids_in({LaunchState.DECIDED}) == ()
    assert store.first_due_at() is None
    store.create(_launch(2, state=LaunchState.SHIPPED))
    store.create(_launch(1, state=LaunchState.DECIDED))
    store.create(_launch(3, state=LaunchState.RUNNING, due_at=START + timedelta(days=2)))
    store.create(_launch(4, state=LaunchState.RUNNING, due_at=START + timedelta(days=1)))
    assert store.ids_in({LaunchState.DECIDED, LaunchState.SHIPPED}) == ("launch-1", "launch-2")
    assert store.first_due_at() == START + timedelta(days=1)
