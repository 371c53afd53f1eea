"""Too few: whether a comparison has the units that its normal reading needs, by the kind of metric."""

from counterpoint.config import Metric
from counterpoint.errors import CannotCompute
from counterpoint.metrics.rollup import MetricRollup, QuantileArm
from counterpoint.stats import adequacy

LEAST_UNITS = 30
LEAST_BEYOND = 10
"""Values that each arm must have on the rarer side of a quantile."""


def require_adequate(metric: Metric, rollup: MetricRollup, control: str, treatment: str, *, alpha: float) -> None:
    """Raise when the figures of a comparison would not mean what they say.

    Means and shares ask for 30 units in each arm, 8 times the squared skewness, and tails within half of alpha / 2 (a
    quarter where nothing changed); shares for five of the rarer outcome in each arm; ratios the same as means, of their
    linearised values; quantiles for 30 units and ten values beyond the quantile in each arm.

    Args:
        metric: Its type picks the rule.
        rollup: Of that metric.
        control: The variant compared against.
        treatment: The variant compared.
        alpha: Two-sided level.

    Raises:
        CannotCompute: `too_few`, with the units that would do where that can be told.
    """
    if metric.type == "quantile":
        for name in (control, treatment):
            _require_values(rollup.quantiles[name], metric.quantile or 0.5, name)
        return
    arms = rollup.linear or rollup.arms
    found = adequacy(arms[control], arms[treatment], alpha=alpha, binary=metric.type == "proportion")
    if not found.adequate:
        needed = found.units_needed
        raise CannotCompute(
            found.code,
            f"too few units to read it: {found.sentence}",
            where=metric.key,
            fix="wait for more" if needed is None else f"wait for about {needed:,} in each arm",
            facts={"units_needed": needed, "expected_error": found.expected_error},
        )


def _require_values(arm: QuantileArm, p: float, variant: str) -> None:
    beyond = min(p, 1 - p) * arm.values.n
    if arm.clusters.n >= LEAST_UNITS and beyond >= LEAST_BEYOND:
        return
    raise CannotCompute(
        "too_few",
        f"too few units to read it: {arm.clusters.n} units with {beyond:.0f} values beyond the quantile; at least"
        f" {LEAST_UNITS} and {LEAST_BEYOND} are asked of each arm",
        where=variant,
        fix="wait for more",
    )
