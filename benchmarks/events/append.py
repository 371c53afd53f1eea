"""Times durable appends of event records by size of batch, sealing included: python -m benchmarks.events.append."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from counterpoint.events import Outcome
from counterpoint.storage.events import open_event_log

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def run(n: int = 100_000) -> list[str]:
    lines = []
    for size in (1, 10, 100, 1_000):
        total = min(n, 300 * size) if size < 100 else n
        events = [_outcome(i) for i in range(total)]
        with tempfile.TemporaryDirectory() as folder:
            log = open_event_log(Path(folder))
            start = time.perf_counter()
            for at in range(0, total, size):
                log.append(events[at : at + size])
            seconds = time.perf_counter() - start
            log.close()
        per_batch = 1e3 * seconds / (total / size)
        lines.append(f"append, batches of {size:>5}: {total / seconds:>9,.0f} events/s, {per_batch:.2f} ms a batch")
    lines.append(_many_threads(min(n, 3_000)))
    return lines


def _many_threads(n: int) -> str:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(40) as threads:
        log = open_event_log(Path(folder))
        start = time.perf_counter()
        list(threads.map(lambda i: log.append([_outcome(i)]), range(n)))
        seconds = time.perf_counter() - start
        log.close()
    return f"append, 40 threads, batches of 1: {n / seconds:,.0f} events/s"


def _outcome(i: int) -> Outcome:
    return Outcome(
        id=f"o{i}", at=T0 + timedelta(seconds=i), surface="home", unit=f"u{i % 9973}", name="saves", value=1.0
    )


if __name__ == "__main__":
    print("\n".join(run()))
