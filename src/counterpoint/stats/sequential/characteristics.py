"""What a group-sequential plan costs and saves: inflation of the largest sample, and the expected one."""

import math
from dataclasses import dataclass

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.stats.sequential.bounds import GroupSequentialBounds, crossing_probability
from counterpoint.stats.tails import check_share, upper_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristics:
    """A plan beside the test of one look with the same alpha and power.

    Attributes:
        drift: Mean of z at full information that gives the power.
        inflation: Largest sample over the sample of one look.
        expected_h1: Expected sample over that of one look, when the effect is the one designed for.
        expected_h0: Likewise without effect.
        power_by_look: Cumulative power.
    """

    drift: float
    inflation: float
    expected_h1: float
    expected_h0: float
    power_by_look: tuple[float, ...]


def characteristics(bounds: GroupSequentialBounds, power: float = 0.8) -> Characteristics:
    """Return the cost of a plan whose last look is at full information.

    Args:
        bounds: The plan.
        power: Of rejecting above; a rejection below does not count as a success.

    Source:
        Jennison and Turnbull 2000, chapter 2.
    """
    check_share(power, "power")
    fixed = upper_quantile(bounds.alpha / bounds.sides) + upper_quantile(1 - power)

    def excess(drift: float) -> float:
        return sum(crossing_probability(bounds, drift)[1]) - power

    drift = float(scipy.optimize.brentq(excess, 1e-6, 3 * fixed + 5, xtol=1e-10))
    inflation = (drift / fixed) ** 2
    up = crossing_probability(bounds, drift)[1]
    cumulative = tuple(math.fsum(up[: k + 1]) for k in range(len(up)))
    return Characteristics(
        drift=drift,
        inflation=inflation,
        expected_h1=inflation * _expected_information(bounds, drift),
        expected_h0=inflation * _expected_information(bounds, 0.0),
        power_by_look=cumulative,
    )


def _expected_information(bounds: GroupSequentialBounds, drift: float) -> float:
    down, up = crossing_probability(bounds, drift)
    stopped = [d + u for d, u in zip(down, up, strict=True)]
    before_last = math.fsum(stopped[:-1])
    early = math.fsum(p * t for p, t in zip(stopped[:-1], bounds.information[:-1], strict=True))
    return early + (1 - before_last) * bounds.information[-1]
