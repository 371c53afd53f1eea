"""Error budgets are counted from the pages that were served."""

from datetime import timedelta
from pathlib import Path

import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.errors import InvalidInput
from counterpoint.events import Served
from counterpoint.metrics import error_budgets, load_objectives
from counterpoint.slo import Counts, Gate, gate_all
from counterpoint.telemetry import Meters
from metrics.metrics_world import T0


def pages(n: int, **changes: object) -> list[Served]:
    fields = {"surface": "home", "request_id": "r", "snapshot": "s", "status": "complete", "latency_ms": 50.0} | changes
    name = f"{fields['status']}{fields['latency_ms']}{fields['surface']}{fields.get('forced')}"
    return [
        Served(id=f"{name}{i}", at=T0 + timedelta(minutes=i), unit=f"u{i}", **fields)  # type: ignore[arg-type]
        for i in range(n)
    ]


def test_fallbacks_spend_availability_and_slow_pages_spend_latency() -> None:
    log = MemoryEventLog()
    log.append(
        [
            *pages(1000),
            *pages(3, status="fallback"),
            *pages(2, status="degraded"),
            *pages(7, latency_ms=200.5),
            *pages(50, surface="search", status="fallback"),
            *pages(50, status="fallback", forced=True),
        ]
    )
    now = T0 + timedelta(minutes=1000)
    available, fast = error_budgets(log, "home", now, load_objectives())
    assert available.whole == Counts(good=1009, total=1012)
    assert fast.whole == Counts(good=1005, total=1012)
    assert available.recent[3600] == Counts(good=60, total=60)
    assert available.spent == pytest.approx(3 / 1012 / 0.001)
    assert gate_all((available, fast)).gate is Gate.CLOSED


def test_a_surface_without_pages_has_an_unknown_gate() -> None:
    assert gate_all(error_budgets(MemoryEventLog(), "home", T0, load_objectives())).is_open is None


def test_the_platforms_objectives_name_metrics_that_it_exports() -> None:
    exported = Meters().exposition().decode()
    for objective in load_objectives():
        for query in (objective.good, objective.total):
            assert query.split("{")[0].removesuffix("_bucket").removesuffix("_count") in exported


@pytest.mark.parametrize(
    ("content", "code"), [(None, "unreadable_file"), ("a: [", "unreadable_file"), ("kind: SLO", "malformed_objective")]
)
def test_a_bad_file_of_objectives_is_one_clear_error(tmp_path: Path, content: str | None, code: str) -> None:
    path = tmp_path / "slo.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidInput) as caught:
        load_objectives(path)
    assert caught.value.code == code
