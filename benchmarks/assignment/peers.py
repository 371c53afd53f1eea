"""The same 100 experiments and 1,000 contexts asked of peers, in the same run; those that are not installed are named.

Run it with an interpreter that can import counterpoint and has the peers (`docs/guides/peers.md` names them), in an
environment of their own: they are no dependencies of this project.
"""

import importlib
from importlib.metadata import PackageNotFoundError, version

from benchmarks.assignment.contestants.asking import Ask
from benchmarks.assignment.measure import Figure, latency, per_call_us
from benchmarks.assignment.workload import requests, snapshot

N_TURNS = 3
N_UNITS = 2_000
MAX_ALL_US = 1_000.0
"""Above so many microseconds for all 100 a contestant is timed over a tenth of the units: the figure is as steady."""
PEERS = (
    ("eppo-server-sdk", "eppo"),
    ("statsig-python-core", "statsig"),
    ("openfeature-sdk", "openfeature_memory"),
    ("planout", "planout_classes"),
    ("growthbook", "growthbook_sdk"),
    ("flagsmith", "flagsmith_local"),
    ("launchdarkly-server-sdk", "launchdarkly"),
    ("openfeature-provider-flagd", "flagd_in_process"),
    ("UnleashClient", "unleash"),
)


def run() -> list[Figure]:
    made = snapshot(100, 100, share=1.0)
    asked, warm_up = requests("user", N_UNITS), requests("other", N_UNITS)
    figures: list[Figure] = []
    contestants: dict[str, tuple[Ask, Ask]] = {}
    for package, module in (("counterpoint", "ours"), *PEERS):
        try:
            name = f"{package} {version(package)}"
        except PackageNotFoundError:
            figures.append(Figure(name=f"{package}: not installed", measured=float("nan"), unit="us"))
            continue
        contestants[name] = importlib.import_module(f"benchmarks.assignment.contestants.{module}").build(made)
    treated = {name: sum(every(item) for item in asked) / len(asked) for name, (_, every) in contestants.items()}
    # The hashes differ, so the units do; the shares must not, or the workloads would not be the same.
    assert max(treated.values()) - min(treated.values()) < 0.5, treated
    # Taken in turns: what else the machine does then falls on all of them; each shows its quietest turn.
    turns = []
    slow = {name for name, (_, every) in contestants.items() if _is_slow(every, warm_up)}
    for _ in range(N_TURNS):
        turn = {}
        for name, asks in contestants.items():
            n = N_UNITS // 10 if name in slow else N_UNITS
            turn[name] = [per_call_us(ask, asked[:n], warm_up=warm_up[:n]) for ask in asks]
        turns.append(turn)
    best = {name: [min(turn[name][place] for turn in turns) for place in (0, 1)] for name in contestants}
    for name, (one, every) in best.items():
        figures += [latency(f"{name}: one experiment", one), latency(f"{name}: all 100", every)]
    own, *others = (every[0] for _, every in best.values())
    if others:
        fastest = min(others)
        figures.append(
            Figure(name="all 100: the fastest peer over ours", measured=fastest / own, unit="x", promised=">= 12")
        )
    return figures


def _is_slow(ask: Ask, items: list[tuple[str, dict[str, object]]]) -> bool:
    return per_call_us(ask, items[:100])[0] > MAX_ALL_US


if __name__ == "__main__":
    from benchmarks.assignment.measure import machine, table

    print(machine())
    print(table(run()))
