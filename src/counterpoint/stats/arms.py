"""One arm as an estimator leaves it: a figure, its variance per unit, its units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm as an estimator leaves it.

    Attributes:
        n: Units, at least 2.
        mean: Estimate of the arm's figure.
        variance: Variance per unit, so that the figure's variance is variance / n.
        unadjusted_mean: Mean before adjustment, which relative effects divide by; None when nothing was adjusted.
        cov_unadjusted: Covariance per unit of adjusted and unadjusted figure; None likewise.
        unadjusted_variance: Variance per unit before adjustment; None likewise.
    """

    n: int
    mean: float
    variance: float
    unadjusted_mean: float | None = None
    cov_unadjusted: float | None = None
    unadjusted_variance: float | None = None

    @property
    def error(self) -> float:
        """Variance of the mean."""
        return self.variance / self.n
