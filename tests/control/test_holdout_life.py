"""What a holdout could show, and when it is due, from recorded moments alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from counterpoint.control.aside.holdout_life import (
    REMIND_BEFORE,
    Reminder,
    Reminders,
    holdout_power,
    phase_of,
    reminder_of,
)
from counterpoint.errors import DependencyFailure
from counterpoint.experiments import MetricHistory, UnitsPerDay, Unknown
from counterpoint.stats import ComparisonPlan, MetricModel, detectable_effect
from experiment_examples import NOW, a_state
from metrics.metrics_world import SURFACE
from releases.test_apply import a_holdout

HISTORY = MetricHistory(n_units=10_000, mean=20.0, variance=400.0, autocorrelation=None, source="records")


class Traffic:
    """A thousand new units a day, for ever."""

    def __init__(self, history: MetricHistory | Unknown = HISTORY) -> None:
        self.history = history

    def units_per_day(self, surface: str, *, audience: str, unit: str | None = None) -> UnitsPerDay | Unknown:
        if unit == "device":
            return Unknown(code="unit_not_recorded", reason="pages are recorded by user_id")
        return UnitsPerDay(first_day=1_000.0, per_day_new=(1_000.0,) * 28, n_days=28, source="records")

    def metric_history(self, surface: str, metric: str, *, audience: str) -> MetricHistory | Unknown:
        return self.history


def power_of(share: float, days: int, traffic: Traffic | None = None) -> dict[str, object]:
    document = holdout_power(SURFACE, traffic or Traffic(), share=share, days=days)
    return next(row for row in document["metrics"] if row["metric"] == "minutes_7d")


def test_the_effect_it_would_show_is_that_of_a_comparison_of_its_matured_units() -> None:
    row = power_of(0.05, 17)
    assert row["n_units"] == pytest.approx(2 * 0.05 * 1_000 * 10, rel=0.01)
    model = MetricModel(mean=20.0, variance=400.0)
    assert row["detectable"] == pytest.approx(detectable_effect(model, ComparisonPlan(), 1_000.0), rel=0.01)


@pytest.mark.parametrize(("share", "days"), [(0.2, 28), (0.05, 90)])
def test_a_larger_or_longer_holdout_shows_smaller_effects(share: float, days: int) -> None:
    assert power_of(share, days)["detectable"] < power_of(0.05, 28)["detectable"]  # type: ignore[operator]


def test_a_holdout_shorter_than_a_metrics_window_shows_nothing_of_it() -> None:
    assert power_of(0.05, 5)["reason"]["code"] == "too_short"  # type: ignore[index]


def test_what_is_not_recorded_is_said_to_be_unknown() -> None:
    unknown = Traffic(Unknown(code="no_history", reason="nothing is recorded"))
    assert power_of(0.05, 28, unknown)["reason"]["code"] == "no_history"  # type: ignore[index]
    document = holdout_power(SURFACE, Traffic(), share=0.05, days=28, unit="device")
    assert (document["known"], document["metrics"]) == (False, [])


def test_its_owner_is_reminded_before_its_end_after_it_and_once_it_is_read() -> None:

    holdout = replace(a_holdout(a_state()), ends_at=NOW + timedelta(days=90))
    assert (phase_of(holdout, NOW), reminder_of(holdout, NOW)) == ("running", None)
    near = holdout.ends_at - REMIND_BEFORE
    assert (phase_of(holdout, near), "ends in 14 days" in str(reminder_of(holdout, near))) == ("due", True)
    assert phase_of(holdout, holdout.ends_at) == "expired"
    assert "blocks launches" in str(reminder_of(holdout, holdout.ends_at))
    read = replace(holdout, read_at=holdout.ends_at)
    assert phase_of(read, holdout.ends_at) == "read"
    assert "release it" in str(reminder_of(read, holdout.ends_at))


def test_a_reminder_is_said_once_a_day_for_as_long_as_it_is_due() -> None:
    text = "data: 'q4' ends in 3 days"
    now, due = NOW, [Reminder(surface="home", holdout="q4", text=text)]
    reminders = Reminders(lambda: due, lambda: now)
    assert reminders.tick() == (text,)
    for hours, said in ((0.5, ()), (2, ()), (23, (text,)), (1, ())):
        now += timedelta(hours=hours)
        assert reminders.tick() == said
    due = []
    now += timedelta(days=2)
    assert reminders.tick() == ()


class Ear:
    """A listener that keeps what it is told, and cannot be reached when it is deaf."""

    name = "ear"

    def __init__(self, surface: str, *, deaf: bool = False) -> None:
        self.surface, self.deaf, self.heard = surface, deaf, list[tuple[str, ...]]()

    def holds(self, surface: str) -> bool:
        return surface == self.surface

    def remind(self, surface: str, holdout: str, reminder: str, *, idempotency_key: str) -> None:
        if self.deaf:
            raise DependencyFailure("backend_down", "nobody answers")
        self.heard.append((surface, holdout, reminder, idempotency_key))


def test_who_listens_to_a_surface_is_told_once_a_day_and_the_deaf_keep_nobody_from_it() -> None:
    due = [Reminder(surface="home", holdout="q4", text="read it")]
    deaf, other, ear = Ear("home", deaf=True), Ear("search"), Ear("home")
    reminders = Reminders(lambda: due, lambda: NOW, (deaf, other, ear))
    assert reminders.tick() == ("read it",)
    assert reminders.tick() == ()
    assert ear.heard == [("home", "q4", "read it", f"remind:home:q4:{NOW:%Y-%m-%d}")]
    assert other.heard == deaf.heard == []
