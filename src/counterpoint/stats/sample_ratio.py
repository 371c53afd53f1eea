"""Sample ratio mismatch: do the counts of units fit the weights they were assigned with?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput

DEFAULT_SRM_ALPHA = 0.001
# A prior whose shares stray by about 1.6 points: most sensitive to mismatches of one or two percent of units.
DEFAULT_CONCENTRATION = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatioVerdict:
    """Whether assignment can be trusted.

    Attributes:
        mismatch: Whether p_value is below alpha.
        p_value: Against the weights; for the sequential test valid at every look.
        statistic: Chi-square, or the Bayes factor of the last look.
        alpha: Level.
        counts: Units per arm.
        expected: Units per arm by the weights.
        method: "chi_square" for one look, "sequential_multinomial" for any number.
        always_valid: Whether p_value may be watched.
    """

    mismatch: bool
    p_value: float
    statistic: float
    alpha: float
    counts: tuple[int, ...]
    expected: tuple[float, ...]
    method: str
    always_valid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RampPhase:
    """Units assigned while the weights did not change, counted anew for each phase.

    Attributes:
        weights: One per arm, positive; normalised here.
        cumulative_counts: Per look within this phase, units per arm since the phase began.
    """

    weights: tuple[float, ...]
    cumulative_counts: tuple[tuple[int, ...], ...]


def sample_ratio_test(
    counts: Sequence[int], weights: Sequence[float], *, alpha: float = DEFAULT_SRM_ALPHA
) -> SampleRatioVerdict:
    """Return the chi-square verdict, for ONE look at units assigned under one set of weights.

    Args:
        counts: Units per arm.
        weights: Intended shares, positive, any scale.
        alpha: Level.

    Raises:
        InvalidInput: `negative_count`, `weights_not_positive`, `shapes_differ`.
        CannotCompute: `no_units`.
    """
    shares = _shares(weights)
    units = _counted(counts, len(shares))
    total = sum(units)
    if total == 0:
        raise CannotCompute("no_units", "no unit has been assigned", where="counts")
    expected = tuple(total * w for w in shares)
    chi2 = sum((o - e) ** 2 / e for o, e in zip(units, expected, strict=True))
    p = float(scipy.special.chdtrc(len(shares) - 1, chi2))
    return SampleRatioVerdict(
        mismatch=p < alpha,
        p_value=p,
        statistic=chi2,
        alpha=alpha,
        counts=units,
        expected=expected,
        method="chi_square",
        always_valid=False,
    )


def sequential_sample_ratio_test(
    phases: Sequence[RampPhase], *, alpha: float = DEFAULT_SRM_ALPHA, concentration: float = DEFAULT_CONCENTRATION
) -> SampleRatioVerdict:
    """Return a verdict that holds at every look and across changes of the weights.

    Each ramp phase is a test of its own weights; their Bayes factors multiply, so a change of weights neither looks
    like a mismatch nor forgets the evidence before it.

    Args:
        phases: In order; a phase without looks is allowed.
        alpha: Level over all looks.
        concentration: Strength k of the Dirichlet prior k * weights, positive; larger looks for smaller mismatches.

    Raises:
        InvalidInput: `counts_go_backwards`, `weights_not_positive`, `negative_count`, `shapes_differ`.
        CannotCompute: `no_units`.

    Source:
        Lindon and Malek 2022, arXiv:2011.03567, theorem 3.
    """
    if not phases:
        raise CannotCompute("no_units", "no phase has begun", where="phases")
    carried, best = 0.0, 0.0
    arms = len(phases[0].weights)
    counts, expected, log_factor = [0] * arms, [0.0] * arms, 0.0
    for phase in phases:
        shares = _shares(phase.weights)
        if len(shares) != arms:
            raise InvalidInput("shapes_differ", "phases with different numbers of arms", where="phases")
        last = (0,) * arms
        log_factor = carried
        for look in phase.cumulative_counts:
            units = _counted(look, arms)
            if any(a < b for a, b in zip(units, last, strict=True)):
                raise InvalidInput("counts_go_backwards", "a later look counts fewer units", where="cumulative_counts")
            log_factor = carried + log_bayes_factor(units, shares, concentration)
            best, last = max(best, log_factor), units
        carried = log_factor
        counts = [a + b for a, b in zip(counts, last, strict=True)]
        expected = [e + sum(last) * w for e, w in zip(expected, shares, strict=True)]
    if sum(counts) == 0:
        raise CannotCompute("no_units", "no unit has been assigned", where="phases")
    p = math.exp(-best)
    return SampleRatioVerdict(
        mismatch=p < alpha,
        p_value=p,
        statistic=math.exp(min(log_factor, 700.0)),
        alpha=alpha,
        counts=tuple(counts),
        expected=tuple(expected),
        method="sequential_multinomial",
        always_valid=True,
    )


def log_bayes_factor(counts: Sequence[int], shares: Sequence[float], concentration: float) -> float:
    """Return the log Bayes factor of a Dirichlet alternative around `shares` against `shares` themselves."""
    if not concentration > 0:
        raise InvalidInput("concentration_not_positive", f"a prior of strength {concentration}", where="concentration")
    prior = [concentration * w for w in shares]
    posterior = [a + c for a, c in zip(prior, counts, strict=True)]
    null = sum(c * math.log(w) for c, w in zip(counts, shares, strict=True))
    return _log_beta(posterior) - _log_beta(prior) - null


def _log_beta(a: Sequence[float]) -> float:
    return sum(math.lgamma(x) for x in a) - math.lgamma(sum(a))


def _shares(weights: Sequence[float]) -> tuple[float, ...]:
    if len(weights) < 2 or not all(math.isfinite(w) and w > 0 for w in weights):
        raise InvalidInput(
            "weights_not_positive",
            f"weights {list(weights)} of the arms",
            where="weights",
            fix="give at least two arms a positive weight and leave out arms of weight zero",
        )
    total = math.fsum(weights)
    return tuple(w / total for w in weights)


def _counted(counts: Sequence[int], arms: int) -> tuple[int, ...]:
    if len(counts) != arms:
        raise InvalidInput("shapes_differ", f"{len(counts)} counts for {arms} weights", where="counts")
    if any(c < 0 or c != int(c) for c in counts):
        raise InvalidInput("negative_count", f"counts {list(counts)}", where="counts")
    return tuple(int(c) for c in counts)
