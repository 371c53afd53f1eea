"""The split is tested by phase: a change of the weights is no mismatch, and a mismatch in one phase is not hidden."""

from datetime import timedelta

from contracts.event_log_contract import MemoryEventLog
from counterpoint.events import Exposure
from counterpoint.metrics import SplitPhase, check_running
from metrics.metrics_world import T0, spec

HALF = T0 + timedelta(days=5)


def exposures(shares: tuple[float, float], n: int = 6000) -> MemoryEventLog:
    """Return exposures over ten days, of which a share is treated in each half."""
    log = MemoryEventLog()
    out = []
    for i in range(n):
        at = T0 + timedelta(days=10 * i / n)
        share = shares[at >= HALF]
        treated = (i * 0.6180339887) % 1 < share
        out.append(
            Exposure(
                id=f"e{i}", at=at, surface="home", unit=f"u{i}", experiment="podcasts-second",
                variant="treatment" if treated else "control", parameter="p", snapshot="s", release=1, request_id="r",
            )
        )  # fmt: skip
    log.append(out)
    return log


def codes(log: MemoryEventLog, *weights: tuple[float, float]) -> set[str]:
    phases = tuple(SplitPhase(starts_at=at, weights=w) for at, w in zip((T0, HALF), weights, strict=False))
    found = check_running(log, spec(), started_at=T0, now=T0 + timedelta(days=10), phases=phases)
    return {finding.code for finding in found}


def test_a_change_of_the_weights_is_no_mismatch_when_it_is_known() -> None:
    changed = exposures((0.5, 0.8))
    assert "sample_ratio_mismatch" not in codes(changed, (1, 1), (1, 4))
    assert "sample_ratio_mismatch" in codes(changed, (1, 1), (1, 1))
    assert "sample_ratio_mismatch" in codes(changed)


def test_mismatches_that_cancel_over_two_phases_are_found() -> None:
    cancelling = exposures((0.6, 0.4))
    assert "sample_ratio_mismatch" in codes(cancelling, (1, 1), (1, 1))


def test_a_fine_split_in_two_phases_is_fine() -> None:
    assert "sample_ratio_mismatch" not in codes(exposures((0.5, 0.5)), (1, 1), (1, 1))
