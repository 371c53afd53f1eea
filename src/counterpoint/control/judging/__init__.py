"""Judging: what records say of an experiment, before it runs, while it runs and at its end."""

from counterpoint.control.judging.courses import Courses
from counterpoint.control.judging.gates import Judge, StoredPlans
from counterpoint.control.judging.placebos import PlaceboRuns
from counterpoint.control.judging.segments import may_read_by, readable_by
from counterpoint.control.judging.statistics import Statistics

__all__ = [
    "Courses",
    "Judge",
    "PlaceboRuns",
    "Statistics",
    "StoredPlans",
    "may_read_by",
    "readable_by",
]
