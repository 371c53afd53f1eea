"""Stopping when success has become unlikely: futility bounds that spend beta, binding on nobody."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.sequential.bounds import GroupSequentialBounds, spending_bounds
from counterpoint.stats.sequential.recursion import ScorePath
from counterpoint.stats.sequential.spending import Spending, spent
from counterpoint.stats.tails import check_share, upper_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class FutilityPlan:
    """Efficacy and futility bounds together.

    Attributes:
        bounds: With `futility` filled in; efficacy ignores futility, so that ignoring it costs no alpha.
        drift: Mean of z at full information for which the power is 1 - beta.
        inflation: Largest sample over that of one look.
        beta_spent: Cumulative, by each look.
    """

    bounds: GroupSequentialBounds
    drift: float
    inflation: float
    beta_spent: tuple[float, ...]


def futility_plan(
    information: Sequence[float],
    *,
    alpha: float = 0.025,
    beta: float = 0.2,
    family: Spending = Spending.OBRIEN_FLEMING,
    parameter: float | None = None,
    beta_family: Spending = Spending.OBRIEN_FLEMING,
    beta_parameter: float | None = None,
) -> FutilityPlan:
    """Return one-sided bounds with non-binding futility.

    Args:
        information: Looks, the last at 1.
        alpha: One-sided error.
        beta: Share of true effects of the designed size that may be stopped or missed.
        family: Spending of alpha.
        parameter: Of it.
        beta_family: Spending of beta.
        beta_parameter: Of it.

    Raises:
        InvalidInput: `information_out_of_range` when the last look is not at full information.

    Source:
        Pampallona, Tsiatis and Kim 2001; DeMets 2006.
    """
    check_share(beta, "beta")
    plan = spending_bounds(information, alpha=alpha, sides=1, family=family, parameter=parameter)
    t = plan.information
    if abs(t[-1] - 1) > 1e-9:
        raise InvalidInput("information_out_of_range", "the last look is not at full information", where="information")
    spending = tuple(spent(beta_family, x, beta, beta_parameter) for x in t)

    def bounds_at(drift: float) -> tuple[float, ...]:
        path, before, lower = ScorePath(drift), 0.0, []
        for k, now in enumerate(t):
            wanted = spending[k] - before
            lower.append(_below(path, now, wanted, drift))
            before = spending[k]
            if k + 1 < len(t):
                path.advance(now, min(lower[-1], plan.z[k]), plan.z[k], t[k + 1])
        return tuple(lower)

    start = upper_quantile(alpha) + upper_quantile(beta)
    try:
        # Both bounds meet at the last look exactly when what is not rejected there uses up beta.
        drift = float(
            scipy.optimize.brentq(lambda d: bounds_at(d)[-1] - plan.z[-1], 0.7 * start, 2 * start + 3, xtol=1e-9)
        )
    except ValueError as error:
        raise CannotCompute("never", "no drift makes both bounds meet", where="beta_family") from error
    lower = bounds_at(drift)
    futility = (*(min(a, b) for a, b in zip(lower[:-1], plan.z[:-1], strict=True)), plan.z[-1])
    return FutilityPlan(
        bounds=replace(plan, futility=futility, method=f"{plan.method}+futility:{beta_family}"),
        drift=drift,
        inflation=(drift / start) ** 2,
        beta_spent=spending,
    )


def _below(path: ScorePath, t: float, probability: float, drift: float) -> float:
    edge = 8 + abs(drift) * math.sqrt(t)
    if probability <= path.below(t, -edge):
        return -edge
    if probability >= path.below(t, edge):
        return edge
    return float(scipy.optimize.brentq(lambda z: path.below(t, z) - probability, -edge, edge, xtol=1e-11))
