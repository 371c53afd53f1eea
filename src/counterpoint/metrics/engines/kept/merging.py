"""A batch of new records is merged into the units kept so far, without reading the old ones."""

import duckdb
import pyarrow as pa

from counterpoint.events import UNIT_CHECK, UNIT_KEY, EventLog, Exposure, Segments, unit_keys
from counterpoint.metrics.engines.kept.outcomes import add_new, add_old
from counterpoint.metrics.engines.kept.relations import Batch, Kept, Merged, Merging, figures
from counterpoint.metrics.engines.records import create_view, text
from counterpoint.metrics.rollup import RollupQuestion

_PORTION = 100_000
_UNITS = pa.schema(
    [
        ("uid", pa.int32()), ("unit", pa.string()), ("variant", pa.string()), ("first_t", pa.int64()),
        (UNIT_KEY, pa.uint64()), (UNIT_CHECK, pa.uint32()),
    ]
)  # fmt: skip


def merge(
    db: duckdb.DuckDBPyConnection, log: EventLog, kept: Kept, batch: Batch, question: RollupQuestion, *, step: int
) -> Merged:
    """Return the units after a batch of records: as if all records had been read together.

    What a unit's window catches hangs on its first exposure alone. So a record changes no more than the sums of its own
    unit, unless it is an exposure earlier than those known: then the unit's outcomes are read again, from the files
    that its window reaches into. New units are such, too.

    Args:
        db: Where to make the relations.
        log: Tells which files a range of time reaches into.
        kept: Before.
        batch: What is new, and what was not.
        question: Its metrics are kept; its times other than the start are not looked at.
        step: Different for each merge in one connection, from 1; tells its relations apart.
    """
    to = Merging(db=db, kept=kept, question=question, step=step)
    snapshots = _read_exposures(to, log, batch.exposures)
    _place_units(to)
    n_reset, n_moved = to.numbers(f"SELECT count(*), count(*) FILTER (uid < {kept.n_units}) FROM reset{step}")  # noqa: S608 - numbers
    add_new(to, log, batch.outcomes)
    add_old(to, log, batch.merged)
    n_units = kept.n_units + (n_reset or 0) - (n_moved or 0)
    return Merged(
        rows=_rows(to, n_moved or 0),
        kept=Kept(units=f"units{step}", others=f"others{step}", points=f"points{step}", n_units=n_units),
        touched=f"SELECT uid FROM new_sums{step} UNION ALL SELECT uid FROM reset{step}",  # noqa: S608 - numbers
        snapshots=snapshots,
    )


def _read_exposures(to: Merging, log: EventLog, exposures: Segments) -> dict[str, int]:
    """Make `news`: when units first met variants, where that is not known already."""
    q, s, kept = to.question, to.step, to.kept
    columns = ("unit", "surface", "experiment", "variant", "snapshot")
    create_view(to.db, log, Exposure, columns, since=q.started_at, segments=exposures)
    of = f"surface = {text(q.surface)} AND experiment = {text(q.experiment)}"
    to.keep("arrived", f"SELECT unit, variant, min(t) AS t FROM exposure WHERE {of} GROUP BY unit, variant")  # noqa: S608 - quoted
    snapshots = to.db.execute(f"SELECT snapshot, min(t) FROM exposure WHERE {of} GROUP BY snapshot").fetchall()  # noqa: S608 - quoted
    to.db.execute("DROP VIEW exposure")
    # Most of what arrives in a long experiment repeats what is known already.
    to.keep(
        "news",
        f"""SELECT a.unit, k.uid, a.variant, a.t, k.variant AS known, k.first_t AS known_t
            FROM arrived{s} a LEFT JOIN {kept.units} k ON a.unit = k.unit
            WHERE k.uid IS NULL OR a.variant <> k.variant OR a.t < k.first_t""",  # noqa: S608 - ours
    )
    to.drop("arrived")
    return dict(snapshots)


