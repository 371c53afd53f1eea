"""One look at the records for many specs: what the validator asks of the past is read once and answered again."""

from collections.abc import Sequence
from functools import cache

from counterpoint.agents import Budgets
from counterpoint.experiments import MetricHistory, TrafficHistory, UnitsPerDay, Unknown


class OneLook:
    """Traffic and error budgets as of the first time that each was asked for; for one plan, and then thrown away."""

    def __init__(self, traffic: TrafficHistory, budgets: Budgets) -> None:
        self._units = cache(traffic.units_per_day)
        self._metric = cache(traffic.metric_history)
        self._spent = cache(budgets.spent)

    def units_per_day(self, surface: str, *, audience: str, unit: str | None = None) -> UnitsPerDay | Unknown:
        """Return how many units arrive, as the records say."""
        return self._units(surface, audience=audience, unit=unit)

    def metric_history(self, surface: str, metric: str, *, audience: str) -> MetricHistory | Unknown:
        """Return how a metric was distributed, as the records say."""
        return self._metric(surface, metric, audience=audience)

    def spent(self, surface: str) -> Sequence[str] | Unknown:
        """Return each error budget that is gone."""
        return self._spent(surface)
