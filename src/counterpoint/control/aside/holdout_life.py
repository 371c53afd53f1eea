"""The life of a holdout beside its buckets: what it could show, when it is due, and its read-out, kept for good."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from counterpoint.config import Metric, Surface
from counterpoint.errors import CannotCompute, Conflict, CounterpointError, InvalidInput, NotFound
from counterpoint.experiments import Holdout, MetricHistory, TrafficHistory, Unknown
from counterpoint.metrics import Forecast, model_from
from counterpoint.stats import ComparisonPlan, detectable_effect
from counterpoint.storage.sql import SqlDocuments
from counterpoint.telemetry import logger
from counterpoint.vocabulary import digest

Document = dict[str, Any]
EVERYONE = "true"
REMIND_BEFORE = timedelta(days=14)
KIND = "holdout_readout"
_LOOK_EVERY = timedelta(hours=1)
_SAY_EVERY = timedelta(days=1)
_POWER = 0.8
_ALPHA = 0.05


def holdout_power(
    surface: Surface, traffic: TrafficHistory, *, share: float, days: int, unit: str | None = None
) -> Document:
    """Return which cumulative effect a holdout would show, metric by metric, from recorded traffic.

    Args:
        share: Of the units, in each of its two halves; in (0, 0.5].
        days: From its start to its end.
        unit: What it holds out; the surface's own unit when None.

    Estimand: The relative effect of all changes together that one two-sided look at the end finds with 80 % power at
        level 0.05, on units whose metric window has passed by then.
    """
    arrivals = traffic.units_per_day(surface.key, audience=EVERYONE, unit=unit)
    if isinstance(arrivals, Unknown):
        reason = {"code": arrivals.code, "message": arrivals.reason}
        return {
            "known": False,
            "days": days,
            "share": share,
            "reason": reason,
            "metrics": [],
            "sentence": arrivals.reason,
        }
    forecast = Forecast(new_per_day=arrivals.per_day_new, source=arrivals.source)
    asked = [metric for metric in surface.metrics.values() if metric.type != "quantile"]
    rows = [
        _power_row(metric, forecast, traffic.metric_history(surface.key, metric.key, audience=EVERYONE), share, days)
        for metric in asked
    ]
    return {
        "known": True,
        "days": days,
        "share": share,
        "power": _POWER,
        "alpha": _ALPHA,
        "metrics": rows,
        "sentence": _power_sentence(rows, days),
        "source": arrivals.source,
    }


def phase_of(holdout: Holdout, now: datetime) -> str:
    """Return `running`, `due` (its end is near), `expired` (it blocks launches) or `read`."""
    if holdout.read_at is not None:
        return "read"
    if holdout.ends_at <= now:
        return "expired"
    return "due" if holdout.ends_at - now <= REMIND_BEFORE else "running"


def reminder_of(holdout: Holdout, now: datetime) -> str | None:
    """Return what its owner should do and by when; None while nothing is due."""
    end = f"{holdout.ends_at:%Y-%m-%d}"
    match phase_of(holdout, now):
        case "due":
            days = (holdout.ends_at - now) // timedelta(days=1)
            return f"{holdout.owner}: '{holdout.key}' ends in {days} days, on {end}; from then on it blocks launches"
        case "expired":
            return f"{holdout.owner}: '{holdout.key}' ended on {end} and blocks launches: read, renew or release it"
        case "read":
            return f"{holdout.owner}: '{holdout.key}' was read; release it, so that its units get what was shipped"
        case _:
            return None


class StoredReadouts:
    """Read-outs as they were taken: late records and newer code never change one."""

    def __init__(self, documents: SqlDocuments, clock: Callable[[], datetime]) -> None:
        self._documents = documents
        self._clock = clock

    def get(self, surface: str, holdout: Holdout) -> Document | None:
        """Return the read-out of a holdout's present period, or None when it was not taken."""
        try:
            body: Document = self._documents.get(KIND, _place(surface, holdout)).body
        except NotFound:
            return None
        return body

    def keep(self, surface: str, holdout: Holdout, readout: Document, *, by: str) -> Document:
        """Keep a read-out and return it with its digest; the one that was kept first, when two are taken at once."""
        body = {"readout": readout, "digest": digest(readout), "by": by, "at": self._clock().isoformat()}
        try:
            self._documents.put(KIND, _place(surface, holdout), body, expected_version=0, at=self._clock())
        except Conflict:
            kept = self.get(surface, holdout)
            if kept is None:
                raise
            return kept
        return body

    def list(self, surface: str) -> list[Document]:
        """Return every read-out that was taken on a surface, of released holdouts too."""
        return [document.body for document in self._documents.list(KIND, prefix=f"{surface}/")]


