"""Which of several arms is best, and what choosing each is expected to lose, from independent posteriors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.vocabulary import Direction

_Array: TypeAlias = npt.NDArray[np.float64]
# Panel edges lie at these probabilities of every arm, from both ends: sharp and wide posteriors are resolved alike.
_LEVELS = np.concatenate([np.geomspace(1e-15, 1e-2, 27), np.linspace(0.02, 0.5, 25)])
_POINTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Posteriors of several arms beside each other.

    Attributes:
        chance_best: Of each arm; they add up to one.
        expected_loss: Of choosing each arm, in units of the metric.
        posterior_mean: Of each arm.
    """

    chance_best: tuple[float, ...]
    expected_loss: tuple[float, ...]
    posterior_mean: tuple[float, ...]


def race_of_shares(successes: Sequence[int], n: Sequence[int], *, prior: tuple[float, float] = (1.0, 1.0)) -> Race:
    """Return the race of arms with Beta posteriors; a larger share is better.

    Args:
        successes: Per arm.
        n: Units per arm.
        prior: Of the Beta distribution, both positive.
    """
    if len(successes) != len(n) or len(n) < 2:
        raise InvalidInput("shapes_differ", "at least two arms with successes and units are needed", where="n")
    if any(not 0 <= x <= m for x, m in zip(successes, n, strict=True)):
        raise InvalidInput("count_above_units", "successes are not between 0 and units", where="successes")
    if not min(prior) > 0:
        raise InvalidInput("variance_not_positive", f"a prior of {prior}", where="prior")
    a = np.array([prior[0] + x for x in successes])[:, None]
    b = np.array([prior[1] + m - x for x, m in zip(successes, n, strict=True)])[:, None]
    levels = _LEVELS[None, :]
    first, x, weights = _nodes(
        np.concatenate([scipy.special.betaincinv(a, b, levels), scipy.special.betainccinv(a, b, levels)], axis=None)
    )
    density = np.exp(scipy.special.xlogy(a - 1, x) + scipy.special.xlog1py(b - 1, -x) - scipy.special.betaln(a, b))
    return _race(
        first, weights, np.asarray(scipy.special.betainc(a, b, x), dtype=np.float64), density, (a / (a + b)).ravel()
    )


def race_of_means(
    means: Sequence[float], std_errors: Sequence[float], *, direction: Direction = Direction.INCREASE
) -> Race:
    """Return the race of arms with normal posteriors, flat priors unless the means are shrunken already.

    Args:
        means: Per arm, control included.
        std_errors: Per arm, positive.
        direction: Which way is better.
    """
    if len(means) != len(std_errors) or len(means) < 2:
        raise InvalidInput("shapes_differ", "at least two arms with means and errors are needed", where="means")
    if not all(s > 0 for s in std_errors):
        raise CannotCompute("no_variation", "a standard error is not positive", where="std_errors")
    sign = 1.0 if direction == Direction.INCREASE else -1.0
    m, s = sign * np.array(means)[:, None], np.array(std_errors)[:, None]
    away = scipy.special.ndtri(_LEVELS)[None, :]
    first, x, weights = _nodes(np.concatenate([m + s * away, m - s * away], axis=None))
    z = (x - m) / s
    density = np.exp(-z * z / 2) / (s * math.sqrt(2 * math.pi))
    found = _race(first, weights, np.asarray(scipy.special.ndtr(z), dtype=np.float64), density, m.ravel())
    return Race(
        chance_best=found.chance_best,
        expected_loss=found.expected_loss,
        posterior_mean=tuple(sign * x for x in found.posterior_mean),
    )


def _nodes(edges: npt.ArrayLike) -> tuple[float, _Array, _Array]:
    """Return the first edge, and Gauss-Legendre nodes and weights on the panels between the distinct edges."""
    ends = np.unique(np.asarray(edges, dtype=np.float64))
    points, weights = np.polynomial.legendre.leggauss(_POINTS)
    half = np.diff(ends) / 2
    nodes = (ends[:-1] + half)[:, None] + half[:, None] * points[None, :]
    return float(ends[0]), nodes.ravel(), np.asarray(half[:, None] * weights[None, :], dtype=np.float64).ravel()


def _race(first: float, weights: _Array, cdf: _Array, density: _Array, mean: _Array) -> Race:
    best = [float((weights * density[i]) @ np.prod(np.delete(cdf, i, axis=0), axis=0)) for i in range(cdf.shape[0])]
    # E[max] is the first edge plus the integral of P(max > x); beyond the edges lies 1e-15 of every arm.
    expected_max = first + float(weights @ (1 - np.prod(cdf, axis=0)))
    return Race(
        chance_best=tuple(best),
        expected_loss=tuple(max(expected_max - float(m), 0.0) for m in mean),
        posterior_mean=tuple(map(float, mean)),
    )
