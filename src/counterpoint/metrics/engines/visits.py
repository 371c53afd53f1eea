"""Visits in DuckDB: which units came, when, with which attributes, and how a metric was distributed among them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from counterpoint.config import Metric
from counterpoint.events import EventLog, Outcome, Served
from counterpoint.metrics.engines.duckdb import create_units, create_values, reduce_metrics
from counterpoint.metrics.engines.records import create_view, instant, micros, records_database, text
from counterpoint.metrics.rollup import MetricRollup, RollupQuestion
from counterpoint.vocabulary import Scalar

_DAY = 86_400_000_000
EVERYONE = "everyone"

Matches = Callable[[Mapping[str, Scalar]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Units of an audience over some whole days.

    Attributes:
        n_days: Whole days of history, the last one ending now.
        per_day: Distinct units on each day.
        new_per_day: Units whose first visit within the history was on that day.
    """

    n_days: int
    per_day: tuple[int, ...]
    new_per_day: tuple[int, ...]


def first_visit(log: EventLog, surface: str, *, since: datetime, now: datetime) -> datetime | None:
    """Return when the first page of a surface within [since, now) was served, or None."""
    with records_database() as db:
        create_view(db, log, Served, ("surface", "forced"), since=since, until=now)
        row = db.execute(f"SELECT min(t) FROM served WHERE surface = {text(surface)} AND NOT forced").fetchone()  # noqa: S608 - quoted
    return None if row is None or row[0] is None else instant(row[0])


def count_visits(log: EventLog, surface: str, matches: Matches, *, n_days: int, now: datetime) -> Visits:
    """Return how many units of an audience came on each of the last `n_days` days."""
    since = now - timedelta(days=n_days)
    with records_database() as db:
        _create_visits(db, log, surface, matches, since=since, until=now)
        day = f"(t - {micros(since)}) // {_DAY}"
        came = dict(db.execute(f"SELECT {day}, count(DISTINCT unit) FROM visits GROUP BY 1").fetchall())  # noqa: S608 - numbers
        new = dict(
            db.execute(
                f"SELECT {day}, count(*) FROM (SELECT unit, min(t) AS t FROM visits GROUP BY unit) GROUP BY 1"  # noqa: S608 - numbers
            ).fetchall()
        )
    days = range(n_days)
    return Visits(
        n_days=n_days, per_day=tuple(came.get(d, 0) for d in days), new_per_day=tuple(new.get(d, 0) for d in days)
    )


def metric_of_visitors(
    log: EventLog, surface: str, metric: Metric, matches: Matches, *, since: datetime, now: datetime, covariates: bool
) -> MetricRollup:
    """Return a metric of the units that came in [since, now - window), each over its window since its first visit.

    Args:
        log: Where the records are.
        surface: Whose visitors.
        metric: What to sum.
        matches: Which attributes are in the audience.
        since: First visits from then on count.
        now: Nothing recorded from then on is read.
        covariates: Whether to keep the same metric over the window before the first visit.
    """
    window = timedelta(days=metric.window_days)
    question = RollupQuestion(
        surface=surface,
        experiment="",
        variants=(EVERYONE,),
        metrics=(metric,),
        started_at=since,
        now=now,
        covariates=covariates,
    )
    with records_database() as db:
        _create_visits(db, log, surface, matches, since=since, until=now - window)
        fields = ("unit", "surface", "name", "value")
        create_view(db, log, Outcome, fields, since=since - window, until=now)
        db.execute(f"CREATE TEMP TABLE met AS SELECT unit, '{EVERYONE}' AS variant, t FROM visits")  # noqa: S608 - a constant
        create_units(db, question)
        create_values(db, question)
        return reduce_metrics(db, question)[metric.key]


def _create_visits(
    db: duckdb.DuckDBPyConnection, log: EventLog, surface: str, matches: Matches, *, since: datetime, until: datetime
) -> None:
    create_view(db, log, Served, ("unit", "surface", "attributes", "forced"), since=since, until=until)
    of = f"surface = {text(surface)} AND NOT forced"
    # The audience is asked once for each set of attributes that occurred, not for each page.
    known = db.execute(f"SELECT DISTINCT attributes FROM served WHERE {of}").fetchall()  # noqa: S608 - quoted
    wanted = [(row[0],) for row in known if matches(json.loads(row[0]))]
    db.execute("CREATE TEMP TABLE audience (attributes VARCHAR)")
    if wanted:
        db.executemany("INSERT INTO audience VALUES (?)", wanted)
    db.execute(
        f"CREATE TEMP TABLE visits AS SELECT unit, t FROM served SEMI JOIN audience USING (attributes) WHERE {of}"  # noqa: S608 - quoted
    )
