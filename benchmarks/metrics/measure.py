"""How a measurement is taken and written down: best of several rounds, with machine, versions and load."""

import json
import os
import platform
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"


def best(call: Callable[[], object], rounds: int = 3) -> dict[str, float]:
    """Return the least wall and processor seconds of some rounds."""
    walls, cpus = [], []
    for _ in range(rounds):
        cpu, start = _cpu(), time.perf_counter()
        call()
        walls.append(time.perf_counter() - start)
        cpus.append(_cpu() - cpu)
    return {"wall_s": round(min(walls), 4), "cpu_s": round(min(cpus), 4)}


def peak_mib() -> int:
    """Return the most memory this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def write(name: str, figures: dict[str, Any]) -> None:
    """Add figures to the results, beside where they were taken."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known[name] = figures | {
        "taken_on": {
            "processors": os.cpu_count(),
            "machine": platform.machine(),
            "load_average": round(os.getloadavg()[0], 1),
            "python": platform.python_version(),
            "duckdb": version("duckdb"),
            "numpy": version("numpy"),
            "scipy": version("scipy"),
        }
    }
    RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
