"""Budgets, burn rates and gates follow from counts."""

import pytest

from counterpoint.errors import InvalidInput
from counterpoint.slo import BURN_WINDOWS, Counts, ErrorBudget, Gate, Objective, alerts, burn_rate, gate, gate_all

OBJECTIVE = Objective(
    key="pages",
    description="",
    indicator="availability",
    target=0.99,
    window_days=28,
    threshold_ms=None,
    good="g",
    total="t",
)
CLEAN = Counts(good=1000, total=1000)


def budget(whole: Counts = CLEAN, **recent: Counts) -> ErrorBudget:
    return ErrorBudget(objective=OBJECTIVE, whole=whole, recent={int(k[1:]): v for k, v in recent.items()})


def test_a_burn_rate_of_one_spends_the_budget_exactly() -> None:
    assert burn_rate(Counts(good=990, total=1000), 0.99) == pytest.approx(1.0)
    assert burn_rate(Counts(good=0, total=0), 0.99) is None


def test_the_gate_is_open_while_budget_is_left_and_closed_when_it_is_spent() -> None:
    assert gate(budget(Counts(good=991, total=1000))).gate is Gate.OPEN
    assert gate(budget(Counts(good=989, total=1000))).gate is Gate.CLOSED


@pytest.mark.parametrize("n", [0, 99])
def test_too_few_events_are_unknown_and_not_open(n: int) -> None:
    verdict = gate(budget(Counts(good=n, total=n)))
    assert (verdict.gate, verdict.is_open) == (Gate.UNKNOWN, None)


@pytest.mark.parametrize("window", BURN_WINDOWS, ids=lambda w: f"{w.rate:g}")
def test_an_alert_needs_both_of_its_windows(window: object) -> None:
    bad = Counts(good=1000 - int(10 * window.rate) - 1, total=1000)  # type: ignore[attr-defined]
    long, short = f"w{window.long_s}", f"w{window.short_s}"  # type: ignore[attr-defined]
    assert window in alerts(budget(**{long: bad, short: bad}))
    assert window not in alerts(budget(**{long: bad, short: CLEAN}))
    assert window not in alerts(budget(**{long: CLEAN, short: bad}))
    assert window not in alerts(budget(**{long: bad}))


def test_a_fast_burn_closes_the_gate_before_the_budget_is_spent() -> None:
    bad = Counts(good=80, total=100)
    verdict = gate(budget(Counts(good=99_980, total=100_000), w3600=bad, w300=bad))
    assert verdict.gate is Gate.CLOSED
    assert "14.4" in verdict.reason


def test_of_several_gates_the_strictest_counts() -> None:
    open_, closed, unknown = budget(), budget(Counts(good=0, total=1000)), budget(Counts(good=0, total=0))
    assert gate_all((open_, unknown, closed)).gate is Gate.CLOSED
    assert gate_all((open_, unknown)).gate is Gate.UNKNOWN
    assert gate_all((open_, open_)).gate is Gate.OPEN
    assert gate_all(()).gate is Gate.UNKNOWN


def test_more_good_events_than_events_are_refused() -> None:
    with pytest.raises(InvalidInput):
        Counts(good=2, total=1)
