"""From a hypothesis to a validated spec, in the light of what past experiments found."""

from counterpoint.control.hypotheses.mending import Mended, mend
from counterpoint.control.hypotheses.planner_records import PlannerRecords
from counterpoint.control.hypotheses.planning import Planning

__all__ = [
    "Mended",
    "PlannerRecords",
    "Planning",
    "mend",
]
