"""eppo-server-sdk: a Rust evaluator, given its configuration at the start."""

import json
from typing import Any

import eppo_client

from benchmarks.assignment.contestants.asking import Ask, parts
from benchmarks.assignment.workload import NOW
from counterpoint.config import Snapshot


def build(made: Snapshot) -> tuple[Ask, Ask]:
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
