"""What every `ReleaseStore` promises: on the fake, on SQLite, on PostgreSQL."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.errors import Conflict, NotFound
from counterpoint.experiments import Event
from counterpoint.releases import (
    AddExperiment,
    MoveExperiment,
    ReleaseStore,
    ReplaceSurface,
    SetBaseline,
    SetRules,
    blame,
    publish,
    revert_operations,
)
from counterpoint.storage.sql import SqlAuditLog, SqlReleaseStore, open_database
from experiment_examples import NOW, a_spec, a_surface, attested, change_of, drawn, first_release, published
from postgres_server import SQL_KINDS, fresh_sql_url

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=["memory", *SQL_KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReleaseStore]:
    if request.param == "memory":
        yield MemoryReleaseStore()
        return
    database = open_database(fresh_sql_url(request.param, tmp_path))
    yield SqlReleaseStore(database)
    database.close()


@pytest.fixture(params=SQL_KINDS)
def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return fresh_sql_url(request.param, tmp_path)


def test_a_surface_without_releases_has_nothing_live(store: ReleaseStore):
    assert store.latest("home") is None
    assert store.head("home") is None
    assert store.surfaces() == ()
    assert store.history("home") == ()


def test_what_was_published_is_what_is_read_back(store: ReleaseStore):
    first = first_release(store)
    second = published(store, SetBaseline(values={"a.x": 7}))
    assert store.latest("home") == second
    assert store.get("home", 1) == first
    assert store.get("home", 2) == second
    assert store.latest("home").state.baseline["a.x"] == 7
    assert store.surfaces() == ("home",)


def test_an_experiment_comes_back_with_its_buckets_and_its_spec_as_written(store: ReleaseStore):
    base = first_release(store)
    experiment = drawn(a_spec(), base.state)
    published(store, AddExperiment(experiment=experiment), MoveExperiment(experiment="e1", event=Event.START))
    back = store.get("home", 2).state.experiments["e1"]
    assert back.reserved == experiment.reserved
    assert back.spec == experiment.spec
    assert back.owned == experiment.reserved


def test_the_change_and_its_attestation_come_back_as_they_were(store: ReleaseStore):
    first_release(store)
    change = change_of(store.latest("home"), SetBaseline(values={"a.x": 3}))
    attestation = attested(change)
    publish(change, attestation, store=store, now=NOW, actor="p", key=b"a test's signing key")
    assert store.change_of("home", 2) == (change, attestation)


def test_appending_a_number_that_is_taken_is_a_stale_base(store: ReleaseStore):
    first_release(store)
    base = store.latest("home")
    change = change_of(base, SetBaseline(values={"a.x": 3}))
    published(store, SetBaseline(values={"a.y": 4}))
    note = replace(store.head("home"), change_id=change.id)
    with pytest.raises(Conflict, match="first") as caught:
        store.append(note, changed={}, change=change, attestation=attested(change), audit=None)
    assert caught.value.code == "stale_base"
    assert store.head("home").number == 2


def test_history_is_newest_first_and_can_follow_one_part(store: ReleaseStore):
    first_release(store)
    for value in (2, 3, 4):
        published(store, SetBaseline(values={"a.x": value}))
        published(store, SetBaseline(values={"b.x": value}))
    assert [note.number for note in store.history("home")] == [7, 6, 5, 4, 3, 2, 1]
    assert [note.number for note in store.history("home", path="baseline/a.x")] == [6, 4, 2, 1]
    assert [note.number for note in store.history("home", limit=2, before=5)] == [4, 3]
    assert store.history("home", path="baseline/a.x", limit=1)[0].paths == ("baseline/a.x",)


def test_a_part_is_what_it_was_at_each_release(store: ReleaseStore):
    first_release(store)
    published(store, SetBaseline(values={"a.x": 2}))
    published(store, SetBaseline(values={"b.x": 2}))
    assert [store.part("home", "baseline/a.x", number) for number in (1, 2, 3)] == [b"1", b"2", b"2"]
    assert store.part("home", "experiments/none", 3) is None


def test_a_part_that_went_is_gone_from_then_on(store: ReleaseStore):
    base = first_release(store)
    published(store, AddExperiment(experiment=drawn(a_spec(), base.state)))
    published(store, MoveExperiment(experiment="e1", event=Event.ARCHIVE))
    assert store.part("home", "experiments/e1", 2) is not None
    assert store.part("home", "experiments/e1", 3) is None
    assert "e1" not in store.latest("home").state.experiments
    assert "e1" in store.latest("home").state.retired


def test_a_published_change_is_found_by_its_id_only_once_it_is(store: ReleaseStore):
    first_release(store)
    change = change_of(store.latest("home"), SetBaseline(values={"a.x": 3}), change_id="mine")
    assert store.find_change("home", "mine") is None
    publish(change, attested(change), store=store, now=NOW, actor="p", key=b"a test's signing key")
    assert store.find_change("home", "mine").number == 2


def test_an_unknown_release_is_not_found(store: ReleaseStore):
    first_release(store)
    for number in (0, 2):
        with pytest.raises(NotFound) as caught:
            store.get("home", number)
        assert caught.value.code == "unknown_release"


def test_surfaces_do_not_see_each_others_releases(store: ReleaseStore):
    first_release(store)
    first_release(store, a_surface(key="search"))
    published(store, SetBaseline(values={"a.x": 9}), surface="search")
    assert store.surfaces() == ("home", "search")
    assert store.latest("home").number == 1
    assert store.latest("home").state.baseline["a.x"] == 1


def test_blame_names_the_release_that_last_set_a_parameter(store: ReleaseStore):
    first_release(store)
    published(store, SetBaseline(values={"a.x": 3}), author="ada", reason="three is better")
    published(store, SetBaseline(values={"b.x": 3}))
    note = blame(store, "home", "baseline/a.x")
    assert (note.number, note.author, note.reason) == (2, "ada", "three is better")


def test_a_revert_is_a_release_with_the_state_from_before(store: ReleaseStore):
    first = first_release(store)
    published(store, SetBaseline(values={"a.x": 3}))
    reverted = published(store, *revert_operations(store, "home", 2))
    assert reverted.number == 3
    assert reverted.digest == first.digest
    assert store.latest("home").state == first.state


@pytest.fixture
def two_stores(sql_url: str) -> Iterator[tuple[SqlReleaseStore, SqlReleaseStore]]:
    one, other = open_database(sql_url), open_database(sql_url)
    yield SqlReleaseStore(one), SqlReleaseStore(other)
    one.close()
    other.close()


def test_a_second_process_sees_what_the_first_published_though_it_keeps_a_copy(two_stores):
    one, other = two_stores
    first_release(one)
    assert other.latest("home").number == 1
    published(one, SetBaseline(values={"a.x": 2}))
    published(one, SetBaseline(values={"b.x": 2}))
    assert other.latest("home") == one.latest("home")
    published(other, SetBaseline(values={"a.x": 5}), now=NOW + timedelta(hours=1))
    assert one.latest("home").state.baseline["a.x"] == 5


def test_two_processes_publishing_at_once_lose_nothing(sql_url: str):
    n_each = 8
    database = open_database(sql_url)
    try:
        store = SqlReleaseStore(database)
        published(store, ReplaceSurface(surface=a_surface()), SetRules(rules=()))
        script = ROOT / "contracts" / "publisher_process.py"
        processes = [
            subprocess.Popen(
                [sys.executable, script, sql_url, name, str(n_each)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            )
            for name in ("ada", "bob")
        ]
        said = [process.communicate(timeout=90)[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0], said
        live = store.latest("home")
        wanted = {f"{name}-{place}" for name in ("ada", "bob") for place in range(n_each)}
        assert {rule.key for rule in live.state.rules} == wanted
        assert live.number == 1 + 2 * n_each
        assert [note.number for note in store.history("home")] == list(range(live.number, 0, -1))
        entries = SqlAuditLog(database).entries(subject="surfaces/home")
        assert {entry.facts["release"] for entry in entries} == set(range(1, live.number + 1))
    finally:
        database.close()


def test_the_heads_say_what_is_live_on_every_surface(store: ReleaseStore):
    assert store.heads() == {}
    first_release(store)
    published(store, SetBaseline(values={"a.x": 7}))
    assert store.heads() == {"home": 2}
    assert store.head("home").number == 2
    assert store.head("home").paths == ("baseline/a.x",)
    published(store, SetBaseline(values={"a.x": 8}))
    assert store.heads() == {"home": 3}
    assert store.head("home") == store.history("home")[0]
