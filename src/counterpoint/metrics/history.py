"""Recorded traffic: what past pages and outcomes tell a design about arrivals and about the spread of a metric."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from counterpoint.assignment import compile_audience
from counterpoint.config import Metric, Surface
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.events import EventLog
from counterpoint.experiments import MetricHistory, UnitsPerDay, Unknown
from counterpoint.metrics.engines.duckdb import in_duckdb
from counterpoint.metrics.engines.relations import Reading
from counterpoint.metrics.engines.visits import EVERYONE, count_visits, first_visit, metric_of_visitors
from counterpoint.metrics.rollup import BEFORE, MetricRollup
from counterpoint.stats import METRIC, Summary, model_of, quantile, quantile_interval

HISTORY_DAYS = 28
_LEAST_UNITS = 100
_Z95 = 1.959963984540054


class RecordedTraffic:
    """Answers `counterpoint.experiments.TrafficHistory` from the event log; says Unknown where it does not reach."""

    def __init__(
        self,
        log: EventLog,
        surface_of: Callable[[str], Surface],
        clock: Callable[[], datetime],
        *,
        history_days: int = HISTORY_DAYS,
        reading: Reading = in_duckdb,
    ) -> None:
        self._log = log
        self._surface_of = surface_of
        self._clock = clock
        self._history_days = history_days
        self._reading = reading

    def units_per_day(self, surface: str, *, audience: str, unit: str | None = None) -> UnitsPerDay | Unknown:
        """Return how many units of `audience` arrive on `surface`, or why that is not known."""
        declared, now = self._surface_of(surface), self._clock()
        if unit is not None and unit != declared.unit:
            return Unknown(code="unit_not_recorded", reason=f"pages are recorded by {declared.unit}, not by {unit}")
        n_days = self._whole_days(surface, now)
        if n_days < 1:
            return Unknown(code="no_history", reason=f"less than a day of traffic on {surface} is recorded")
        matches = compile_audience(audience, declared.attributes).matches
        visits = count_visits(self._log, surface, matches, n_days=n_days, now=now, reading=self._reading)
        if not sum(visits.per_day):
            return Unknown(code="no_such_visitors", reason=f"nobody of this audience came in {n_days} days")
        return UnitsPerDay(
            first_day=sum(visits.per_day) / n_days,
            per_day_new=tuple(map(float, visits.new_per_day)),
            n_days=n_days,
            source=f"pages served in the last {n_days} days",
        )

    def metric_history(self, surface: str, metric: str, *, audience: str) -> MetricHistory | Unknown:
        """Return how `metric` was distributed among units of `audience`, or why that is not known."""
        declared, now = self._surface_of(surface), self._clock()
        if metric not in declared.metrics:
            return Unknown(code="unknown_metric", reason=f"{surface} has no metric {metric!r}")
        asked = declared.metrics[metric]
        n_days = self._whole_days(surface, now)
        if n_days <= asked.window_days:
            reason = f"{n_days} days of traffic are recorded, and {metric} needs more than its {asked.window_days}"
            return Unknown(code="history_too_short", reason=reason)
        # The period before is known only where the history reaches a window back beyond the first visits counted.
        covariates = n_days > 2 * asked.window_days
        since = now - timedelta(days=n_days - asked.window_days if covariates else n_days)
        matches = compile_audience(audience, declared.attributes).matches
        rollup = metric_of_visitors(
            self._log, surface, asked, matches, since=since, now=now, covariates=covariates, reading=self._reading
        )
        source = f"units first seen in the {(now - since).days - asked.window_days} days from {since:%Y-%m-%d}"
        try:
            return _moments(asked, rollup, source)
        except (CannotCompute, InvalidInput) as error:
            return Unknown(code=error.code, reason=error.sentence)

    def _whole_days(self, surface: str, now: datetime) -> int:
        since = now - timedelta(days=self._history_days)
        first = first_visit(self._log, surface, since=since, now=now, reading=self._reading)
        # A history cut off at its limit is whole; rounding up takes the first, partly seen day for a full one.
        return 0 if first is None else math.ceil((now - first) / timedelta(days=1) - 0.5)


def _moments(metric: Metric, rollup: MetricRollup, source: str) -> MetricHistory:
    if metric.type == "quantile":
        return _quantile_moments(metric, rollup, source)
    summary = rollup.arms[EVERYONE]
    _require_units(summary.n)
    if metric.type == "proportion":
        p = summary.mean()
        if not 0 < p < 1:
            raise CannotCompute("no_variation", "every unit has the same value", where=metric.key)
        return MetricHistory(n_units=summary.n, mean=p, variance=p * (1 - p), autocorrelation=None, source=source)
    model = model_of(summary)
    return MetricHistory(
        n_units=summary.n,
        mean=model.mean,
        variance=model.variance,
        autocorrelation=_correlation(summary) if metric.type == "mean" else None,
        source=source,
    )


def _quantile_moments(metric: Metric, rollup: MetricRollup, source: str) -> MetricHistory:
    if EVERYONE not in rollup.quantiles:
        raise CannotCompute("no_values", "no value was recorded", where=metric.key)
    arm, p = rollup.quantiles[EVERYONE], metric.quantile or 0.5
    _require_units(arm.clusters.n)
    lower, upper = quantile_interval(arm.values, p)
    if not (math.isfinite(lower) and math.isfinite(upper)):
        raise CannotCompute("quantile_out_of_reach", f"{arm.values.n} values hold no interval", where=metric.key)
    # Values of one unit are alike: the binomial error is too small by this factor.
    per_unit = model_of(arm.clusters).variance
    design_effect = per_unit * arm.clusters.mean("denominator") / (p * (1 - p))
    variance = arm.clusters.n * ((upper - lower) / (2 * _Z95)) ** 2 * design_effect
    if variance <= 0:
        raise CannotCompute("no_variation", "the values around the quantile are all the same", where=metric.key)
    return MetricHistory(
        n_units=arm.clusters.n, mean=quantile(arm.values, p), variance=variance, autocorrelation=None, source=source
    )


def _correlation(summary: Summary) -> float | None:
    if BEFORE not in summary.columns or summary.variance(BEFORE) <= 0 or summary.variance() <= 0:
        return None
    return summary.covariance(METRIC, BEFORE) / math.sqrt(summary.variance() * summary.variance(BEFORE))


def _require_units(n: int) -> None:
    if n < _LEAST_UNITS:
        raise CannotCompute("too_few_units", f"{n} units in the history", fix=f"wait for {_LEAST_UNITS}")
