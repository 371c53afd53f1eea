"""What every `LaunchStore` promises: on the fake, on SQLite, on PostgreSQL."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import msgspec
import pytest

from counterpoint.errors import Conflict, NotFound
from counterpoint.orchestration import Launch, LaunchState, LaunchStore, TimelineEntry
from counterpoint.storage.sql import SqlLaunchStore, open_database
from experiment_examples import NOW
from launch_fakes import MemoryLaunches
from postgres_server import SQL_KINDS, fresh_sql_url


@pytest.fixture(params=["memory", *SQL_KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LaunchStore]:
    if request.param == "memory":
        yield MemoryLaunches()
        return
    database = open_database(fresh_sql_url(request.param, tmp_path))
    yield SqlLaunchStore(database)
    database.close()


def launch(name: str = "l1", *, minutes: int = 0, due_at: datetime | None = None, surface: str = "home") -> Launch:
    at = NOW + timedelta(minutes=minutes)
    entry = TimelineEntry(
        transition="t", state="submitted", step="s", at=at, seconds=0.5, reason="ünï", evidence={"a": [1, None]}
    )
    return Launch(
        id=name,
        surface=surface,
        experiment=f"e-{name}",
        author="ada",
        hypothesis="Better.",
        created_at=at,
        updated_at=at,
        due_at=due_at,
        timeline=(entry,),
    )


def test_a_launch_comes_back_as_it_was_stored(store: LaunchStore):
    one = launch(due_at=NOW)
    assert store.create(one) == one
    assert store.get("l1") == one


def test_a_launch_is_created_once(store: LaunchStore):
    store.create(launch())
    with pytest.raises(Conflict) as caught:
        store.create(launch())
    assert caught.value.code == "launch_exists"


def test_an_unknown_launch_is_not_found_and_cannot_be_written(store: LaunchStore):
    with pytest.raises(NotFound) as caught:
        store.get("nobody")
    assert caught.value.code == "unknown_launch"
    with pytest.raises((NotFound, Conflict)):
        store.put(launch("nobody"))


def test_each_write_takes_the_version_one_further(store: LaunchStore):
    store.create(launch())
    for version in (1, 2):
        written = store.put(msgspec.structs.replace(store.get("l1"), state=LaunchState.PLANNED))
        assert written.version == version
        assert store.get("l1") == written


def test_a_write_on_what_was_read_too_long_ago_is_refused_and_changes_nothing(store: LaunchStore):
    read = store.create(launch())
    kept = store.put(msgspec.structs.replace(read, hypothesis="first"))
    with pytest.raises(Conflict) as caught:
        store.put(msgspec.structs.replace(read, hypothesis="second"))
    assert caught.value.code == "stale_write"
    assert store.get("l1") == kept


def test_launches_are_listed_newest_first_of_one_surface_or_all(store: LaunchStore):
    for name, minutes, surface in (("a", 1, "home"), ("b", 3, "search"), ("c", 2, "home")):
        store.create(launch(name, minutes=minutes, surface=surface))
    assert [one.id for one in store.list()] == ["b", "c", "a"]
    assert [one.id for one in store.list("home")] == ["c", "a"]
    assert store.list("nowhere") == ()


def test_what_is_due_is_found_the_longest_overdue_first(store: LaunchStore):
    for name, minutes in (("late", 20), ("now", 30), ("later", 31), ("never", None)):
        store.create(launch(name, due_at=None if minutes is None else NOW + timedelta(minutes=minutes)))
    assert [one.id for one in store.due(NOW + timedelta(minutes=30))] == ["late", "now"]
    moved = msgspec.structs.replace(store.get("late"), due_at=None)
    store.put(moved)
    assert [one.id for one in store.due(NOW + timedelta(days=1))] == ["now", "later"]


def test_writers_at_once_lose_no_entry(store: LaunchStore):
    store.create(launch())

    def write(name: str) -> None:
        done = 0
        while done < 8:
            read = store.get("l1")
            entry = msgspec.structs.replace(read.timeline[0], transition=f"{name}-{done}")
            try:
                store.put(msgspec.structs.replace(read, timeline=(*read.timeline, entry)))
            except Conflict:
                continue
            done += 1

    if isinstance(store, MemoryLaunches):
        write("a")
        write("b")
    else:
        threads = [Thread(target=write, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = {entry.transition for entry in store.get("l1").timeline}
    assert found == {"t", *(f"{name}-{n}" for name in "ab" for n in range(8))}
