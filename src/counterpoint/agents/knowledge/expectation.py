"""What to expect of a measured effect: the estimate, shrunk by the history of its metric."""

from collections.abc import Mapping
from typing import Any

from counterpoint.agents.knowledge.history import EffectHistory
from counterpoint.errors import CannotCompute
from counterpoint.experiments import Unknown
from counterpoint.stats import posterior

_RELATIVE = ("relative_effect", "relative_ci_lower", "relative_ci_upper")


def expected_effects(results: Mapping[str, Any], history: EffectHistory | Unknown) -> list[dict[str, Any]]:
    """Return, per treatment, what to expect of its effect on the primary metric once it is shipped.

    Winners are picked for being large, so what was measured overstates them: the history of the metric shrinks it.

    Args:
        results: A scorecard's document.
        history: Of the primary metric.

    Returns:
        Documents with `metric`, `variant`, `n` past experiments, and `mean`, `lower`, `upper`: the relative effect and
        its central 95 % interval. None where there is no history or no interval.
    """
    if isinstance(history, Unknown):
        return []
    out = []
    for row in results["metrics"]:
        values = [row.get(name) for name in (*_RELATIVE, "critical")]
        if row["role"] != "primary" or row["metric"] != history.metric:
            continue
        if any(not isinstance(value, (int, float)) for value in values) or not row["critical"]:
            continue
        error = (row["relative_ci_upper"] - row["relative_ci_lower"]) / (2 * row["critical"])
        try:
            found = posterior(row["relative_effect"], error, history.prior)
        except CannotCompute:
            continue
        out.append(
            {
                "metric": row["metric"],
                "variant": row["variant"],
                "n": history.n,
                "mean": found.mean,
                "lower": found.ci_lower,
                "upper": found.ci_upper,
            }
        )
    return out
