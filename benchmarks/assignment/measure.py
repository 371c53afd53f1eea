"""Times one call over many inputs, and says how it was measured."""

import gc
import platform
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


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


def per_call_us(call: Callable[[object], object], inputs: Iterable[object], *, rounds: int = 7) -> tuple[float, float]:
    """Return median and 99th percentile of the microseconds of `call`, each input timed alone.

    The clock's own cost is taken off; of `rounds` timings of one input the median stands for it.
    """
    items = list(inputs)
    clock = time.perf_counter_ns
    gc.collect()
    gc.disable()
    best: list[float] = []
    idle = sorted(_gap(clock) for _ in range(2_000))[1_000]
    try:
        for item in items:
            spent = []
            for _ in range(rounds):
                start = clock()
                call(item)
                spent.append(clock() - start)
            best.append(sorted(spent)[rounds // 2] - idle)
    finally:
        gc.enable()
    best.sort()
    return best[len(best) // 2] / 1e3, best[int(len(best) * 0.99)] / 1e3


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
