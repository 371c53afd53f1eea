"""Non-inferiority and equivalence: tests whose null is a margin instead of zero."""

from dataclasses import dataclass

from counterpoint.errors import InvalidInput
from counterpoint.stats.effects import Effect, against
from counterpoint.stats.tails import Alternative
from counterpoint.vocabulary import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Two one-sided tests; equivalent when the larger p-value is small. One look."""

    p_value: float
    p_lower: float
    p_upper: float


def non_inferiority(effect: Effect, margin: float, direction: Direction) -> Effect:
    """Return the effect tested one-sided against a margin, the other end of its interval open.

    Args:
        effect: Any effect of one look.
        margin: Tolerated deterioration as a share of the control mean, at least 0; the mean is taken as known.
        direction: Which way the metric should go.

    Estimand:
        That of the effect; the null is that treatment is worse by the margin or more.
    """
    if not margin >= 0:
        raise InvalidInput("margin_missing", f"a margin of {margin}", where="margin")
    allowed = margin * abs(effect.control_mean)
    if direction == Direction.INCREASE:
        return against(effect, -allowed, Alternative.GREATER)
    return against(effect, allowed, Alternative.LESS)


def equivalence(effect: Effect, low: float, high: float) -> Equivalence:
    """Return the two one-sided tests of a difference between `low` and `high`.

    Source:
        Schuirmann 1987.
    """
    if not low < high:
        raise InvalidInput("interval_empty", f"no difference lies between {low} and {high}", where="low")
    lower = against(effect, low, Alternative.GREATER).p_value
    upper = against(effect, high, Alternative.LESS).p_value
    return Equivalence(p_value=max(lower, upper), p_lower=lower, p_upper=upper)
