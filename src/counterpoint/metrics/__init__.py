"""Metrics: from event records and tables to scorecards that can be trusted."""

from counterpoint.metrics.checks import check_running
from counterpoint.metrics.course import read_course
from counterpoint.metrics.coverage import recorded_outcomes
from counterpoint.metrics.decision import ExperimentDecision, decide
from counterpoint.metrics.designs import (
    DesignAnswer,
    DesignKind,
    DesignQuestion,
    DesignRow,
    Forecast,
    Remedy,
    answer_design,
    design_of_kind,
    design_svg,
    design_text,
    holdout_design,
    interaction_design,
    model_as_given,
    model_from,
    quantile_as_given,
    ratio_as_given,
)
from counterpoint.metrics.engines.choosing import ENGINES, reading_engine, rollup_engine, table_engine
from counterpoint.metrics.engines.duckdb import in_duckdb, roll_up
from counterpoint.metrics.engines.incidence import Incidence, incidence_of_buckets
from counterpoint.metrics.engines.kept import KeptRollups
from counterpoint.metrics.engines.relations import Reading
from counterpoint.metrics.history import RecordedTraffic
from counterpoint.metrics.levels import Test
from counterpoint.metrics.measures import Measure, Unmeasured
from counterpoint.metrics.placebo import PlaceboLog
from counterpoint.metrics.planned import PlannedUnits, new_units, planned_from_document, planned_units
from counterpoint.metrics.programme import (
    EndedRun,
    RunningShare,
    SurfaceTraffic,
    design_advice,
    read_programme,
    what_was_learned,
)
from counterpoint.metrics.programme_text import programme_text
from counterpoint.metrics.readouts import (
    RunningExperiment,
    read_holdout,
    read_interactions,
    read_novelty,
    segment_differences,
)
from counterpoint.metrics.recheck import recheck
from counterpoint.metrics.rollup import MetricRollup, QuantileArm, Rollup, RollupEngine, RollupQuestion
from counterpoint.metrics.sample_ratio import SplitPhase
from counterpoint.metrics.scorecard import MetricRow, Scorecard, harmed
from counterpoint.metrics.scorecard_text import scorecard_text, segments_text
from counterpoint.metrics.scoring import score
from counterpoint.metrics.service_levels import error_budgets, load_objectives
from counterpoint.metrics.table import analyze_table
from counterpoint.metrics.table_report import Comparison, Split, TableReport
from counterpoint.metrics.table_text import table_text

__all__ = [
    "ENGINES",
    "Comparison",
    "DesignAnswer",
    "DesignKind",
    "DesignQuestion",
    "DesignRow",
    "EndedRun",
    "ExperimentDecision",
    "Forecast",
    "Incidence",
    "KeptRollups",
    "Measure",
    "MetricRollup",
    "MetricRow",
    "PlaceboLog",
    "PlannedUnits",
    "QuantileArm",
    "Reading",
    "RecordedTraffic",
    "Remedy",
    "Rollup",
    "RollupEngine",
    "RollupQuestion",
    "RunningExperiment",
    "RunningShare",
    "Scorecard",
    "Split",
    "SplitPhase",
    "SurfaceTraffic",
    "TableReport",
    "Test",
    "Unmeasured",
    "analyze_table",
    "answer_design",
    "check_running",
    "decide",
    "design_advice",
    "design_of_kind",
    "design_svg",
    "design_text",
    "error_budgets",
    "harmed",
    "holdout_design",
    "in_duckdb",
    "incidence_of_buckets",
    "interaction_design",
    "load_objectives",
    "model_as_given",
    "model_from",
    "new_units",
    "planned_from_document",
    "planned_units",
    "programme_text",
    "quantile_as_given",
    "ratio_as_given",
    "read_course",
    "read_holdout",
    "read_interactions",
    "read_novelty",
    "read_programme",
    "reading_engine",
    "recheck",
    "recorded_outcomes",
    "roll_up",
    "rollup_engine",
    "score",
    "scorecard_text",
    "segment_differences",
    "segments_text",
    "table_engine",
    "table_text",
    "what_was_learned",
]
