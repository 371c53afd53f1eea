"""Measures a hundred launches submitted at once on a real platform: do all end, in order, and how long do they take.

Run: `python -m benchmarks.orchestration.together [--postgres] [--launches 100]`

Every launch goes the whole way on the embedded backends: validated with pages tried, planned, approved by policy,
applied, verified, and its first ramp stage live. They are on parameters and layers of a synthetic surface of their own,
so that none is refused for want of units.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.orchestration.databases import postgres_url
from benchmarks.orchestration.waiting import surface_file, synthetic_spec
from counterpoint.bootstrap import opened
from counterpoint.settings import Settings

_N_CALLERS = 100
_WAIT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What became of launches that were submitted at once.

    Attributes:
        seconds: From the first call to the last launch running.
        cpu_s: What this process spent meanwhile.
        each_s: Seconds that each caller waited.
        states: State -> number of launches in it.
        why_not: Why some do not run, each reason once.
        in_order: Whether every launch's timeline goes through its states in order, without running backwards.
    """

    seconds: float
    cpu_s: float
    each_s: tuple[float, ...]
    states: dict[str, int]
    in_order: bool
    why_not: tuple[str, ...]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--postgres", action="store_true", help="on a temporary PostgreSQL server instead of SQLite")
    words.add_argument("--launches", type=int, default=100)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = together(Path(name), given.launches, postgres=given.postgres)
    where = "PostgreSQL" if given.postgres else "SQLite"
    print(
        f"{where}: {given.launches} launches at once: {found.states}, in order: {found.in_order}; all after "
        f"{found.seconds:.1f} s ({found.cpu_s:.1f} s of CPU), a caller waited {statistics.median(found.each_s):.1f} s "
        f"in the median"
    )
    for reason in found.why_not:
        print(f"  {reason}")


def together(folder: Path, n: int, *, postgres: bool = False) -> Together:
    """Submit `n` launches at once and wait until all run."""
    (folder / "synthetic.yaml").write_text(surface_file(n), encoding="utf-8")
    url = postgres_url() if postgres else f"sqlite:///{folder / 'counterpoint.sqlite'}"
    settings = Settings(data=folder / "data", database_url=url, surfaces=(folder / "synthetic.yaml",))
    with opened(settings) as platform:

        def launch(place: int) -> tuple[float, dict[str, Any]]:
            started = time.perf_counter()
            spec = synthetic_spec(place).model_dump(mode="json")
            document = platform.control.submit(surface="synthetic", author="ada", spec=spec, wait_s=_WAIT_S)
            return time.perf_counter() - started, document

        started, spent = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(_N_CALLERS) as callers:
            answers = list(callers.map(launch, range(n)))
        seconds, cpu_s = time.perf_counter() - started, time.process_time() - spent
        launches = platform.control.desk.world.launches.list("synthetic")
    states: dict[str, int] = {}
    for each in launches:
        states[str(each.state)] = states.get(str(each.state), 0) + 1
    way = ["planned", "validated", "approved", "applied", "verified", "running"]
    in_order = all(
        [entry.state for entry in each.timeline] == way
        and [entry.at for entry in each.timeline] == sorted(entry.at for entry in each.timeline)
        for each in launches
    )
    return Together(
        seconds=seconds,
        cpu_s=cpu_s,
        each_s=tuple(waited for waited, _ in answers),
        states=states,
        in_order=in_order,
        why_not=tuple(sorted({each.timeline[-1].reason for each in launches if each.state != "running"})),
    )


if __name__ == "__main__":
    main()
