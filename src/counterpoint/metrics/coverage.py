"""What was recorded of a surface at all: which outcomes, and how often."""

from collections.abc import Mapping
from datetime import datetime

from counterpoint.events import EventLog, Outcome
from counterpoint.metrics.engines.records import create_view, records_database, text


def recorded_outcomes(log: EventLog, surface: str, *, since: datetime, until: datetime) -> Mapping[str, int]:
    """Return the name of each outcome recorded on `surface` within [since, until), with how many events carry it."""
    with records_database() as db:
        create_view(db, log, Outcome, ("surface", "name"), since=since, until=until)
        rows = db.execute(
            f"SELECT name, count(*) FROM outcome WHERE surface = {text(surface)} GROUP BY ALL ORDER BY ALL"  # noqa: S608 - quoted
        ).fetchall()
    return dict(rows)
