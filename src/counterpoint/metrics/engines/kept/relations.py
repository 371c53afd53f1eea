"""The relations of kept units in one connection: what is in them, and how one merge makes the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from counterpoint.events import Segments
from counterpoint.metrics.engines.records import text
from counterpoint.metrics.engines.reduction import Figure, unit_figures
from counterpoint.metrics.rollup import RollupQuestion

_DAY = 86_400_000_000
UNIT_COLUMNS = "uid INTEGER, unit VARCHAR, unit_key UBIGINT, unit_check UINTEGER, variant VARCHAR, first_t BIGINT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records not yet merged.

    Attributes:
        exposures: Where the new ones are.
        outcomes: Where the new ones are.
        merged: Files of outcomes that were merged before; read again for units whose window was not known then.
    """

    exposures: Segments
    outcomes: Segments
    merged: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The relations that hold the units, by name.

    Attributes:
        units: `UNIT_COLUMNS`, and what `figures` names, one row per unit that was ever exposed.
        others: (uid, variant, t): what units met beside the variant they met first, and when first.
        points: (uid, k, dt, value): single values, for quantiles.
        n_units: Rows of `units`; uids count from 0 without gaps.
        in_files: Whether they are nothing but what files hold.
    """

    units: str
    others: str
    points: str
    n_units: int
    in_files: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Parquet files that hold the relations of `Kept`."""

    units: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()
    points: tuple[Path, ...] = ()
    n_units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge leaves.

    Attributes:
        kept: The units after it.
        rows: Query of `kept.units`, with `{where}` where a condition on uid goes.
        touched: Query of the uids whose rows are new or differ.
        snapshots: Snapshot -> when it first served an exposure of the batch, in microseconds since 1970.
    """

    kept: Kept
    rows: str
    touched: str
    snapshots: dict[str, int]


def figures(question: RollupQuestion) -> list[Figure]:
    """Return what is kept of each unit, one column each."""
    return [figure for i, metric in enumerate(question.metrics) for figure in unit_figures(i, metric, question)]


def name_units(db: duckdb.DuckDBPyConnection, question: RollupQuestion, files: Files, *, step: int) -> Kept:
    """Name the units of a state; with no files, there are none."""
    columns = "".join(f", {figure.alias} BIGINT" for figure in figures(question))
    _name(db, f"units{step}", f"{UNIT_COLUMNS}{columns}", files.units)
    _name(db, f"others{step}", "uid INTEGER, variant VARCHAR, t BIGINT", files.others)
    _name(db, f"points{step}", "uid INTEGER, k SMALLINT, dt BIGINT, value DOUBLE", files.points)
    return Kept(
        units=f"units{step}", others=f"others{step}", points=f"points{step}", n_units=files.n_units, in_files=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """One merge; the name of every relation it makes ends in its step."""

    db: duckdb.DuckDBPyConnection
    kept: Kept
    question: RollupQuestion
    step: int

    @property
    def window(self) -> tuple[int, int]:
        """From when to when, in microseconds since a unit's first exposure, an outcome may count."""
        longest = max((m.window_days for m in self.question.metrics), default=0) * _DAY
        return (-longest if self.question.covariates else 0), longest

    def keep(self, name: str, select: str) -> None:
        """Name the rows of a query."""
        self.db.execute(f"CREATE TEMP TABLE {name}{self.step} AS {select}")

    def drop(self, *names: str) -> None:
        """Give back the memory of what no longer matters."""
        for name in names:
            self.db.execute(f"DROP TABLE {name}{self.step}")

    def numbers(self, select: str) -> tuple[int | None, ...]:
        """Return the one row of a query."""
        # An answer that is not fetched to its end keeps the connection busy.
        ((*found,),) = self.db.execute(select).fetchall()
        return tuple(found)


def _name(db: duckdb.DuckDBPyConnection, name: str, columns: str, files: Sequence[Path]) -> None:
    if files:
        listed = ", ".join(text(str(file)) for file in files)
        db.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM read_parquet([{listed}])")  # noqa: S608 - quoted
    else:
        db.execute(f"CREATE TEMP TABLE {name} ({columns})")
