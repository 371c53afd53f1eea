import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from counterpoint.errors import DependencyFailure, InvalidInput
from counterpoint.storage.sql import open_database
from counterpoint.storage.sql.database import _MIGRATIONS, newest_revision
from counterpoint.storage.sql.tables import metadata
from postgres_server import SQL_KINDS, fresh_postgres_url, fresh_sql_url


def refusal(url: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        open_database(url)
    return caught.value


@pytest.fixture(params=SQL_KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return fresh_sql_url(request.param, tmp_path)


def test_the_migrations_make_the_tables_that_the_code_uses(url: str):
    database = open_database(url)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_opening_again_finds_what_is_there(url: str):
    for expected in (0, 1):
        database = open_database(url)
        with database.writing() as connection:
            documents = metadata.tables["documents"]
            assert len(connection.execute(sa.select(documents)).all()) == expected
            row = {"kind": "k", "key": str(expected), "version": 1, "updated_at": "x", "body": "1"}
            connection.execute(documents.insert().values(row))
        database.close()


def test_processes_that_open_a_new_database_at_once_all_succeed(url: str):
    script = "import sys; from counterpoint.storage.sql import open_database; open_database(sys.argv[1]).close()"
    processes = [
        subprocess.Popen([sys.executable, "-c", script, url], stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said


def test_a_database_of_a_newer_version_is_left_alone(url: str):
    database = open_database(url)
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    assert refusal(url).code == "newer_schema"


def test_sqlite_waits_for_the_disk_and_lets_readers_read_while_one_writes(tmp_path: Path):
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    with database.reading() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    assert found == ["wal", 2, 1]
    with database.writing() as writer, database.reading() as reader:
        writer.execute(sa.text("DELETE FROM documents"))
        assert reader.execute(sa.text("SELECT count(*) FROM documents")).scalar() == 0
    database.close()


def test_a_database_in_memory_works_for_one_thread():
    database = open_database("sqlite://")
    with database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM releases")).scalar() == 0
    database.close()


def test_the_folder_of_a_new_database_is_made(tmp_path: Path):
    open_database(f"sqlite:///{tmp_path}/deep/er/state.db").close()
    assert (tmp_path / "deep/er/state.db").exists()


@pytest.mark.parametrize("given", ["", "nonsense", "mysql://x/y", "sqlite:/", "http://x", "postgresql+nope://x/y:z"])
def test_a_url_that_names_no_database_is_refused(given: str):
    assert refusal(given).code == "bad_database_url"


def test_a_password_is_never_shown():
    with pytest.raises(DependencyFailure) as caught:
        open_database("postgresql://ada:topsecret@127.0.0.1:1/nothing?connect_timeout=2")
    assert caught.value.code == "database_unavailable"
    assert "topsecret" not in str(caught.value.as_document())


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path):
    file = tmp_path / "notes.db"
    file.write_bytes(b"these are my notes, no database\n" * 200)
    assert refusal(f"sqlite:///{file}").code == "corrupt_database"
    assert file.read_bytes() == b"these are my notes, no database\n" * 200


def test_a_database_with_a_torn_page_says_so(tmp_path: Path):
    file = tmp_path / "state.db"
    open_database(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    content[100:4096] = os.urandom(3996)
    file.write_bytes(bytes(content))
    assert refusal(f"sqlite:///{file}").code == "corrupt_database"


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path):
    assert refusal(f"sqlite:///{tmp_path}").code == "unreadable_database"


def test_a_place_where_no_folder_can_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    assert refusal(f"sqlite:///{tmp_path}/file/state.db").code == "unreadable_database"


@pytest.mark.postgres
def test_a_postgresql_database_that_is_not_there_is_a_failure_of_a_dependency():
    url = fresh_postgres_url().replace("@/t", "@/not_t")
    with pytest.raises(DependencyFailure) as caught:
        open_database(url)
    assert caught.value.retryable


def test_the_newest_migration_by_its_name_is_the_one_that_all_lead_to() -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()
