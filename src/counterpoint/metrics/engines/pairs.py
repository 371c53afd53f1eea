"""Pairs of experiments: which units met both, and a metric of theirs by pair of variants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from counterpoint.config import Metric
from counterpoint.events import EventLog, Exposure, Outcome
from counterpoint.metrics.engines.duckdb import in_duckdb
from counterpoint.metrics.engines.exposures import keep_units
from counterpoint.metrics.engines.records import micros
from counterpoint.metrics.engines.reduction import reduced
from counterpoint.metrics.engines.relations import Dialect, Reading
from counterpoint.metrics.rollup import MetricRollup, RollupQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One experiment's run, as far as meeting another one is concerned.

    Attributes:
        variants: Control first.
        ended_at: When it stopped exposing units; None while it runs.
    """

    experiment: str
    variants: tuple[str, ...]
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCells:
    """Units that met both experiments, by pair of variants (of the first, of the second).

    Attributes:
        n: Exposed units, matured or not.
        metrics: Metric key -> its rollup over matured units, each over its window since it had met both; its arms are
            named by `cell_name`.
    """

    n: Mapping[tuple[str, str], int]
    metrics: Mapping[str, MetricRollup]


def cell_name(i: int, j: int) -> str:
    """Return how a rollup names the units of the first experiment's i-th variant and the second's j-th."""
    return f"{i}|{j}"


def shared_units(
    log: EventLog, surface: str, runs: Sequence[Run], now: datetime, *, reading: Reading = in_duckdb
) -> dict[tuple[str, str], int]:
    """Return how many units met both experiments of each pair that shares any, in the order of `runs`."""
    if len(runs) < 2:
        return {}
    with reading() as on:
        columns = ("unit", "surface", "experiment")
        on.records(log, Exposure, columns, since=min(r.started_at for r in runs), until=now)
        asked = {
            "place": pa.array(range(len(runs)), type=pa.int64()),
            "experiment": pa.array([r.experiment for r in runs], type=pa.string()),
            "low": pa.array([micros(r.started_at) for r in runs], type=pa.int64()),
            "high": pa.array([micros(min(now, r.ended_at or now)) for r in runs], type=pa.int64()),
        }
        on.place("runs", pa.table(asked))
        rows = on.ask(
            f"""WITH seen AS (
                  SELECT DISTINCT unit, place FROM exposure JOIN runs USING (experiment)
                  WHERE surface = {on.sql.text(surface)} AND t >= low AND t < high)
                SELECT a.place, b.place, count(*) FROM seen a JOIN seen b ON a.unit = b.unit AND a.place < b.place
                GROUP BY ALL ORDER BY ALL"""  # noqa: S608 - quoted
        )
    return {(runs[i].experiment, runs[j].experiment): n for i, j, n in rows}


def pair_cells(
    log: EventLog,
    surface: str,
    pair: tuple[Run, Run],
    metrics: Sequence[Metric],
    now: datetime,
    *,
    reading: Reading = in_duckdb,
) -> PairCells:
    """Return the units of a pair of experiments by pair of variants, and their metrics since they had met both."""
    names = {(a, b): cell_name(i, j) for i, a in enumerate(pair[0].variants) for j, b in enumerate(pair[1].variants)}
    since = min(run.started_at for run in pair)
    question = RollupQuestion(
        surface=surface,
        experiment="",
        variants=tuple(names.values()),
        metrics=tuple(metrics),
        started_at=since,
        now=now,
    )
    with reading() as on:
        on.records(log, Exposure, ("unit", "surface", "experiment", "variant"), since=since, until=now)
        on.records(log, Outcome, ("unit", "surface", "name", "value"), since=since, until=now)
        first, second = (_met(on.sql, run, surface, now) for run in pair)
        # A unit of two variants of one experiment has no cell.
        on.keep(
            "met",
            f"""SELECT unit, a.place || '|' || b.place AS variant, greatest(a.t, b.t) AS t
                FROM ({first}) a JOIN ({second}) b USING (unit)""",  # noqa: S608 - quoted
        )
        keep_units(on, question)
        on.keep_values(question)
        counts = dict(on.ask("SELECT variant, count(*) FROM counted GROUP BY variant"))
        rolled = reduced(on, question)
    return PairCells(
        n={cell: counts.get(name, 0) for cell, name in names.items()},
        metrics=rolled,
    )


def _met(sql: Dialect, run: Run, surface: str, now: datetime) -> str:
    place = " ".join(f"WHEN {sql.text(variant)} THEN '{i}'" for i, variant in enumerate(run.variants))
    until = min(now, run.ended_at or now)
    return f"""SELECT unit, CASE min(variant) {place} END AS place, min(t) AS t FROM exposure
        WHERE surface = {sql.text(surface)} AND experiment = {sql.text(run.experiment)}
          AND t >= {micros(run.started_at)} AND t < {micros(until)}
        GROUP BY unit HAVING min(variant) = max(variant) AND place IS NOT NULL"""  # noqa: S608 - quoted