def _place_units(to: Merging) -> None:
    """Make `reset`, the units whose window is new or has moved, and `others`."""
    s, kept = to.step, to.kept
    to.keep(
        "met",
        f"""SELECT unit, uid, known, known_t, variant, t FROM news{s}
            UNION ALL SELECT unit, uid, known, known_t, known, known_t FROM news{s} WHERE uid IS NOT NULL
            UNION ALL SELECT n.unit, n.uid, n.known, n.known_t, o.variant, o.t
                      FROM {kept.others} o JOIN news{s} n ON o.uid = n.uid""",  # noqa: S608 - ours
    )
    # Of two variants met at the same instant the first by name goes first: the unit is mixed whichever does.
    to.keep(
        "firsts",
        f"""SELECT unit, any_value(uid) AS uid, any_value(known) AS known, any_value(known_t) AS known_t,
                   arg_min(variant, (t, variant)) AS variant, min(t) AS first_t, min(variant) <> max(variant) AS mixed
            FROM met{s} GROUP BY unit""",  # noqa: S608 - a number
    )
    # New units are numbered by time: those whose windows are open lie together.
    to.keep(
        "placed",
        f"""SELECT {kept.n_units - 1} + row_number() OVER (ORDER BY first_t) AS uid, * EXCLUDE (uid), true AS reset
            FROM firsts{s} WHERE uid IS NULL
            UNION ALL SELECT uid, * EXCLUDE (uid), first_t <> known_t OR variant <> known FROM firsts{s}
                      WHERE uid IS NOT NULL""",  # noqa: S608 - ours
    )
    anew = f"SELECT uid::INTEGER AS uid, unit, variant, first_t FROM placed{s} WHERE reset"  # noqa: S608 - a number
    to.db.register(f"reset{s}", _with_keys(to, anew))
    to.keep(
        "others",
        f"""SELECT uid, variant, t FROM {kept.others} ANTI JOIN placed{s} USING (uid)
            UNION ALL
            SELECT p.uid::INTEGER, m.variant, min(m.t) FROM met{s} m JOIN placed{s} p ON m.unit = p.unit
            WHERE p.mixed AND m.variant <> p.variant GROUP BY p.uid, m.variant""",  # noqa: S608 - ours
    )
    to.drop("news", "met", "firsts", "placed")


def _with_keys(to: Merging, units: str) -> pa.Table:
    """Return units with what sealed outcomes know them by."""
    # A portion of texts at a time: all of them at once would be most of the memory.
    found = [
        pa.Table.from_batches([part])
        .append_column(UNIT_KEY, pa.array(keys))
        .append_column(UNIT_CHECK, pa.array(checks))
        for part in to.db.sql(units).to_arrow_reader(_PORTION)
        for keys, checks in [unit_keys(part.column("unit").to_pylist())]
    ]
    return pa.concat_tables(found) if found else _UNITS.empty_table()


def _rows(to: Merging, n_moved: int) -> str:
    """Make the views `units` and `points` of everything as it is now; return the former, with a place for a condition.

    A condition on uid that stands in every part of the statement spares it to join what is not asked for.
    """
    s, kept = to.step, to.kept

    def each(*terms: str) -> str:
        how = [("greatest", ", ") if figure.once else ("", " + ") for figure in figures(to.question)]
        return "".join(
            f", {name}({between.join(terms).format(f.alias)}) AS {f.alias}"
            for f, (name, between) in zip(figures(to.question), how, strict=True)
        )

    def of(relation: str) -> str:
        return f"(SELECT * FROM {relation} WHERE {{where}})"  # noqa: S608 - ours

    same = ("uid", "unit", UNIT_KEY, UNIT_CHECK, "variant", "first_t")
    stay = f"ANTI JOIN reset{s} USING (uid)" if n_moved else ""
    grown = ", ".join(f"k.{c}" for c in same) + each("k.{0}", "coalesce(n.{0}, 0)")
    anew = ", ".join(f"r.{c}" for c in same) + each("coalesce(n.{0}, 0)", "coalesce(o.{0}, 0)")
    rows = f"""SELECT {grown} FROM {of(f"{kept.units} {stay}")} k LEFT JOIN {of(f"new_sums{s}")} n USING (uid)
               UNION ALL
               SELECT {anew} FROM {of(f"reset{s}")} r LEFT JOIN {of(f"new_sums{s}")} n USING (uid)
               LEFT JOIN {of(f"old_sums{s}")} o USING (uid)"""  # noqa: S608 - ours
    to.db.execute(f"CREATE TEMP VIEW units{s} AS {rows.format(where='true')}")
    to.db.execute(
        f"""CREATE TEMP VIEW points{s} AS SELECT * FROM {kept.points} {stay}
            UNION ALL SELECT * FROM new_points{s} UNION ALL SELECT * FROM old_points{s}"""  # noqa: S608 - ours
    )
    return rows
