"""The record of a rollout and its stages: what is stored of a baseline change that is under way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from counterpoint.assignment import BucketSet
from counterpoint.config import BaselineRule
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Scalar


class RolloutStage(msgspec.Struct, frozen=True, kw_only=True):
    """A share of the surface's units, in (0, 1), that has the change for `hours` before the next stage may begin."""

    share: float
    hours: float


DEFAULT_STAGES = (RolloutStage(share=0.01, hours=1), RolloutStage(share=0.1, hours=24))
"""What a change goes through before everybody has it, when nobody says otherwise."""
MAX_STAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A baseline change under way.

    Attributes:
        values: What the parameters become; `before` what they were when it was prepared.
        rules: What all targeted rules become, None when they stay; `rules_before` what they were.
        parameters: Everything that it moves, rules included, sorted.
        stage: Index of the stage that is live.
        ground: The buckets it grows in: all but those of holdouts and isolated experiments.
        buckets: Those that have the change now, the first of `ground` in the order that its key gives.
        acknowledges: Running experiments whose control it knowingly moves when it ends.
        author: Who wanted it; `reason` why.
    """

    key: str
    values: Mapping[str, Scalar]
    before: Mapping[str, Scalar]
    rules: tuple[BaselineRule, ...] | None
    rules_before: tuple[BaselineRule, ...] | None
    parameters: tuple[str, ...]
    stages: tuple[RolloutStage, ...]
    stage: int
    ground: BucketSet
    buckets: BucketSet
    acknowledges: tuple[str, ...]
    author: str
    reason: str
    started_at: datetime
    stage_since: datetime


def check_stages(stages: Iterable[RolloutStage]) -> None:
    """Refuse stages that do not grow, or that are no shares.

    Raises:
        InvalidInput: `bad_stages`.
    """
    listed = tuple(stages)
    shares = [stage.share for stage in listed]
    grows = all(0 < share < 1 for share in shares) and shares == sorted(set(shares))
    if not listed or len(listed) > MAX_STAGES or not grows or any(stage.hours < 0 for stage in listed):
        raise InvalidInput(
            "bad_stages",
            f"stages of {', '.join(f'{stage.share:g} for {stage.hours:g} h' for stage in listed) or 'nothing'}",
            where="stages",
            fix=f"give 1 to {MAX_STAGES} growing shares above 0 and below 1, each with hours; everybody comes last",
        )
