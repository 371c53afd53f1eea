"""Measures approved -> running on a real platform, and what recording one step costs.

Run: `python -m benchmarks.orchestration.overhead [--postgres | --url postgresql://USER@HOST/NAME] [--launches 20]`
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.orchestration.databases import postgres_url
from counterpoint.bootstrap import opened
from counterpoint.orchestration import Outcome, Steps
from counterpoint.settings import Settings
from counterpoint.storage.durable import DbosExecutor

N_WORKFLOWS = 40
N_STEPS = 25
WAIT_S = 120.0


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--url", help="a PostgreSQL database; SQLite in a temporary folder when not given")
    words.add_argument("--postgres", action="store_true", help="on a temporary PostgreSQL server")
    words.add_argument("--launches", type=int, default=20)
    given = words.parse_args()
    if given.postgres:
        given.url = postgres_url()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        where = "PostgreSQL" if given.url else "SQLite"
        per_step, per_workflow = step_seconds(given.url or f"sqlite:///{folder / 'steps.sqlite'}")
        print(f"{where}: a recorded step {per_step * 1e3:.2f} ms, a workflow without steps {per_workflow * 1e3:.2f} ms")
        url = given.url or f"sqlite:///{folder / 'counterpoint.sqlite'}"
        seconds, waits = approved_to_running(Settings(data=folder / "data", database_url=url), given.launches)
        print(
            f"{where}: approved to running over {given.launches} launches: p50 {statistics.median(seconds):.2f} s, "
            f"p95 {_p95(seconds):.2f} s, longest {max(seconds):.2f} s; spec to running p95 {_p95(waits):.2f} s"
        )


def step_seconds(url: str) -> tuple[float, float]:
    """Return the seconds of one recorded step, and of a workflow without any, medians over runs of both."""
    executor = DbosExecutor(url, "benchmark")

    def workflow(steps: Steps, argument: Mapping[str, Any]) -> Outcome:
        for number in range(argument["n_steps"]):
            steps.run(f"step {number}", lambda: {"ok": True})
        return {}

    executor.register("steps", workflow)
    executor.launch()
    seconds: dict[int, list[float]] = {0: [], N_STEPS: []}
    # In turns, so that what else the machine does falls on both alike.
    for number in range(N_WORKFLOWS):
        for n_steps, spent in seconds.items():
            started = time.perf_counter()
            run = f"{time.time_ns()}-{n_steps}-{number}"
            executor.start("steps", run, {"n_steps": n_steps})
            executor.wait(run, WAIT_S)
            spent.append(time.perf_counter() - started)
    executor.close()
    empty = statistics.median(seconds[0])
    return (statistics.median(seconds[N_STEPS]) - empty) / N_STEPS, empty


def approved_to_running(settings: Settings, n_launches: int) -> tuple[list[float], list[float]]:
    """Return the seconds from approved to running, and from the call to running, of launches one after the other."""
    seconds, waits = [], []
    with opened(settings) as platform:
        for number in range(n_launches):
            started = time.perf_counter()
            launch = platform.control.submit(surface="home", author="ada", spec=_spec(number), wait_s=WAIT_S)
            waits.append(time.perf_counter() - started)
            if launch["state"] != "running":
                raise SystemExit(f"launch {number} is {launch['state']}: {launch['timeline'][-1]['reason']}")
            at = {entry["state"]: datetime.fromisoformat(entry["at"]) for entry in launch["timeline"]}
            seconds.append((at["running"] - at["approved"]).total_seconds())
    return seconds, waits


def _spec(number: int) -> dict[str, Any]:
    return {
        "key": f"podcasts-{number}",
        "surface": "home",
        "owner": "podcasts",
        "hypothesis": f"Podcasts in place {number % 3 + 2} get more listeners to play one.",
        "allocation": 0.02,
        "variants": [{"key": "control"}, {"key": "treatment", "set": {"podcasts.shelf_position": number % 3 + 2}}],
        "metrics": {
            "primary": {"metric": "podcast_starters_7d", "direction": "increase", "mde": 0.1},
            "guardrails": [
                {"metric": "home_empty_rate", "margin": 0.05},
                {"metric": "page_load_ms_p95", "margin_abs": 100},
            ],
        },
        "schedule": {"days": 14},
    }


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


if __name__ == "__main__":
    main()
