"""Cap extreme values before they are summed, and say at what value."""

import numpy as np
import numpy.typing as npt

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.quantiles import ValueCounts, quantile
from counterpoint.stats.summary import Summary


def cap_at_quantile(values: ValueCounts, upper: float) -> tuple[float, Summary]:
    """Return the cap and the summary of values with everything above the `upper` quantile set to it.

    The cap must come from all arms together, or it carries the treatment effect away.

    Args:
        values: Counted.
        upper: Quantile, in (0, 1], type 7.
    """
    if not 0 < upper <= 1:
        raise InvalidInput("share_out_of_range", f"a cap at quantile {upper}", where="upper")
    cap = quantile(values, upper)
    return cap, capped(values, cap)


def capped(values: ValueCounts, cap: float) -> Summary:
    """Return the summary of counted values with everything above `cap` set to it."""
    if values.n == 0:
        raise CannotCompute("no_units", "no values to cap", where="values")
    x = np.minimum(np.asarray(values.values), cap)
    weights = np.asarray(values.counts, dtype=float)
    mean = float(weights @ x / weights.sum())
    centred = x - mean
    return Summary(n=values.n, means=(mean,), cross=(float(weights @ centred**2),), third=float(weights @ centred**3))


def winsorised(values: npt.ArrayLike, lowest: int, highest: int) -> Summary:
    """Return the summary after the `lowest` smallest and `highest` largest values take the value next to them.

    Raises:
        InvalidInput: `negative_count`, or `nothing_left` when every value would be replaced.

    Source:
        Tukey and McLaughlin 1963.
    """
    x = np.sort(np.asarray(values, dtype=float))
    if lowest < 0 or highest < 0:
        raise InvalidInput("negative_count", "a negative number of values to replace", where="lowest")
    if lowest + highest >= x.size:
        raise InvalidInput("nothing_left", f"{lowest + highest} of {x.size} values replaced", where="lowest")
    x[:lowest] = x[lowest]
    if highest:
        x[-highest:] = x[-highest - 1]
    return Summary.from_arrays(x)
