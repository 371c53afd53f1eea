"""Error spending: how much of alpha may be used up when a share of the information is in."""

import math
from enum import StrEnum

from counterpoint.errors import InvalidInput
from counterpoint.stats.tails import upper_quantile, upper_tail


class Spending(StrEnum):
    """Spending families: little early (O'Brien-Fleming), evenly (Pocock), a power of time, or an exponential."""

    OBRIEN_FLEMING = "obrien_fleming"
    POCOCK = "pocock"
    KIM_DEMETS = "kim_demets"
    HWANG_SHIH_DECANI = "hwang_shih_decani"


def spent(family: Spending, t: float, alpha: float, parameter: float | None = None) -> float:
    """Return the error of ONE side spent by information t.

    Args:
        family: Shape.
        t: Information fraction, in [0, 1].
        alpha: Error of the side in total (half of a two-sided alpha), in (0, 1).
        parameter: Power rho > 0 of Kim-DeMets (2 by default), gamma of Hwang-Shih-DeCani (-4 by default).

    Source:
        Lan and DeMets 1983; Kim and DeMets 1987; Hwang, Shih and De Cani 1990.
    """
    if t <= 0:
        return 0.0
    if t >= 1:
        return alpha
    if family == Spending.OBRIEN_FLEMING:
        return 2 * upper_tail(upper_quantile(alpha / 2) / math.sqrt(t))
    if family == Spending.POCOCK:
        return alpha * math.log1p((math.e - 1) * t)
    if family == Spending.KIM_DEMETS:
        rho = 2.0 if parameter is None else parameter
        if not rho > 0:
            raise InvalidInput("spending_parameter", f"rho = {rho}", where="parameter", fix="give a positive power")
        return alpha * float(t**rho)
    gamma = -4.0 if parameter is None else parameter
    return alpha * t if gamma == 0 else alpha * (math.expm1(-gamma * t) / math.expm1(-gamma))
