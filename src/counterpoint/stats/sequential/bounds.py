"""Group-sequential bounds: the z-value at each planned look that keeps the error of all looks together at alpha."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.sequential.recursion import ScorePath, check_information, exit_probabilities
from counterpoint.stats.sequential.spending import Spending, spent
from counterpoint.stats.tails import check_share, upper_quantile, upper_tail

# Quadrature points per panel, for searching and for the answer.
_COARSE = 5
_FINE = 12
# The error of all looks together comes this close to alpha; a bound then is within 1e-6.
_MISS = 1e-8
_LARGEST_Z = 60.0
_LARGEST_DELTA = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSequentialBounds:
    """Bounds of a plan of looks.

    Attributes:
        information: Share of the planned matured information at each look, increasing.
        z: Reject when z (its absolute value when two-sided) exceeds this.
        futility: Stop for futility when z falls below this, -inf where there is no such bound; one-sided plans only.
        alpha: Error over all looks.
        sides: 1 or 2.
        alpha_spent: Cumulative error by each look, both sides together.
        method: Name of the family with its parameter.
        family: Spending family, or None for bounds of a fixed shape.
        parameter: Of the family, of Wang-Tsiatis (delta) or of Haybittle-Peto (interim z).
    """

    information: tuple[float, ...]
    z: tuple[float, ...]
    futility: tuple[float, ...]
    alpha: float
    sides: int
    alpha_spent: tuple[float, ...]
    method: str
    family: Spending | None = None
    parameter: float | None = None

    @property
    def nominal_p(self) -> tuple[float, ...]:
        """Level of each look on its own."""
        return tuple(self.sides * upper_tail(z) for z in self.z)

    @property
    def lower(self) -> tuple[float, ...]:
        """Lower edge of the continuation region: the mirrored bound of a two-sided plan, else futility."""
        return tuple(-z for z in self.z) if self.sides == 2 else self.futility


def spending_bounds(
    information: Sequence[float],
    *,
    alpha: float = 0.05,
    sides: int = 2,
    family: Spending = Spending.OBRIEN_FLEMING,
    parameter: float | None = None,
) -> GroupSequentialBounds:
    """Return bounds that spend alpha along a family; looks may come when they come, the spending decides.

    Args:
        information: Share of planned information at each look, increasing, in (0, 1]. A plan that stops short of 1 has
            spent only its part.
        alpha: Error over all looks and sides.
        sides: 2 for a symmetric two-sided test, 1 for the upper side.
        family: Spending family.
        parameter: Of the family.

    Raises:
        InvalidInput: `information_goes_backwards` and its kin; `sides_out_of_range`.

    Source:
        Lan and DeMets 1983; integration as Armitage, McPherson and Rowe 1969, Jennison and Turnbull 2000, chapter 19.
    """
    t = _checked(information, alpha, sides)
    side = alpha / sides
    path, before, z = ScorePath(mirrored=sides == 2), 0.0, []
    for k, now in enumerate(t):
        total = spent(family, now, side, parameter)
        z.append(path.solve_above(now, max(total - before, 0.0)))
        before = max(total, before)
        if k + 1 < len(t):
            path.advance(now, -z[-1] if sides == 2 else -math.inf, z[-1], t[k + 1])
    named = str(family) if parameter is None else f"{family}({parameter:g})"
    spending = tuple(sides * spent(family, x, side, parameter) for x in t)
    found = _bounds(t, tuple(z), spending, alpha=alpha, sides=sides, method=f"spending:{named}")
    return replace(found, family=family, parameter=parameter)


def wang_tsiatis_bounds(
    information: Sequence[float], *, alpha: float = 0.05, sides: int = 2, delta: float = 0.0
) -> GroupSequentialBounds:
    """Return z_k = C * t_k^(delta - 1/2): delta 0 is O'Brien-Fleming, 1/2 is Pocock.

    Source:
        Wang and Tsiatis 1987.
    """
    t = _checked(information, alpha, sides)
    if not abs(delta) <= _LARGEST_DELTA:
        raise InvalidInput(
            "bad_shape",
            f"delta {delta:g}",
            where="delta",
            fix=f"give one from -{_LARGEST_DELTA:g} to {_LARGEST_DELTA:g}",
        )
    method = f"wang_tsiatis({delta:g})"
    found = _by_constant(t, alpha, sides, lambda c: tuple(c * x ** (delta - 0.5) for x in t), method)
    return replace(found, parameter=delta)


def haybittle_peto_bounds(
    information: Sequence[float], *, alpha: float = 0.05, sides: int = 2, interim_z: float = 3.0
) -> GroupSequentialBounds:
    """Return a constant z at interim looks and a last bound that uses what is left of alpha."""
    t = _checked(information, alpha, sides)
    interim = (interim_z,) * (len(t) - 1)
    found = _by_constant(t, alpha, sides, lambda c: (*interim, c), f"haybittle_peto({interim_z:g})")
    return replace(found, parameter=interim_z)


def at_alpha(bounds: GroupSequentialBounds, alpha: float) -> GroupSequentialBounds:
    """Return the bounds of the same plan and shape with another alpha."""
    t, sides = bounds.information, bounds.sides
    if bounds.family is not None:
        return spending_bounds(t, alpha=alpha, sides=sides, family=bounds.family, parameter=bounds.parameter)
    if bounds.method.startswith("haybittle"):
        return haybittle_peto_bounds(t, alpha=alpha, sides=sides, interim_z=bounds.parameter or 3.0)
    return wang_tsiatis_bounds(t, alpha=alpha, sides=sides, delta=bounds.parameter or 0.0)


def crossing_probability(bounds: GroupSequentialBounds, drift: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return, per look, the probabilities of stopping below and above when z has mean `drift` at full information."""
    down, up = exit_probabilities(bounds.information, bounds.lower, bounds.z, drift)
    return tuple(map(float, down)), tuple(map(float, up))


