from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from counterpoint.errors import Conflict, InvalidInput, NotFound
from counterpoint.storage.sql import Database, SqlDocuments, open_database
from counterpoint.storage.sql.tables import documents as documents_table
from experiment_examples import NOW
from postgres_server import SQL_KINDS, fresh_sql_url


@pytest.fixture(params=SQL_KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(fresh_sql_url(request.param, tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def documents(database: Database) -> SqlDocuments:
    return SqlDocuments(database)


def test_a_document_comes_back_as_it_was_written(documents: SqlDocuments):
    body = {"b": [1, 2.5, None, True, "ünï"], "a": {}}
    written = documents.put("plan", "p1", body, expected_version=0, at=NOW)
    assert written.version == 1
    assert documents.get("plan", "p1") == written


def test_an_unknown_document_is_not_found(documents: SqlDocuments):
    documents.put("plan", "p1", {}, expected_version=0, at=NOW)
    for kind, key in (("plan", "p2"), ("other", "p1")):
        with pytest.raises(NotFound):
            documents.get(kind, key)


@pytest.mark.parametrize("expected", [0, 2, 5])
def test_a_write_on_another_version_is_a_conflict_and_changes_nothing(documents: SqlDocuments, expected: int):
    documents.put("plan", "p1", 1, expected_version=0, at=NOW)
    with pytest.raises(Conflict) as caught:
        documents.put("plan", "p1", 2, expected_version=expected, at=NOW)
    assert caught.value.code == "stale_write"
    assert documents.get("plan", "p1").body == 1


def test_a_document_is_deleted_at_its_version_only(documents: SqlDocuments):
    documents.put("plan", "p1", 1, expected_version=0, at=NOW)
    with pytest.raises(Conflict):
        documents.delete("plan", "p1", expected_version=2)
    documents.delete("plan", "p1", expected_version=1)
    with pytest.raises(NotFound):
        documents.get("plan", "p1")


def test_documents_are_listed_by_kind_and_prefix_the_last_written_first(documents: SqlDocuments):
    for minutes, (kind, key) in enumerate([("a", "x/1"), ("a", "x/2"), ("a", "x_3"), ("b", "x/4")]):
        documents.put(kind, key, key, expected_version=0, at=NOW + timedelta(minutes=minutes))
    assert [one.key for one in documents.list("a")] == ["x_3", "x/2", "x/1"]
    assert [one.key for one in documents.list("a", prefix="x/")] == ["x/2", "x/1"]
    assert [one.key for one in documents.list("a", prefix="x_")] == ["x_3"]
    assert len(documents.list("a", limit=1)) == 1


def test_writers_at_once_lose_no_increment(documents: SqlDocuments):
    documents.put("count", "n", 0, expected_version=0, at=NOW)

    def increment() -> None:
        done = 0
        while done < 10:
            now = documents.get("count", "n")
            try:
                documents.put("count", "n", now.body + 1, expected_version=now.version, at=NOW)
            except Conflict:
                continue
            done += 1

    threads = [Thread(target=increment) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert documents.get("count", "n").body == 30


def test_what_fails_half_way_leaves_nothing(database: Database, documents: SqlDocuments):
    row = {"kind": "k", "key": "a", "version": 1, "updated_at": "x", "body": "1"}
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.execute(documents_table.insert().values(row))
        raise RuntimeError
    assert documents.list("k") == ()


@pytest.mark.parametrize("key", ["half \ud800 a character", "null \0 byte"])
def test_text_that_cannot_be_stored_is_the_callers_fault_or_comes_back_as_it_was(documents: SqlDocuments, key: str):
    try:
        documents.put("k", key, 1, expected_version=0, at=NOW)
    except InvalidInput as error:
        assert error.code == "unstorable_value"
    else:
        assert documents.get("k", key).body == 1
