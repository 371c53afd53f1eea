"""Error budgets: how much of what may fail has failed, how fast it is being spent, and whether a step may be taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from counterpoint.errors import InvalidInput
from counterpoint.slo.objectives import Objective

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnWindow:
    """One pair of windows: both must burn faster than `rate` before it alerts.

    Attributes:
        rate: Multiple of the rate that spends the budget exactly by the end of its window.
        long_s: The window that says it matters.
        short_s: The window that says it still goes on.
        severity: `page` wakes somebody, `ticket` does not.
    """

    rate: float
    long_s: int
    short_s: int
    severity: str


BURN_WINDOWS = (
    BurnWindow(rate=14.4, long_s=HOUR_S, short_s=5 * 60, severity="page"),
    BurnWindow(rate=6.0, long_s=6 * HOUR_S, short_s=30 * 60, severity="page"),
    BurnWindow(rate=3.0, long_s=DAY_S, short_s=2 * HOUR_S, severity="ticket"),
    BurnWindow(rate=1.0, long_s=3 * DAY_S, short_s=6 * HOUR_S, severity="ticket"),
)
"""Source: Site Reliability Workbook, chapter 5, table 5-8, for a budget of 28 to 30 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Events of one window."""

    good: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.good <= self.total:
            raise InvalidInput("counts_out_of_range", f"{self.good} good of {self.total}", where="good")

    @property
    def bad(self) -> int:
        """Events that were not good."""
        return self.total - self.good


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBudget:
    """Where one objective stands.

    Attributes:
        whole: Events of its whole window.
        recent: Length of a shorter window in seconds -> its events; every window of `BURN_WINDOWS` is in it.
    """

    objective: Objective
    whole: Counts
    recent: Mapping[int, Counts]

    @property
    def attained(self) -> float | None:
        """Share of good events; None when there were none at all."""
        return self.whole.good / self.whole.total if self.whole.total else None

    @property
    def spent(self) -> float | None:
        """Share of the budget that is spent, above 1 when overdrawn; None when there were no events."""
        return burn_rate(self.whole, self.objective.target)


class Gate(StrEnum):
    """Whether a ramp or a launch may take its next step."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """The gate with its reason; UNKNOWN when too little was served to tell."""

    gate: Gate
    reason: str

    @property
    def is_open(self) -> bool | None:
        """True, False, or None for unknown."""
        return None if self.gate is Gate.UNKNOWN else self.gate is Gate.OPEN


def burn_rate(counts: Counts, target: float) -> float | None:
    """Return how many times faster than allowed events fail: 1 spends the budget exactly; None without events.

    Args:
        counts: Events of a window.
        target: Share that must be good, in (0, 1).
    """
    return counts.bad / counts.total / (1 - target) if counts.total else None


def alerts(budget: ErrorBudget) -> tuple[BurnWindow, ...]:
    """Return the windows that alert now: long and short both burn at their rate or faster."""
    return tuple(w for w in BURN_WINDOWS if _burns(budget, w.long_s, w.rate) and _burns(budget, w.short_s, w.rate))


def gate(budget: ErrorBudget, *, least_events: int = 100) -> GateVerdict:
    """Return whether the budget allows another step.

    Closed while the budget of the whole window is spent, or while an alert says that it is being spent too fast.

    Args:
        budget: Of one objective.
        least_events: Below this many events in its window nothing is known.
    """
    key, spent = budget.objective.key, budget.spent
    if spent is None or budget.whole.total < least_events:
        return GateVerdict(
            gate=Gate.UNKNOWN,
            reason=f"{key}: {budget.whole.total} events are too few to tell, {least_events} are needed",
        )
    if spent >= 1:
        return GateVerdict(gate=Gate.CLOSED, reason=f"{key}: {spent:.0%} of the error budget is spent")
    burning = alerts(budget)
    if burning:
        hours = burning[0].long_s / HOUR_S
        reason = f"{key}: the budget burns at {burning[0].rate:g} times its rate or faster over {hours:g} h"
        return GateVerdict(gate=Gate.CLOSED, reason=reason)
    return GateVerdict(gate=Gate.OPEN, reason=f"{key}: {spent:.0%} of the error budget is spent")


def gate_all(budgets: tuple[ErrorBudget, ...], *, least_events: int = 100) -> GateVerdict:
    """Return the strictest gate of several objectives: closed beats unknown, unknown beats open."""
    verdicts = [gate(b, least_events=least_events) for b in budgets]
    for wanted in (Gate.CLOSED, Gate.UNKNOWN, Gate.OPEN):
        found = [v for v in verdicts if v.gate is wanted]
        if found:
            return GateVerdict(gate=wanted, reason="; ".join(v.reason for v in found))
    return GateVerdict(gate=Gate.UNKNOWN, reason="no objective is defined")


def _burns(budget: ErrorBudget, window_s: int, rate: float) -> bool:
    found = burn_rate(budget.recent.get(window_s, Counts(good=0, total=0)), budget.objective.target)
    return found is not None and found >= rate