def _by_constant(
    t: tuple[float, ...], alpha: float, sides: int, shape: Callable[[float], tuple[float, ...]], method: str
) -> GroupSequentialBounds:
    crossings: tuple[float, ...] = ()

    def excess(c: float, every: int, points: int) -> float:
        nonlocal crossings
        chosen = slice((len(t) - 1) % every, None, every)
        crossings = _crossings(t[chosen], shape(c)[chosen], sides, points)
        return sides * sum(crossings) - alpha

    # Ten looks bracket the answer cheaply and give the slope; all looks then need few steps, coarse before fine.
    few, unit = max(1, len(t) // 10), shape(1.0)[-1]
    low, high = upper_quantile(alpha / sides) / unit * 0.999, upper_quantile(alpha / sides / len(t)) / unit + 1e-3
    while excess(high, few, _COARSE) > 0:
        high += 1.0
        if high * abs(unit) > _LARGEST_Z:
            # Interim bounds that spend more than alpha by themselves leave nothing for any last bound.
            raise CannotCompute(
                "no_such_bounds",
                f"no bounds of this shape spend {alpha:g} in all",
                fix="choose a stricter interim bound",
            )
    constant = float(scipy.optimize.brentq(excess, low, high, args=(few, _COARSE), xtol=1e-3))
    step = 0.05
    slope = (excess(constant + step, few, _COARSE) - excess(constant, few, _COARSE)) / step
    for points, limit in ((_COARSE, 1e-4), (_FINE, _MISS)):
        before: tuple[float, float] | None = None
        for _ in range(20):
            miss = excess(constant, 1, points)
            if abs(miss) < limit:
                break
            if before is not None:
                slope = (miss - before[1]) / (constant - before[0])
            before = (constant, miss)
            constant -= miss / slope
    spending = tuple(sides * sum(crossings[: k + 1]) for k in range(len(t)))
    return _bounds(t, shape(constant), spending, alpha=alpha, sides=sides, method=method)


def _crossings(t: tuple[float, ...], z: tuple[float, ...], sides: int, points: int) -> tuple[float, ...]:
    lower = tuple(-x for x in z) if sides == 2 else (-math.inf,) * len(z)
    return tuple(map(float, exit_probabilities(t, lower, z, points=points)[1]))


def _bounds(
    t: tuple[float, ...], z: tuple[float, ...], spending: tuple[float, ...], *, alpha: float, sides: int, method: str
) -> GroupSequentialBounds:
    none = (-math.inf,) * len(t)
    return GroupSequentialBounds(
        information=t, z=z, futility=none, alpha=alpha, sides=sides, alpha_spent=spending, method=method
    )


def _checked(information: Sequence[float], alpha: float, sides: int) -> tuple[float, ...]:
    check_share(alpha, "alpha")
    if sides not in {1, 2}:
        raise InvalidInput("sides_out_of_range", f"{sides} sides", where="sides", fix="give 1 or 2")
    return check_information(information)
