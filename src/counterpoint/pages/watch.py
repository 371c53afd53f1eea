"""The stopwatch of one page: each stage is timed since the one before and noted."""

from collections.abc import Callable

from counterpoint.pages.evidence import StageRecord, StageStatus


class Watch:
    """Stage records of one page, each timed since the one before.

    Args:
        clock: Seconds, monotonic.
        records: What is already known; it is added to.
    """

    __slots__ = ("_clock", "_last", "records")

    def __init__(self, clock: Callable[[], float], records: list[StageRecord]) -> None:
        self._clock = clock
        self._last = clock()
        self.records = records

    def note(
        self,
        stage: str,
        key: str,
        *,
        status: StageStatus = StageStatus.OK,
        n_in: int = 0,
        n_out: int = 0,
        reason: str = "",
    ) -> None:
        """Record that `stage` ended now."""
        now = self._clock()
        elapsed_us = (now - self._last) * 1e6
        self._last = now
        self.records.append(
            StageRecord(
                stage=stage, key=key, status=status, elapsed_us=elapsed_us, n_in=n_in, n_out=n_out, reason=reason
            )
        )
