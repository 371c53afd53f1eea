"""An engine that keeps what it has read: a new day costs what a day costs."""

from counterpoint.metrics.engines.kept.rollups import KeptRollups

__all__ = ["KeptRollups"]
