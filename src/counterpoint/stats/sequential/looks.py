"""Read the looks of a group-sequential plan: repeated intervals while it runs, adjusted estimates once it stops."""

import math
from dataclasses import dataclass
from functools import lru_cache

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.effects import AnytimeEffect, Effect, Relative
from counterpoint.stats.sequential.bounds import GroupSequentialBounds, at_alpha
from counterpoint.stats.sequential.recursion import ScorePath
from counterpoint.stats.tails import Alternative, upper_quantile, upper_tail


def effect_at_look(
    effect: Effect, bounds: GroupSequentialBounds, look: int, alternative: Alternative = Alternative.TWO_SIDED
) -> AnytimeEffect:
    """Return the effect with its repeated confidence interval and repeated p-value, valid at all planned looks.

    Only units whose whole metric window has passed may have entered `effect`: else increments are not independent.

    Args:
        effect: Estimate and standard error at this look.
        bounds: The plan, with the information actually reached at the looks so far.
        look: Which of them, from 1.
        alternative: Side of a one-sided plan; ignored by two-sided ones.

    Raises:
        InvalidInput: `unknown_look`, or `sides_differ` when a one-sided plan is read two-sided.

    Estimand:
        That of the effect; the planned looks, whether or not the plan is followed after crossing.

    Source:
        Jennison and Turnbull 1989; for unknown variances the significance-level approach of their book, section 3.4.
    """
    _check_look(bounds, look)
    side = Alternative.TWO_SIDED if bounds.sides == 2 else alternative
    if bounds.sides == 1 and side == Alternative.TWO_SIDED:
        raise InvalidInput("sides_differ", "a one-sided plan read two-sided", where="alternative", fix="name the side")
    # The bound keeps its level at the degrees of freedom so far: with 60 units in an arm the normal one ships a seventh
    # more often than designed.
    critical = upper_quantile(upper_tail(bounds.z[look - 1]), effect.df)
    t = (effect.estimate - effect.null) / effect.std_error
    z = math.copysign(upper_quantile(upper_tail(abs(t), effect.df)), t)
    toward = abs(z) if bounds.sides == 2 else (z if side == Alternative.GREATER else -z)
    lower, upper = _ends(effect.estimate, critical * effect.std_error, side)
    low = high = None
    if effect.relative_effect is not None and effect.relative_std_error is not None:
        low, high = _ends(effect.relative_effect, critical * effect.relative_std_error, side)
    return AnytimeEffect(
        estimate=effect.estimate,
        std_error=effect.std_error,
        ci_lower=lower,
        ci_upper=upper,
        p_value=repeated_p_value(bounds, look, toward),
        alpha=bounds.alpha,
        alternative=side,
        null=effect.null,
        relative_effect=effect.relative_effect,
        relative_std_error=effect.relative_std_error,
        relative_ci_lower=low,
        relative_ci_upper=high,
        relative=None if low is None else Relative.DELTA,
        method=f"group_sequential({bounds.method},{effect.method})",
        estimand=effect.estimand,
        theta=effect.theta,
        theta_scope=effect.theta_scope,
        n_control=effect.n_control,
        n_treatment=effect.n_treatment,
        control_mean=effect.control_mean,
        treatment_mean=effect.treatment_mean,
        corrections=effect.corrections,
        trimmed=effect.trimmed,
        notes=effect.notes,
        digest=effect.digest,
        valid_for=f"the {len(bounds.z)} planned looks",
        critical=critical,
        alpha_spent=bounds.alpha_spent[look - 1],
        n_looks=look,
    )


def repeated_p_value(bounds: GroupSequentialBounds, look: int, z: float) -> float:
    """Return the smallest alpha at which the plan would reject at this look.

    Args:
        bounds: The plan.
        look: From 1.
        z: Toward rejection (absolute for two-sided plans).
    """
    _check_look(bounds, look)
    if z <= 0:
        return 1.0

    levels, zs = _levels_by_z(bounds, look)
    if z >= zs[-1]:
        return math.exp(levels[-1])
    if z <= zs[0]:
        return 1.0
    return float(math.exp(scipy.interpolate.pchip_interpolate(zs, levels, z)))


@lru_cache(maxsize=512)
def _levels_by_z(bounds: GroupSequentialBounds, look: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return log levels and the bounds they give at a look, rising in z.

    The plan's own alpha is a node, and the interpolation between nodes is monotone: p-value and bound cannot disagree.
    """
    grid = {math.exp(x) for x in _LOG_LEVELS} | {bounds.alpha}
    pairs = sorted(
        (at_alpha(bounds, a).z[look - 1] if a != bounds.alpha else bounds.z[look - 1], math.log(a)) for a in grid
    )
    kept = [pairs[0]]
    for z, level in pairs[1:]:
        if z > kept[-1][0] + 1e-9:
            kept.append((z, level))
    return tuple(level for _, level in kept), tuple(z for z, _ in kept)


_LOG_LEVELS = tuple(math.log(0.99) + (math.log(1e-9) - math.log(0.99)) * k / 31 for k in range(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedEstimate:
    """An effect after a plan stopped, freed from the optimism of stopping on success.

    Attributes:
        median_unbiased: As often too high as too low.
        ci_lower: Of the (1 - alpha) interval, both sides.
        ci_upper: Of it.
        p_value: One-sided toward the upper bound, doubled for two-sided plans, by stage-wise ordering.
    """

    median_unbiased: float
    ci_lower: float
    ci_upper: float
    p_value: float


def adjusted_estimate(bounds: GroupSequentialBounds, look: int, estimate: float, std_error: float) -> AdjustedEstimate:
    """Return the median-unbiased estimate and its interval after stopping at `look`.

    Args:
        bounds: The plan.
        look: Where it stopped, from 1.
        estimate: At that look.
        std_error: At that look, positive.

    Source:
        Tsiatis, Rosner and Mehta 1984: earlier crossings are more extreme, then larger z.
    """
    _check_look(bounds, look)
    if not std_error > 0:
        raise CannotCompute("no_variation", f"a standard error of {std_error}", where="std_error")
    z = estimate / std_error
    information = bounds.information[look - 1]

    def as_extreme(effect: float) -> float:
        return _stagewise(bounds, look, z, effect / (std_error * math.sqrt(information)))

    def solve(probability: float) -> float:
        width = 12 * std_error
        return float(
            scipy.optimize.brentq(lambda e: as_extreme(e) - probability, estimate - width, estimate + width, xtol=1e-12)
        )

    tail = bounds.alpha / 2
    p = as_extreme(0.0)
    return AdjustedEstimate(
        median_unbiased=solve(0.5),
        ci_lower=solve(tail),
        ci_upper=solve(1 - tail),
        p_value=min(1.0, 2 * min(p, 1 - p)) if bounds.sides == 2 else p,
    )


def _stagewise(bounds: GroupSequentialBounds, look: int, z: float, drift: float) -> float:
    path, passed = ScorePath(drift), 0.0
    t = bounds.information
    for k in range(look - 1):
        passed += path.above(t[k], bounds.z[k])
        path.advance(t[k], bounds.lower[k], bounds.z[k], t[k + 1])
    return passed + path.above(t[look - 1], z)


def _ends(estimate: float, half: float, side: Alternative) -> tuple[float, float]:
    lower = -math.inf if side == Alternative.LESS else estimate - half
    return lower, math.inf if side == Alternative.GREATER else estimate + half


def _check_look(bounds: GroupSequentialBounds, look: int) -> None:
    if not 1 <= look <= len(bounds.z):
        raise InvalidInput("unknown_look", f"look {look} of {len(bounds.z)}", where="look")
