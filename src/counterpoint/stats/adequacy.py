"""Is there enough data for a normal reading? Skewness and rare values decide, and the verdict may be "too few"."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.stats.summary import METRIC, Summary, merge, select
from counterpoint.stats.tails import upper_quantile

LEAST_UNITS = 30
LEAST_SUCCESSES = 5
# How far each one-sided error may stray from alpha / 2, as a share of it, before the verdict is "too few": at the
# variances seen, which a large effect makes unequal, and at equal ones, where a stray ships what changes nothing.
TOLERANCE = 0.5
TOLERANCE_UNDER_THE_NULL = 0.25
# Skewness of equal arms cancels in their difference; so many units per squared skewness leave kurtosis no say either.
UNITS_PER_SQUARED_SKEWNESS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Adequacy:
    """Whether a comparison may be read at all.

    Attributes:
        adequate: Whether it may.
        code: `too_few` when it may not, else empty.
        units_needed: Units of the smaller arm at which it might, None when that cannot be told.
        expected_error: Larger of the two one-sided error rates that skewness leads one to expect, None when unknown.
        sentence: Why, for people.
    """

    adequate: bool
    code: str
    units_needed: int | None
    expected_error: float | None
    sentence: str


def adequacy(control: Summary, treatment: Summary, *, alpha: float = 0.05, binary: bool = False) -> Adequacy:
    """Return whether the normal approximation may be trusted at `alpha`.

    The skewness of the difference moves error from one tail to the other; when the third moment was not collected, a
    lower bound of it for values that are never negative stands in: skewness >= cv - 1 / cv.

    Args:
        control: Moments of control.
        treatment: Moments of treatment.
        alpha: Two-sided level of the test.
        binary: Whether the metric is yes or no; then at least five successes and failures are asked of each arm.

    Source:
        Edgeworth expansion, Hall 1992, section 2.3; thresholds of Kohavi, Deng and Vermeer 2022.
    """
    smaller = min(control.n, treatment.n)
    if smaller < LEAST_UNITS:
        return _too_few(LEAST_UNITS, None, f"{smaller} units in the smaller arm; at least {LEAST_UNITS} are asked")
    if binary:
        rare = min(min(s.mean(), 1 - s.mean()) * s.n for s in (control, treatment))
        if rare < LEAST_SUCCESSES:
            pooled = (control.mean() * control.n + treatment.mean() * treatment.n) / (control.n + treatment.n)
            share = min(pooled, 1 - pooled)
            needed = math.ceil(LEAST_SUCCESSES / share) if share > 0 else None
            return _too_few(
                needed, None, f"{rare:.0f} of the rarer outcome in an arm; at least {LEAST_SUCCESSES} are asked"
            )
    # One skewness for both arms, from both together: a gate that looked at each arm's own would let pass the very
    # samples whose extremes happened to be missing on one side.
    skew = _skewness(merge(select(control, [METRIC]), select(treatment, [METRIC])))
    variances = [s.variance() / s.n for s in (control, treatment)]
    total = sum(variances)
    if total <= 0:
        return _too_few(None, None, "every unit has the same value so far")
    sizes = (control.n, treatment.n)
    stray = _stray(skew, variances, sizes, alpha)
    under_null = _stray(skew, [1 / control.n, 1 / treatment.n], sizes, alpha)
    expected = alpha / 2 + max(stray, under_null)
    needed = math.ceil(UNITS_PER_SQUARED_SKEWNESS * skew**2)
    excess = max(stray / TOLERANCE, under_null / TOLERANCE_UNDER_THE_NULL) / (alpha / 2)
    if smaller < needed or excess > 1:
        more = max(needed, math.ceil(smaller * excess**2))
        return _too_few(
            more, expected, f"skewness {skew:.1f} asks for about {more} units in each arm; there are {smaller}"
        )
    return Adequacy(
        adequate=True, code="", units_needed=needed, expected_error=expected, sentence="enough for a normal reading"
    )


def _stray(skew: float, errors: Sequence[float], sizes: tuple[int, int], alpha: float) -> float:
    """Return how far skewness moves each tail's error at these squared standard errors of control and treatment."""
    pulls = [math.pow(error, 1.5) / math.sqrt(n) for error, n in zip(errors, sizes, strict=True)]
    shift = skew * (pulls[1] - pulls[0])
    z = upper_quantile(alpha / 2)
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    # Studentised mean: P(T > z) = alpha/2 - k3 (2 z^2 + 1) phi(z) / 6, and the opposite in the other tail.
    return abs(shift) / math.pow(sum(errors), 1.5) * (2 * z * z + 1) * density / 6


def _skewness(summary: Summary) -> float:
    found = summary.skewness
    if found is not None:
        return found
    mean, variance = summary.mean(), summary.variance()
    if mean <= 0 or variance <= 0:
        return 0.0
    cv = math.sqrt(variance) / mean
    return max(cv - 1 / cv, 0.0)


def _too_few(needed: int | None, expected: float | None, sentence: str) -> Adequacy:
    return Adequacy(adequate=False, code="too_few", units_needed=needed, expected_error=expected, sentence=sentence)
