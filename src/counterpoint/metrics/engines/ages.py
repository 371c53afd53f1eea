"""A metric by days since first exposure, of the same units on every day."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from counterpoint.config import Metric, outcome_names
from counterpoint.events import EventLog, Exposure, Outcome
from counterpoint.metrics.engines.duckdb import in_duckdb
from counterpoint.metrics.engines.exact import column_sums, exact_summary
from counterpoint.metrics.engines.exposures import keep_met, keep_units
from counterpoint.metrics.engines.records import micros
from counterpoint.metrics.engines.relations import Reading
from counterpoint.metrics.rollup import RollupQuestion
from counterpoint.stats import DENOMINATOR, METRIC, Summary

_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """One metric by day since first exposure, of units followed for all those days.

    Attributes:
        days: For each day, variant -> moments of what happened on that day.
        total: Variant -> moments of what happened on all days together.
    """

    days: tuple[Mapping[str, Summary], ...]
    total: Mapping[str, Summary]


def roll_up_by_age(
    log: EventLog, question: RollupQuestion, metric: Metric, days: int, *, reading: Reading = in_duckdb
) -> Ages:
    """Return a metric by day since first exposure.

    Args:
        log: Where the records are.
        question: Its experiment; its metrics are not looked at.
        metric: A mean, a share (who did it on that day) or a ratio.
        days: How many days units are followed, from 1; units followed for fewer are left out of all of them.
        reading: In which engine.
    """
    # The window is the days followed; the names of the outcomes are those of the metric as declared.
    numerator, denominator = outcome_names(metric)
    asked = replace(question, metrics=(metric_over(metric, days),), covariates=False, segment=None)
    until = min(question.now, question.ended_at or question.now)
    with reading() as on:
        columns = ("unit", "surface", "experiment", "variant", "snapshot", "request_id")
        on.records(log, Exposure, columns, since=question.started_at, until=until)
        outcome = ("unit", "surface", "name", "value")
        on.records(log, Outcome, outcome, since=question.started_at, until=question.now)
        keep_met(on, asked)
        keep_units(on, asked)
        on.keep_values(asked)
        names = sorted({name for name in (numerator, denominator) if name is not None})
        value = "max((v > 0)::BIGINT)" if metric.type == "proportion" else "sum(v)"
        cells = [f"coalesce({value} FILTER (WHERE k = {names.index(numerator)}), 0) AS x"]
        if denominator is not None:
            cells.append(f"coalesce(sum(v) FILTER (WHERE k = {names.index(denominator)}), 0) AS y")
        aliases = ["x"] if denominator is None else ["x", "y"]
        matured = f"first_t + {days * _DAY} <= {micros(question.now)}"
        n = dict(on.ask(f"SELECT variant, count(*) FROM counted WHERE {matured} GROUP BY variant"))  # noqa: S608 - numbers
        followed = f"SELECT * FROM joined SEMI JOIN (SELECT uid FROM counted WHERE {matured}) USING (uid)"  # noqa: S608 - numbers
        sums = column_sums(on.sql, aliases)

        def summed(age: str) -> dict[tuple[int, str], list[int]]:
            rows = on.ask(
                f"""SELECT p.age, c.variant, {", ".join(sums)} FROM (
                      SELECT uid, {age} AS age, {", ".join(cells)} FROM ({followed}) GROUP BY uid, age) p
                    JOIN counted c ON p.uid = c.uid GROUP BY ALL ORDER BY ALL"""  # noqa: S608 - numbers
            )
            return {(row[0], row[1]): [int(v) for v in row[2:]] for row in rows}

        by_day, whole = summed(on.sql.days("dt")), summed("0")
    scale = 1 if metric.type == "proportion" else 1_000_000
    fields = (METRIC,) if denominator is None else (METRIC, DENOMINATOR)
    none = [0] * len(sums)

    def of(found: Mapping[tuple[int, str], list[int]], age: int) -> dict[str, Summary]:
        return {
            v: exact_summary(n.get(v, 0), found.get((age, v), none), fields, scale=scale) for v in question.variants
        }

    return Ages(days=tuple(of(by_day, age) for age in range(days)), total=of(whole, 0))


def metric_over(metric: Metric, days: int) -> Metric:
    """Return the metric over another window, fed by the same outcomes."""
    numerator, denominator = outcome_names(metric)
    # A ratio names its outcomes itself; what any other metric is fed by hangs on its key and its window.
    if denominator is not None:
        return Metric(
            key=metric.key, type="ratio", window_days=days, better=metric.better,
            numerator=metric.numerator, denominator=metric.denominator,
        )  # fmt: skip
    return Metric(key=f"{numerator}_{days}d", type=metric.type, window_days=days, better=metric.better)