def _place(surface: str, holdout: Holdout) -> str:
    # A key may be used again, and a renewed holdout is read again: both are other periods.
    return f"{surface}/{holdout.key}/{holdout.starts_at:%Y%m%dT%H%M%S}-{holdout.ends_at:%Y%m%dT%H%M%S}"


def _power_row(
    metric: Metric, forecast: Forecast, history: MetricHistory | Unknown, share: float, days: int
) -> Document:
    n_units = 2 * share * forecast.total(days - metric.window_days)
    row: Document = {"metric": metric.key, "n_units": round(n_units), "detectable": None, "reason": None}
    if isinstance(history, Unknown):
        return row | {"reason": {"code": history.code, "message": history.reason}}
    if n_units < 2:
        why = f"its window of {metric.window_days} days leaves no unit whose value is complete by the end"
        return row | {"reason": {"code": "too_short", "message": why}}
    try:
        model = model_from(history, proportion=metric.type == "proportion")
        found = detectable_effect(model, ComparisonPlan(alpha=_ALPHA), n_units, _POWER)
    except (CannotCompute, InvalidInput) as error:
        return row | {"reason": {"code": error.code, "message": error.sentence}}
    return row | {"detectable": found}


def _power_sentence(rows: list[Document], days: int) -> str:
    known = sorted((row for row in rows if row["detectable"] is not None), key=lambda row: row["detectable"])
    if not known:
        return "Not known: too little is recorded to say what it could show."
    best, worst = known[0], known[-1]
    return (
        f"In {days} days it would show a cumulative effect of {best['detectable']:.2%} on {best['metric']}"
        + (f", but only {worst['detectable']:.2%} or more on {worst['metric']}" if worst is not best else "")
        + f", with {_POWER:.0%} power."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What the owner of a holdout should do, and by when."""

    surface: str
    holdout: str
    text: str


class Listener(Protocol):
    """Somebody who wants to be told; a signed webhook is one."""

    @property
    def name(self) -> str:
        """How it is called in the log."""

    def holds(self, surface: str) -> bool:
        """Return whether it is told of a surface."""

    def remind(self, surface: str, holdout: str, reminder: str, *, idempotency_key: str) -> None:
        """Tell it; raises `counterpoint.errors` when it could not be told."""


class Reminders:
    """Says in the log, and to who listens, what owners of holdouts should do, once a day for each.

    Args:
        due: Returns what should be said.
        clock: The present.
        listeners: Who is told too.
    """

    def __init__(
        self, due: Callable[[], list[Reminder]], clock: Callable[[], datetime], listeners: Sequence[Listener] = ()
    ) -> None:
        self._due = due
        self._clock = clock
        self._listeners = listeners
        self._looked_at: datetime | None = None
        self._said: dict[Reminder, datetime] = {}

    def tick(self) -> tuple[str, ...]:
        """Return what was said now; looking costs a read of every surface, so it is done once an hour."""
        now = self._clock()
        if self._looked_at is not None and now - self._looked_at < _LOOK_EVERY:
            return ()
        self._looked_at = now
        due = self._due()
        fresh = tuple(each for each in due if each not in self._said or now - self._said[each] >= _SAY_EVERY)
        self._said = {each: now if each in fresh else self._said[each] for each in due}
        for each in fresh:
            logger("holdouts").warning("holdout due", extra={"reminder": each.text})
            self._tell(each, now)
        return tuple(each.text for each in fresh)

    def _tell(self, each: Reminder, now: datetime) -> None:
        # Two workers say the same on one day under one key, so that a receiver can drop the second.
        key = f"remind:{each.surface}:{each.holdout}:{now:%Y-%m-%d}"
        for listener in self._listeners:
            if not listener.holds(each.surface):
                continue
            try:
                listener.remind(each.surface, each.holdout, each.text, idempotency_key=key)
            except CounterpointError as error:
                # It is in the log, on the page and on the command line; the next day it is told again.
                problem = {"listener": listener.name, "problem": error.as_document()}
                logger("holdouts").warning("a reminder was not delivered", extra=problem)
