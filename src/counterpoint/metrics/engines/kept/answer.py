"""What kept units say as of an instant, through the same reduction as a pass over all records."""

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from counterpoint.metrics.engines.counts import counts_of
from counterpoint.metrics.engines.duckdb import InDuckDb
from counterpoint.metrics.engines.kept.relations import Kept
from counterpoint.metrics.engines.kept.terms import definition
from counterpoint.metrics.engines.records import micros, text
from counterpoint.metrics.engines.reduction import outcome_places, reduced, unit_columns
from counterpoint.metrics.rollup import Rollup, RollupQuestion


def answer(
    db: duckdb.DuckDBPyConnection,
    kept: Kept,
    question: RollupQuestion,
    asked: RollupQuestion,
    snapshots: Mapping[str, int],
) -> Rollup:
    """Return what the units say as of the question's times: its relations are those that `roll_up` reduces."""
    until = micros(min(question.now, question.ended_at or question.now))
    met = f"first_t < {until}"
    mixed = f"SELECT DISTINCT uid FROM {kept.others} WHERE t < {until}"  # noqa: S608 - ours
    ((n_mixed,),) = db.execute(f"SELECT count(*) FROM ({mixed})").fetchall()  # noqa: S608 - ours
    alone = f"ANTI JOIN ({mixed}) USING (uid)" if n_mixed else ""
    unknown = {name: n for name, n in _variants(db, kept, until) if name not in question.variants}
    declared = f" AND variant IN ({', '.join(map(text, question.variants))})" if unknown else ""
    columns = "".join(f", {mine} AS {theirs}" for mine, theirs in _columns(question, asked))
    # Files are read as fast as a table that would have to be made of them; what lies upon them is put together once.
    db.execute(
        f"""CREATE TEMP {"VIEW" if kept.in_files else "TABLE"} valued AS
            SELECT uid, variant, '' AS segment, first_t{columns} FROM {kept.units} {alone} WHERE {met}{declared}"""  # noqa: S608 - quoted
    )
    db.execute("CREATE TEMP VIEW counted AS SELECT uid, variant, segment, first_t FROM valued")
    is_mixed = f"uid IN ({mixed})" if n_mixed else "false"
    db.execute(f"CREATE TEMP VIEW units AS SELECT first_t, {is_mixed} AS mixed FROM {kept.units} WHERE {met}")  # noqa: S608 - ours
    places = outcome_places(question)
    codes = "".join(f" WHEN {outcome_places(asked).index(name)} THEN {k}" for k, name in enumerate(places))
    if codes:
        db.execute(
            f"CREATE TEMP VIEW quantiled AS SELECT uid, CASE k{codes} END AS k, dt, value FROM {kept.points}"  # noqa: S608 - ours
        )
    # Nothing has to be looked up in all exposures that was kept beside the units.
    db.execute("CREATE TEMP TABLE met (unit INTEGER, variant VARCHAR, t BIGINT, snapshot VARCHAR)")
    on = InDuckDb(db)
    return replace(
        counts_of(on, question, reduced(on, question)),
        unknown=unknown,
        snapshots=tuple(sorted(name for name, t in snapshots.items() if t < until)),
    )


def _variants(db: duckdb.DuckDBPyConnection, kept: Kept, until: int) -> list[tuple[str, int]]:
    """Return how many units met each variant."""
    return db.execute(
        f"""SELECT variant, sum(n)::BIGINT FROM (
              SELECT variant, count(*) AS n FROM {kept.units} WHERE first_t < {until} GROUP BY variant
              UNION ALL SELECT variant, count(*) FROM {kept.others} WHERE t < {until} GROUP BY variant)
            GROUP BY variant ORDER BY variant"""  # noqa: S608 - ours
    ).fetchall()


def _columns(question: RollupQuestion, asked: RollupQuestion) -> list[tuple[str, str]]:
    """Return (column of the state, column of the question) for each figure that the question asks for."""
    at = {definition(metric): i for i, metric in enumerate(asked.metrics)}
    return [
        (mine, theirs)
        for j, metric in enumerate(question.metrics)
        for (mine, _), (theirs, _) in zip(
            unit_columns(at[definition(metric)], asked.metrics[at[definition(metric)]], asked),
            unit_columns(j, metric, question),
            strict=True,
        )
    ]
