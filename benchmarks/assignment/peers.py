"""The same 100 experiments and 1,000 contexts asked of peers, in the same run; those that are not installed are named.

Run it with an interpreter that can import counterpoint and has the peers (`pip install eppo-server-sdk growthbook` into
an environment of their own); they are no dependencies of this project.
"""

import importlib
import json
import re
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from benchmarks.assignment.measure import Figure, latency, per_call_us
from benchmarks.assignment.workload import NOW, requests, snapshot
from counterpoint.config import Snapshot, compile_snapshot

_AUDIENCE = re.compile(r'country in \[(?P<countries>.*)\] && plan != "(?P<plan>.*)" && tenure_days >= (?P<days>[0-9]+)')

N_TURNS = 3

Ask = Callable[[object], Any]
"""One unit with its context, in; how many treatments it got, out."""


def run() -> list[Figure]:
    made = snapshot(100, 100, share=1.0)
    asked, warm_up = requests("user", 2_000), requests("other", 2_000)
    figures: list[Figure] = []
    contestants: dict[str, tuple[Ask, Ask]] = {}
    for name, package, build in (
        ("counterpoint", "counterpoint", counterpoint),
        ("eppo-server-sdk", "eppo_client", eppo),
        ("growthbook", "growthbook", growthbook),
    ):
        try:
            importlib.import_module(package)
        except ImportError:
            figures.append(Figure(name=f"{name}: not installed", measured=float("nan"), unit="us"))
            continue
        contestants[f"{name} {version(name)}"] = build(made)
    treated = {name: sum(every(item) for item in asked) / len(asked) for name, (_, every) in contestants.items()}
    # The hashes differ, so the units do; the shares must not, or the workloads would not be the same.
    assert max(treated.values()) - min(treated.values()) < 0.5, treated
    # Taken in turns: what else the machine does then falls on all of them; each shows its quietest turn.
    turns = [
        {name: [per_call_us(ask, asked, warm_up=warm_up) for ask in asks] for name, asks in contestants.items()}
        for _ in range(N_TURNS)
    ]
    for name in contestants:
        for place, what in enumerate(("one experiment", "all 100")):
            figures.append(latency(f"{name}: {what}", min(turn[name][place] for turn in turns)))
    return figures


def counterpoint(made: Snapshot) -> tuple[Ask, Ask]:
    compiled = compile_snapshot(made)
    key = made.parameters[5].key

    def one(item: Any) -> int:
        return int(compiled.resolve(item[0], item[1], NOW).value(key) == 7)

    def every(item: Any) -> int:
        return sum(entry.variant == "treatment" for entry in compiled.resolve(item[0], item[1], NOW).enrolled)

    return one, every


def eppo(made: Snapshot) -> tuple[Ask, Ask]:
    import eppo_client

    class Silent(eppo_client.AssignmentLogger):
        def log_assignment(self, event: Any) -> None:
            """Nothing is logged: only evaluation is measured."""

    flags = {}
    for experiment in made.experiments:
        countries, plan, days = parts(experiment.audience)
        conditions = [
            {"attribute": "country", "operator": "ONE_OF", "value": countries},
            {"attribute": "plan", "operator": "NOT_ONE_OF", "value": [plan]},
            {"attribute": "tenure_days", "operator": "GTE", "value": days},
        ]
        splits = [
            {
                "variationKey": name,
                "shards": [{"salt": experiment.salt, "ranges": [{"start": start, "end": start + 5_000}]}],
            }
            for name, start in (("control", 0), ("treatment", 5_000))
        ]
        flags[experiment.key] = {
            "key": experiment.key,
            "enabled": True,
            "variationType": "INTEGER",
            "variations": {"control": {"key": "control", "value": 3}, "treatment": {"key": "treatment", "value": 7}},
            "allocations": [{"key": "all", "rules": [{"conditions": conditions}], "splits": splits, "doLog": False}],
            "totalShards": 10_000,
        }
    document = {"createdAt": NOW.isoformat(), "format": "SERVER", "environment": {"name": "bench"}, "flags": flags}
    client = eppo_client.init(
        eppo_client.ClientConfig(
            api_key="none",
            base_url="http://127.0.0.1:9",
            assignment_logger=Silent(),
            poll_interval_seconds=None,
            initial_configuration=eppo_client.Configuration(flags_configuration=json.dumps(document).encode()),
        )
    )
    keys = list(flags)
    ask = client.get_integer_assignment

    def one(item: Any) -> int:
        return int(ask(keys[5], item[0], item[1], 3) == 7)

    def every(item: Any) -> int:
        unit, context = item
        return sum([ask(key, unit, context, 3) == 7 for key in keys])

    return one, every


def growthbook(made: Snapshot) -> tuple[Ask, Ask]:
    from growthbook import GrowthBook

    features = {}
    for experiment in made.experiments:
        countries, plan, days = parts(experiment.audience)
        rule = {
            "key": experiment.key,
            "variations": [3, 7],
            "weights": [0.5, 0.5],
            "hashAttribute": "id",
            "condition": {"country": {"$in": countries}, "plan": {"$ne": plan}, "tenure_days": {"$gte": days}},
        }
        features[experiment.key] = {"defaultValue": 3, "rules": [rule]}
    book = GrowthBook(features=features)
    keys = list(features)

    def one(item: Any) -> int:
        book.set_attributes({"id": item[0], **item[1]})
        return int(book.get_feature_value(keys[5], 3) == 7)

    def every(item: Any) -> int:
        book.set_attributes({"id": item[0], **item[1]})
        return sum([book.get_feature_value(key, 3) == 7 for key in keys])

    return one, every


def parts(audience: str) -> tuple[list[str], str, int]:
    """Return the countries, the excluded plan and the least tenure that an audience of the workload names."""
    found = _AUDIENCE.fullmatch(audience)
    assert found is not None
    return json.loads(f"[{found['countries']}]"), found["plan"], int(found["days"])


if __name__ == "__main__":
    from benchmarks.assignment.measure import machine, table

    print(machine())
    print(table(run()))
