"""Visits: which units came, when, with which attributes, and how a metric was distributed among them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from counterpoint.config import Metric
from counterpoint.events import EventLog, Outcome, Served
from counterpoint.metrics.engines.duckdb import in_duckdb
from counterpoint.metrics.engines.exposures import keep_units
from counterpoint.metrics.engines.records import instant, micros
from counterpoint.metrics.engines.reduction import reduced
from counterpoint.metrics.engines.relations import Reading, Relations
from counterpoint.metrics.rollup import MetricRollup, RollupQuestion
from counterpoint.vocabulary import Scalar

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


def first_visit(
    log: EventLog, surface: str, *, since: datetime, now: datetime, reading: Reading = in_duckdb
) -> datetime | None:
    """Return when the first page of a surface within [since, now) was served, or None."""
    with reading() as on:
        on.records(log, Served, ("surface", "forced"), since=since, until=now)
        ((first,),) = on.ask(f"SELECT min(t) FROM served WHERE surface = {on.sql.text(surface)} AND NOT forced")  # noqa: S608 - quoted
    return None if first is None else instant(first)


def count_visits(
    log: EventLog, surface: str, matches: Matches, *, n_days: int, now: datetime, reading: Reading = in_duckdb
) -> Visits:
    """Return how many units of an audience came on each of the last `n_days` days."""
    since = now - timedelta(days=n_days)
    with reading() as on:
        _keep_visits(on, log, surface, matches, since=since, until=now)
        day = on.sql.days(f"(t - {micros(since)})")
        came = dict(on.ask(f"SELECT {day}, count(DISTINCT unit) FROM visits GROUP BY 1"))  # noqa: S608 - numbers
        new = dict(
            on.ask(f"SELECT {day}, count(*) FROM (SELECT unit, min(t) AS t FROM visits GROUP BY unit) GROUP BY 1")  # noqa: S608 - numbers
        )
    days = range(n_days)
    return Visits(
        n_days=n_days, per_day=tuple(came.get(d, 0) for d in days), new_per_day=tuple(new.get(d, 0) for d in days)
    )


def metric_of_visitors(
    log: EventLog,
    surface: str,
    metric: Metric,
    matches: Matches,
    *,
    since: datetime,
    now: datetime,
    covariates: bool,
    reading: Reading = in_duckdb,
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
        reading: In which engine.
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
    with reading() as on:
        _keep_visits(on, log, surface, matches, since=since, until=now - window)
        fields = ("unit", "surface", "name", "value")
        on.records(log, Outcome, fields, since=since - window, until=now)
        on.keep("met", f"SELECT unit, '{EVERYONE}' AS variant, t FROM visits")  # noqa: S608 - a constant
        keep_units(on, question)
        on.keep_values(question)
        return reduced(on, question)[metric.key]


def _keep_visits(
    on: Relations, log: EventLog, surface: str, matches: Matches, *, since: datetime, until: datetime
) -> None:
    on.records(log, Served, ("unit", "surface", "attributes", "forced"), since=since, until=until)
    of = f"surface = {on.sql.text(surface)} AND NOT forced"
    # The audience is asked once for each set of attributes that occurred, not for each page.
    known = on.ask(f"SELECT DISTINCT attributes FROM served WHERE {of}")  # noqa: S608 - quoted
    wanted = [attributes for (attributes,) in known if matches(json.loads(attributes))]
    on.place("audience", pa.table({"attributes": pa.array(wanted, type=pa.string())}))
    on.keep("visits", f"SELECT unit, t FROM served SEMI JOIN audience USING (attributes) WHERE {of}")  # noqa: S608 - quoted
