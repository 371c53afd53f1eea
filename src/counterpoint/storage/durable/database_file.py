"""Looks at the file of the durable executor before its library does, which would end in a page of its own words."""

import sqlite3
from contextlib import closing
from pathlib import Path

from counterpoint.errors import InvalidInput

_PREFIX = "sqlite:///"


def require_database(url: str) -> None:
    """Refuse a file that is there and is no database; a server, memory and a file to come are left alone.

    Raises:
        InvalidInput: code `corrupt_database`.
    """
    path = Path(url.removeprefix(_PREFIX))
    if not url.startswith(_PREFIX) or not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        return  # busy, or out of room: no damage, and who uses it says so
    except sqlite3.DatabaseError as error:
        # What is under way stands in the state's database too: without this file launches begin their step anew.
        raise InvalidInput(
            "corrupt_database",
            f"this is no database that can be read: {error}",
            where=str(path),
            fix="restore a copy of it, or move it away: launches go on from the state that is kept beside it",
        ) from error
