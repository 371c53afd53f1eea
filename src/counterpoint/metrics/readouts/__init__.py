"""Readouts beside the scorecard: interactions, holdouts, segments, novelty; none of them takes part in a decision."""

from counterpoint.metrics.readouts.holdout import read_holdout
from counterpoint.metrics.readouts.interactions import RunningExperiment, read_interactions
from counterpoint.metrics.readouts.novelty import read_novelty
from counterpoint.metrics.readouts.segments import segment_differences

__all__ = ["RunningExperiment", "read_holdout", "read_interactions", "read_novelty", "segment_differences"]
