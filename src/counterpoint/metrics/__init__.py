"""Metrics: from event records and tables to scorecards that can be trusted."""

from counterpoint.metrics.measures import Measure, Unmeasured
from counterpoint.metrics.table import analyze_table
from counterpoint.metrics.table_report import Comparison, Split, TableReport
from counterpoint.metrics.table_text import table_text

__all__ = ["Comparison", "Measure", "Split", "TableReport", "Unmeasured", "analyze_table", "table_text"]
