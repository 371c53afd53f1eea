"""Metrics: from event records and tables to scorecards that can be trusted."""

from counterpoint.metrics.decision import ExperimentDecision, decide
from counterpoint.metrics.engines.duckdb import roll_up
from counterpoint.metrics.measures import Measure, Unmeasured
from counterpoint.metrics.rollup import MetricRollup, QuantileArm, Rollup, RollupEngine, RollupQuestion
from counterpoint.metrics.scorecard import MetricRow, Scorecard, harmed
from counterpoint.metrics.scoring import DEFAULT_PLANNED_UNITS, score
from counterpoint.metrics.table import analyze_table
from counterpoint.metrics.table_report import Comparison, Split, TableReport
from counterpoint.metrics.table_text import table_text

__all__ = [
    "DEFAULT_PLANNED_UNITS",
    "Comparison",
    "ExperimentDecision",
    "Measure",
    "MetricRollup",
    "MetricRow",
    "QuantileArm",
    "Rollup",
    "RollupEngine",
    "RollupQuestion",
    "Scorecard",
    "Split",
    "TableReport",
    "Unmeasured",
    "analyze_table",
    "decide",
    "harmed",
    "roll_up",
    "score",
    "table_text",
]
