"""What the planner and the validator ask of the rest of the platform, as protocols, gathered in one `World`."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PastExperiment:
    """What is remembered of an experiment that has ended.

    Attributes:
        parameters: Parameters that its arms set.
        relative_effect: Effect found on its primary metric, as a fraction; None when none was measured.
        decision: What was decided: shipped, rolled_back, inconclusive.
    """

    key: str
    surface: str
    hypothesis: str
    parameters: AbstractSet[str]
    audience: str
    primary: str
    relative_effect: float | None = None
    decision: str = "inconclusive"
