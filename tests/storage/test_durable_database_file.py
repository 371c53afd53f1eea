"""The durable executor's file: what is no database is named, and what is not there yet is no trouble."""

import sqlite3
from pathlib import Path

import pytest

from counterpoint.errors import InvalidInput
from counterpoint.storage.durable.database_file import require_database


def test_a_file_that_is_no_database_is_named_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "workflows.sqlite"
    path.write_bytes(b"no database at all\n" * 400)
    with pytest.raises(InvalidInput, match="no database") as caught:
        require_database(f"sqlite:///{path}")
    assert (caught.value.code, caught.value.where) == ("corrupt_database", str(path))


def test_a_database_a_file_to_come_and_a_server_are_let_through(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "kept.sqlite") as connection:
        connection.execute("CREATE TABLE kept (n INT)")
    connection.close()
    for url in (f"sqlite:///{tmp_path}/kept.sqlite", f"sqlite:///{tmp_path}/new.sqlite", "postgresql://host/name"):
        require_database(url)
    assert not (tmp_path / "new.sqlite").exists()
