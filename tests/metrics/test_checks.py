"""Checks of a running experiment find what is wrong with its records, and nothing else."""

from datetime import datetime, timedelta

import msgspec

from contracts.event_log_contract import MemoryEventLog
from counterpoint.events import Event, Exposure, Served
from counterpoint.metrics import check_running
from metrics.metrics_world import T0, events, spec

RECORDS = events(2000)
NOW = T0 + timedelta(days=14)


def codes(records: list[Event], now: datetime = NOW, live: tuple[str, ...] | None = ("podcasts-second",)) -> set[str]:
    log = MemoryEventLog()
    log.append(records)
    return {f.code for f in check_running(log, spec(), started_at=T0, now=now, live=live)}


def exposures(records: list[Event]) -> list[Exposure]:
    return [e for e in records if isinstance(e, Exposure)]


def test_a_healthy_experiment_has_no_findings() -> None:
    for day in (0.1, 1, 5, 14):
        assert codes(RECORDS, T0 + timedelta(days=day)) == set()


def test_pages_without_exposures_are_found() -> None:
    assert codes([e for e in RECORDS if isinstance(e, Served)]) == {"no_exposures"}
    assert codes([]) == set()


def test_a_stage_so_small_that_nobody_need_be_in_it_is_not_called_silent() -> None:
    pages, log = [e for e in RECORDS if isinstance(e, Served)], MemoryEventLog()
    log.append(pages)
    n_units = len({e.unit for e in pages})

    def found(share: float) -> set[str]:
        return {f.code for f in check_running(log, spec(), started_at=T0, now=NOW, live=None, share=share)}

    assert found(9 / n_units) == set()
    assert found(11 / n_units) == {"no_exposures"}


def test_exposures_that_stop_while_pages_go_on_are_found() -> None:
    late = [e for e in RECORDS if not (isinstance(e, Exposure) and e.at > NOW - timedelta(hours=3))]
    pages = [
        msgspec.structs.replace(e, id=f"again{i}", at=NOW - timedelta(minutes=i % 50 + 1))
        for i, e in enumerate(e for e in RECORDS[:4000] if isinstance(e, Served))
    ]
    assert codes([*late, *pages]) == {"exposures_stopped"}


def test_a_variant_that_nobody_gets_is_found() -> None:
    one = [e for e in RECORDS if not (isinstance(e, Exposure) and e.variant == "treatment")]
    assert {"variant_not_served", "sample_ratio_mismatch"} <= codes(one)


def test_an_undeclared_variant_and_a_unit_of_two_variants_are_found() -> None:
    first = exposures(RECORDS)[0]
    purple = msgspec.structs.replace(first, id="p", unit="p", variant="purple")
    other = "control" if first.variant == "treatment" else "treatment"
    both = msgspec.structs.replace(first, id="b", variant=other)
    assert codes([*RECORDS, purple]) == {"unknown_variant"}
    assert codes([*RECORDS, both]) == {"mixed_units"}


def test_exposures_to_an_experiment_that_is_not_live_are_found() -> None:
    stray = msgspec.structs.replace(exposures(RECORDS)[0], id="x", experiment="gone", at=NOW - timedelta(minutes=5))
    assert codes([*RECORDS, stray]) == {"not_live"}
    assert codes([*RECORDS, stray], live=None) == set()
