"""Telemetry: the only door to logs, metrics and timings."""

from counterpoint.telemetry.log import configure_logging, logger
from counterpoint.telemetry.meters import Meters

__all__ = ["Meters", "configure_logging", "logger"]
