"""Which engine reads: DuckDB, which is always there, or Spark, where one machine is too small."""

from counterpoint.errors import InvalidInput
from counterpoint.metrics.engines.duckdb import in_duckdb, roll_up
from counterpoint.metrics.engines.duckdb_table import open_table
from counterpoint.metrics.engines.relations import Reading
from counterpoint.metrics.engines.spark import in_spark, open_table_in_spark, require_spark, roll_up_on_spark
from counterpoint.metrics.engines.tables import OpenTable
from counterpoint.metrics.rollup import RollupEngine

ENGINES = ("duckdb", "spark")


def rollup_engine(name: str) -> RollupEngine:
    """Return who reduces event records.

    Raises:
        InvalidInput: `unknown_engine`; `spark_not_installed` or `java_not_found`, before anything is read.
    """
    return roll_up_on_spark if _is_spark(name) else roll_up


def reading_engine(name: str) -> Reading:
    """Return who reads records for what is no rollup of one experiment: novelty, interactions, holdouts, history.

    Raises:
        InvalidInput: As of `rollup_engine`.
    """
    return in_spark if _is_spark(name) else in_duckdb


def table_engine(name: str) -> OpenTable:
    """Return who opens tables in files.

    Raises:
        InvalidInput: As of `rollup_engine`.
    """
    return open_table_in_spark if _is_spark(name) else open_table


def _is_spark(name: str) -> bool:
    if name not in ENGINES:
        raise InvalidInput(
            "unknown_engine", f"{name!r} is no engine", where="engine", fix=f"use one of {', '.join(ENGINES)}"
        )
    if name == "spark":
        require_spark()
    return name == "spark"
