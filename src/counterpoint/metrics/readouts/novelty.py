"""Novelty: whether an effect wears off or grows with the days since a unit's first exposure."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from counterpoint.config import Metric, Surface
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.events import EventLog
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.engines.ages import Ages, roll_up_by_age
from counterpoint.metrics.engines.duckdb import in_duckdb
from counterpoint.metrics.engines.relations import Reading
from counterpoint.metrics.rollup import RollupQuestion
from counterpoint.stats import DENOMINATOR, Effect, Inference, Summary, compare_means, compare_ratios, novelty

LEAST_DAYS = 3


def read_novelty(
    log: EventLog,
    spec: ExperimentSpec,
    surface: Surface,
    *,
    started_at: datetime,
    now: datetime,
    ended_at: datetime | None = None,
    metric: str | None = None,
    days: int | None = None,
    alpha: float = 0.05,
    reading: Reading = in_duckdb,
) -> dict[str, Any]:
    """Return, as a document, the effect by days since first exposure, and its trend.

    Only units followed for all the days count on any of them: else a trend would be one of who is left.

    Args:
        log: Where the records are.
        spec: The experiment.
        surface: Declares the metric.
        started_at: When it went live.
        now: Nothing recorded from then on is read.
        ended_at: When it stopped exposing units.
        metric: Which; the primary one when None. Not a quantile.
        days: How many days units are followed; the metric's window when None, at least 3.
        alpha: Level of the trend's test.
        reading: In which engine.

    Raises:
        InvalidInput: `unknown_metric`, or `no_days` for a quantile or fewer than three days.

    Estimand: Change of the daily effect per day since first exposure; one look.
    """
    key = metric or spec.metrics.primary.metric
    if key not in surface.metrics:
        raise InvalidInput("unknown_metric", f"{surface.key} has no metric {key!r}", where="metric")
    asked = surface.metrics[key]
    followed = max(asked.window_days, LEAST_DAYS) if days is None else days
    if asked.type == "quantile" or followed < LEAST_DAYS:
        raise InvalidInput(
            "no_days", f"{key} has no trend over {followed} days", where="metric", fix="name a mean, a share or a ratio"
        )
    question = RollupQuestion(
        surface=spec.surface,
        experiment=spec.key,
        variants=tuple(v.key for v in spec.variants),
        metrics=(),
        started_at=started_at,
        ended_at=ended_at,
        now=now,
    )
    ages = roll_up_by_age(log, question, asked, followed, reading=reading)
    control = spec.control.key
    return {
        "experiment": spec.key,
        "metric": key,
        "as_of": now.isoformat(),
        "days_followed": followed,
        "looks": "one",
        "variants": [read_ages(asked, ages, control, v.key, alpha) for v in spec.treatments],
    }


def read_ages(metric: Metric, ages: Ages, control: str, treatment: str, alpha: float) -> dict[str, Any]:
    """Return the effect of one treatment by day and its trend, as a document.

    Args:
        metric: Not a quantile.
        ages: Moments by day since first exposure, of units followed for all days.
        control: The variant compared against.
        treatment: The variant compared.
        alpha: Level of the trend's test.
    """
    n = (ages.total[control].n, ages.total[treatment].n)
    head: dict[str, Any] = {"variant": treatment, "n_control": n[0], "n_treatment": n[1], "alpha": alpha}
    found: list[tuple[int, Effect]] = []
    for day, arms in enumerate(ages.days, 1):
        try:
            found.append((day, _effect(metric, arms, control, treatment, alpha)))
        except (CannotCompute, InvalidInput):  # a day on which nothing happened has no effect and no weight
            continue
    shown = [
        {
            "day": day,
            "estimate": e.estimate,
            "std_error": e.std_error,
            "ci_lower": e.ci_lower,
            "ci_upper": e.ci_upper,
            "control_mean": e.control_mean,
        }
        for day, e in found
    ]
    try:
        trend = novelty(
            [day for day, _ in found],
            [e.estimate for _, e in found],
            [e.std_error for _, e in found],
            correlation=_correlation([ages.days[day - 1][control] for day, _ in found], ages.total[control]),
            alpha=alpha,
        )
    except (CannotCompute, InvalidInput) as error:
        reason = {"code": error.code, "message": error.sentence}
        return head | {"days": shown, "slope": None, "reason": reason, "sentence": error.sentence}
    moved = trend.p_value < alpha
    way = "wears off" if trend.wearing_off else "changes" if moved else "keeps"
    sentence = (
        f"The effect {way} with time: {trend.first:+.4g} on day {found[0][0]}, {trend.last:+.4g} on day {found[-1][0]}"
        f" (p {trend.p_value:.2g})."
    )
    return head | {
        "days": shown,
        "slope": trend.slope,
        "std_error": trend.std_error,
        "ci_lower": trend.ci_lower,
        "ci_upper": trend.ci_upper,
        "p_value": trend.p_value,
        "first": trend.first,
        "last": trend.last,
        "wearing_off": trend.wearing_off,
        "reason": None,
        "sentence": sentence,
    }


def _effect(metric: Metric, arms: Mapping[str, Summary], control: str, treatment: str, alpha: float) -> Effect:
    compare = compare_ratios if metric.type == "ratio" else compare_means
    return compare(arms[control], arms[treatment], Inference(alpha=alpha))


def _correlation(days: Sequence[Summary], total: Summary) -> float:
    """Return the correlation of a unit's days, taken as equal between any two, from the variance of their sum.

    A share's total says whether it ever happened, which is no sum of days: then, and for ratios, days count as
    uncorrelated, which overstates the slope's error and never finds a trend too often.
    """
    if DENOMINATOR in total.columns or total.n < 2 or abs(total.mean() - math.fsum(d.mean() for d in days)) > 1e-6:
        return 0.0
    variances = [d.variance() for d in days]
    spread = [math.sqrt(v) for v in variances]
    pairs = math.fsum(spread) ** 2 - math.fsum(variances)
    found = (total.variance() - math.fsum(variances)) / pairs if pairs > 0 else 0.0
    return min(max(found, 0.0), 0.99)
