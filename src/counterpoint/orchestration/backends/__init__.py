"""Backends: every system that a launch touches, behind plan, apply, verify and revert."""

from counterpoint.orchestration.backends.content import ContentBackend
from counterpoint.orchestration.backends.measurement import AnalysisPlans, MeasurementBackend
from counterpoint.orchestration.backends.protocol import Backend, Desired, Diff, Edit, Goal
from counterpoint.orchestration.backends.surface import SurfaceBackend

__all__ = [
    "AnalysisPlans",
    "Backend",
    "ContentBackend",
    "Desired",
    "Diff",
    "Edit",
    "Goal",
    "MeasurementBackend",
    "SurfaceBackend",
]
