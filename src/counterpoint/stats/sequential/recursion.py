"""Boundary crossing probabilities of a test looked at several times, by recursive numerical integration."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import InvalidInput

Array: TypeAlias = npt.NDArray[np.float64]

# Twelve Gauss-Legendre points resolve four standard deviations of the next increment to about 1e-10.
_POINTS = 12
_PANEL_SD = 4.0
# Beyond eight standard deviations a score has probability 1e-15.
_REACH = 8.0
# Two looks closer than this are one look: the second has no information of its own, and resolving it takes seconds.
_LEAST_STEP = 1e-5


class ScorePath:
    """The density of the score on the continuation region, carried from look to look.

    The score at information t is z * sqrt(t), normal with mean drift * t and variance t; its increments are
    independent, which is why information, not calendar time, is the clock, and why only matured units enter a look.
    A mirrored path has no drift and leaves at both sides alike; `below` then is `above`, and is not asked for.
    """

    __slots__ = ("_drift", "_mirrored", "_nodes", "_points", "_t", "_weights")

    def __init__(self, drift: float = 0.0, points: int = _POINTS, *, mirrored: bool = False) -> None:
        if mirrored and drift != 0:
            raise InvalidInput("drift_of_mirrored_path", "a path with drift is not its own mirror image", where="drift")
        self._drift = drift
        # A symmetric path is kept on its upper half only: a quarter of the work, twice over for the two halves.
        self._mirrored = mirrored
        self._points = points
        self._t = 0.0
        self._nodes: Array = np.zeros(1)
        self._weights: Array = np.ones(1)

    def above(self, t: float, z: float) -> float:
        """Return the probability of going on until information t and being above z there."""
        sd = math.sqrt(t - self._t)
        away = (self._nodes + self._drift * (t - self._t) - z * math.sqrt(t)) / sd
        if self._mirrored and self._t > 0:
            other = (-self._nodes - z * math.sqrt(t)) / sd
            return float(self._weights @ (scipy.special.ndtr(away) + scipy.special.ndtr(other)))
        return float(self._weights @ scipy.special.ndtr(away))

    def below(self, t: float, z: float) -> float:
        """Return the probability of going on until information t and being below z there."""
        sd = math.sqrt(t - self._t)
        away = (z * math.sqrt(t) - self._nodes - self._drift * (t - self._t)) / sd
        return float(self._weights @ scipy.special.ndtr(away))

    def solve_above(self, t: float, probability: float) -> float:
        """Return the z at information t that is exceeded with `probability`; _REACH when it is too small to tell."""
        top = _REACH + abs(self._drift) * math.sqrt(t)
        if probability <= self.above(t, top):
            return top
        return float(scipy.optimize.brentq(lambda z: self.above(t, z) - probability, -top, top, xtol=1e-11, rtol=1e-13))

    def advance(self, t: float, lower: float, upper: float, next_t: float | None = None) -> None:
        """Go on past the look at information t with the score kept between z-values `lower` and `upper`."""
        root, step = math.sqrt(t), t - self._t
        middle = self._drift * t
        low = 0.0 if self._mirrored else max(lower * root, middle - _REACH * root)
        high = min(upper * root, middle + _REACH * root)
        if high <= low:
            self._nodes, self._weights, self._t = np.zeros(1), np.zeros(1), t
            return
        sd = math.sqrt(step if next_t is None else min(step, next_t - t))
        nodes, widths = _quadrature(low, high, sd, self._points, least=2 if self._mirrored else 4)
        scale = math.sqrt(step)
        moved = (nodes[:, None] - self._nodes[None, :] - self._drift * step) / scale
        density = _bell(moved) @ self._weights
        if self._mirrored and self._t > 0:
            density += _bell((nodes[:, None] + self._nodes[None, :]) / scale) @ self._weights
        density /= scale * math.sqrt(2 * math.pi)
        self._nodes, self._weights, self._t = nodes, density * widths, t


def exit_probabilities(
    information: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    drift: float = 0.0,
    *,
    points: int = _POINTS,
) -> tuple[Array, Array]:
    """Return, per look, the probabilities of first leaving below and above.

    Args:
        information: Increasing, in (0, 1].
        lower: z-values, -inf for no bound below.
        upper: z-values, inf for no bound above.
        drift: Mean of z at full information.
        points: Quadrature points per panel; fewer are faster and coarser.
    """
    t = check_information(information)
    mirrored = drift == 0 and all(a == -b for a, b in zip(lower, upper, strict=True))
    path = ScorePath(drift, points, mirrored=mirrored)
    down, up = np.zeros(len(t)), np.zeros(len(t))
    for k, now in enumerate(t):
        up[k] = path.above(now, upper[k]) if math.isfinite(upper[k]) else 0.0
        down[k] = up[k] if mirrored else (path.below(now, lower[k]) if math.isfinite(lower[k]) else 0.0)
        if k + 1 < len(t):
            path.advance(now, lower[k], upper[k], t[k + 1])
    return down, up


def _bell(away: Array) -> Array:
    """Return exp(-away^2 / 2), overwriting its argument."""
    np.multiply(away, away, out=away)
    np.multiply(away, -0.5, out=away)
    return np.exp(away, out=away)


def check_information(information: Sequence[float]) -> tuple[float, ...]:
    """Return information fractions, or raise.

    Raises:
        InvalidInput: `no_looks`, `information_out_of_range` or `information_goes_backwards`.
    """
    t = tuple(map(float, information))
    if not t:
        raise InvalidInput("no_looks", "a sequential plan without a look", where="information")
    if not all(0 < x <= 1 + 1e-12 for x in t):
        raise InvalidInput(
            "information_out_of_range", f"information {list(t)}", where="information", fix="give fractions in (0, 1]"
        )
    if any(b - a < _LEAST_STEP for a, b in pairwise(t)):
        raise InvalidInput(
            "information_goes_backwards",
            f"information {list(t)}",
            where="information",
            fix="order the looks; each needs new matured units",
        )
    return t


def _quadrature(low: float, high: float, sd: float, n_points: int, *, least: int) -> tuple[Array, Array]:
    panels = min(max(math.ceil((high - low) / (_PANEL_SD * sd)), least), 400)
    points, weights = _panelled(panels, n_points)
    half = (high - low) / 2
    return (low + half) + half * points, half * weights


@lru_cache(maxsize=512)
def _panelled(panels: int, n_points: int) -> tuple[Array, Array]:
    """Return nodes and weights on [-1, 1] cut into equal panels."""
    points, weights = np.polynomial.legendre.leggauss(n_points)
    edges = np.linspace(-1, 1, panels + 1)
    half = 1 / panels
    nodes = ((edges[:-1] + half)[:, None] + half * points[None, :]).ravel()
    return np.asarray(nodes, dtype=np.float64), np.asarray(np.tile(half * weights, panels), dtype=np.float64)
