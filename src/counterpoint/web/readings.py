"""What one interval says about one metric, in a word: the rule is written once, for the chart and for the sentences."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a metric is for in one experiment."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    GUARDRAIL = "guardrail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A word, the sign that stands before it, and how it is coloured: never by colour alone."""

    word: str
    mark: str
    tone: str


IMPROVED = Reading(word="improved", mark="●", tone="good")
WORSE = Reading(word="worse", mark="▼", tone="bad")
NO_CLEAR_EFFECT = Reading(word="no clear effect", mark="○", tone="open")
WITHIN_MARGIN = Reading(word="within margin", mark="●", tone="good")
PAST_MARGIN = Reading(word="past margin", mark="▼", tone="bad")
NOT_SHOWN_YET = Reading(word="not shown yet", mark="◆", tone="wait")
NONE_OCCURRED = Reading(word="none occurred", mark="●", tone="good")
"""A rate of something bad, of which nothing happened in either arm: it is at its best value."""
NOT_COMPUTED = Reading(word="not computed", mark="–", tone="open")  # noqa: RUF001 - an en dash, as in the table


def read_effect(lower: float, upper: float, *, higher_is_better: bool) -> Reading:
    """Return what an interval of relative change says about a metric that should improve."""
    if lower > 0:
        return IMPROVED if higher_is_better else WORSE
    if upper < 0:
        return WORSE if higher_is_better else IMPROVED
    return NO_CLEAR_EFFECT


def read_guardrail(lower: float, upper: float, *, margin: float, higher_is_better: bool) -> Reading:
    """Return what an interval says about a metric that must not get worse by more than `margin` (relative)."""
    worst, best = (-lower, -upper) if higher_is_better else (upper, lower)
    if worst < margin:
        return WITHIN_MARGIN
    return PAST_MARGIN if best > margin else NOT_SHOWN_YET
