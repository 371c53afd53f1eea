"""What many units cost: a batch of a million, and the loading of large snapshots."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.assignment.measure import Figure
from benchmarks.assignment.workload import COUNTRIES, PLANS, PLATFORMS, snapshot
from counterpoint.assignment import Column
from counterpoint.config import compile_snapshot, encode_snapshot, load_snapshot, resolve_batch, snapshot_id

N_UNITS = 1_000_000


def run() -> list[Figure]:
    figures = []
    rng = np.random.default_rng(3)
    units = [f"user-{place:07}" for place in range(N_UNITS)]
    # Texts as a columnar file gives them: a dictionary and its codes.
    columns = {
        "country": Column(rng.integers(0, len(COUNTRIES), N_UNITS, dtype=np.int32), COUNTRIES),
        "plan": Column(rng.integers(0, len(PLANS), N_UNITS, dtype=np.int32), PLANS),
        "platform": Column(rng.integers(0, len(PLATFORMS), N_UNITS, dtype=np.int32), PLATFORMS),
        "tenure_days": rng.integers(0, 1_500, N_UNITS),
        "listens_podcasts": rng.random(N_UNITS) < 0.5,
    }
    for n_experiments in (10, 100):
        compiled = compile_snapshot(snapshot(n_experiments, n_experiments, share=1.0))

        def batch(compiled=compiled):
            resolved = resolve_batch(compiled, units, columns)
            for experiment in compiled.candidates:
                resolved.variants(experiment.spec.key)

        wall, cpu = timed(batch, 3)
        promised = ">= 2" if n_experiments == 10 else ""
        name = f"batch, {n_experiments} experiments of 100 %"
        for clock, spent in (("wall", wall), ("CPU", cpu)):
            rate = N_UNITS / spent / 1e6
            figures.append(Figure(name=f"{name} ({clock})", measured=rate, unit="M units/s", promised=promised))
    for n_experiments, size, load in ((1_000, "<= 2.5", "<= 100"), (10_000, "", "< 1000")):
        made = snapshot(n_experiments, n_experiments // 3)
        data, address = encode_snapshot(made), snapshot_id(made)
        name = f"snapshot of {n_experiments}"
        figures.append(Figure(name=name, measured=len(data) / 1e6, unit="MB", promised=size))
        wall, cpu = timed(lambda data=data, address=address: load_snapshot(data, expected_id=address), 5)
        figures.append(Figure(name=f"{name}: load (wall)", measured=wall * 1e3, unit="ms", promised=load))
        figures.append(Figure(name=f"{name}: load (CPU)", measured=cpu * 1e3, unit="ms", promised=load))
    return figures


def timed(call: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median wall and CPU seconds of `call`; on a shared machine the second is the steadier one."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return sorted(walls)[rounds // 2], sorted(cpus)[rounds // 2]


if __name__ == "__main__":
    from benchmarks.assignment.measure import machine, table

    print(machine())
    print(table(run()))
