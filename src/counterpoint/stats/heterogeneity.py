"""Does the effect differ between segments, and what is left of each segment's effect once chance is taken out?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    """A test of equal effects.

    Attributes:
        pooled: Inverse-variance weighted effect.
        pooled_std_error: Of it, were the effects equal.
        q: Cochran's Q.
        df: Segments minus one.
        p_value: Of equal effects.
        i_squared: Share of the spread that is not chance, in [0, 1).
        tau_squared: Variance of true effects between segments, DerSimonian-Laird.
        shrunken: Each segment's effect drawn toward the random-effects mean by as much as chance explains.
        shrunken_std_error: Likewise, given tau_squared.
    """

    pooled: float
    pooled_std_error: float
    q: float
    df: int
    p_value: float
    i_squared: float
    tau_squared: float
    shrunken: tuple[float, ...]
    shrunken_std_error: tuple[float, ...]


def heterogeneity(effects: Sequence[float], std_errors: Sequence[float]) -> Heterogeneity:
    """Return the test of equal effects over segments of one experiment.

    Args:
        effects: Per segment, on one scale.
        std_errors: Per segment, positive; segments must not share units.

    Raises:
        InvalidInput: `shapes_differ`, `std_error_not_positive`.
        CannotCompute: `too_few_segments` below two.

    Estimand:
        Whether segments share one effect; one look.

    Source:
        Cochran 1954; DerSimonian and Laird 1986; shrinkage as empirical Bayes, Efron and Morris 1973.
    """
    if len(effects) != len(std_errors):
        raise InvalidInput("shapes_differ", f"{len(effects)} effects, {len(std_errors)} errors", where="std_errors")
    if len(effects) < 2:
        raise CannotCompute("too_few_segments", "heterogeneity of fewer than two segments", where="effects")
    if not all(math.isfinite(e) for e in effects) or not all(math.isfinite(s) and s > 0 for s in std_errors):
        raise InvalidInput("std_error_not_positive", "a standard error is not a positive number", where="std_errors")
    weights = [1 / s**2 for s in std_errors]
    total = sum(weights)
    pooled = sum(w * e for w, e in zip(weights, effects, strict=True)) / total
    q = sum(w * (e - pooled) ** 2 for w, e in zip(weights, effects, strict=True))
    df = len(effects) - 1
    tau2 = max(0.0, (q - df) / (total - sum(w * w for w in weights) / total))
    random = [1 / (s**2 + tau2) for s in std_errors]
    centre = sum(w * e for w, e in zip(random, effects, strict=True)) / sum(random)
    keep = [tau2 / (tau2 + s**2) for s in std_errors]
    return Heterogeneity(
        pooled=pooled,
        pooled_std_error=math.sqrt(1 / total),
        q=q,
        df=df,
        p_value=float(scipy.special.chdtrc(df, q)),
        i_squared=max(0.0, (q - df) / q) if q > 0 else 0.0,
        tau_squared=tau2,
        shrunken=tuple(centre + k * (e - centre) for k, e in zip(keep, effects, strict=True)),
        shrunken_std_error=tuple(
            math.sqrt(k * s**2 + (1 - k) ** 2 / sum(random)) for k, s in zip(keep, std_errors, strict=True)
        ),
    )
