"""Times one call over many inputs, and says how it was measured."""

import gc
import platform
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

N_QUARTERS = 4


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure beside what was promised."""

    name: str
    measured: float
    unit: str
    promised: str = ""
    p99: float | None = None


def latency(name: str, figures: tuple[float, float], promised: str = "", *, per: int = 1) -> Figure:
    """Return the figure of a median and a 99th percentile in microseconds, of `per` things at a time."""
    return Figure(name=name, measured=figures[0] / per, unit="us", promised=promised, p99=figures[1] / per)


def per_call_us(
    call: Callable[[object], object], inputs: Iterable[object], *, warm_up: Iterable[object] = ()
) -> tuple[float, float]:
    """Return median and 99th percentile of the microseconds of `call`, each input met once and timed alone.

    The clock's own cost is taken off. Of four quarters of the inputs the quietest is shown: the machine is shared.
    `warm_up` are other inputs of the same kind: what a process learns from its traffic it may know, what it would
    learn from these very inputs it may not.
    """
    items = list(inputs)
    for item in warm_up:
        call(item)
    clock = time.perf_counter_ns
    idle = sorted(_gap(clock) for _ in range(2_000))[1_000]
    spent = []
    gc.collect()
    gc.disable()
    try:
        for item in items:
            start = clock()
            call(item)
            spent.append(clock() - start - idle)
    finally:
        gc.enable()
    size = max(1, len(spent) // N_QUARTERS)
    quarters = [sorted(spent[start : start + size]) for start in range(0, size * N_QUARTERS, size)]
    quietest = min((quarter for quarter in quarters if quarter), key=lambda quarter: quarter[len(quarter) // 2])
    return quietest[len(quietest) // 2] / 1e3, quietest[int(len(quietest) * 0.99)] / 1e3


def _gap(clock: Callable[[], int]) -> int:
    start = clock()
    return clock() - start


def machine() -> str:
    return f"{platform.machine()}, {platform.system()}, Python {sys.version.split()[0]}"


def table(figures: Iterable[Figure]) -> str:
    lines = ["| figure | measured | p99 | promised |", "|---|---|---|---|"]
    for figure in figures:
        p99 = "" if figure.p99 is None else f"{figure.p99:.3g} {figure.unit}"
        lines.append(f"| {figure.name} | {figure.measured:.3g} {figure.unit} | {p99} | {figure.promised} |")
    return "\n".join(lines)
