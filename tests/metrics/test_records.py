"""Readings in one process share an engine and nothing else."""

import pytest

from counterpoint.errors import DependencyFailure
from counterpoint.metrics.engines.records import records_database


def test_two_readings_at_once_see_nothing_of_each_other() -> None:
    with records_database() as one, records_database() as two:
        for db, value in ((one, 1), (two, 2)):
            db.execute(f"CREATE TEMP VIEW exposure AS SELECT {value} AS n")
            db.execute(f"CREATE TEMP TYPE outcome_name AS ENUM ('of-{value}')")
        assert one.execute("SELECT n FROM exposure").fetchall() == [(1,)]
        assert two.execute("SELECT n FROM exposure").fetchall() == [(2,)]
        assert two.execute("SELECT 'of-2'::outcome_name::VARCHAR").fetchall() == [("of-2",)]
    with pytest.raises(DependencyFailure, match="exposure"), records_database() as later:
        later.execute("SELECT n FROM exposure")
