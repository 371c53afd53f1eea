"""UnleashClient, bootstrapped with its toggles; no network, no metrics."""

import tempfile
from typing import Any

from UnleashClient import UnleashClient
from UnleashClient.cache import FileCache

from benchmarks.assignment.contestants.asking import Ask, parts
from counterpoint.config import LiveExperiment, Snapshot


def build(made: Snapshot) -> tuple[Ask, Ask]:
    folder = tempfile.mkdtemp(prefix="unleash-bench-")
    cache = FileCache("bench", directory=folder)
    cache.bootstrap_from_dict({"version": 2, "features": [_toggle(each) for each in made.experiments]})
    client = UnleashClient(
        "http://127.0.0.1:9/api",
        "bench",
        cache=cache,
        cache_directory=folder,
        disable_metrics=True,
        disable_registration=True,
    )
    ask, keys = client.get_variant, [each.key for each in made.experiments]

    def one(item: Any) -> int:
        return int(ask(keys[5], _context(item))["name"] == "treatment")

    def every(item: Any) -> int:
        context = _context(item)
        return sum([ask(key, context)["name"] == "treatment" for key in keys])

    return one, every


def _context(item: Any) -> dict[str, Any]:
    return {"userId": item[0], "properties": {name: str(value) for name, value in item[1].items()}}


def _toggle(experiment: LiveExperiment) -> dict[str, Any]:
    countries, plan, days = parts(experiment.audience)
    constraints = [
        {"contextName": "country", "operator": "IN", "values": countries},
        {"contextName": "plan", "operator": "NOT_IN", "values": [plan]},
        {"contextName": "tenure_days", "operator": "NUM_GTE", "value": str(days)},
    ]
    variants = [
        {"name": name, "weight": 500, "weightType": "variable", "stickiness": "userId"}
        for name in ("control", "treatment")
    ]
    rollout = {
        "name": "flexibleRollout",
        "constraints": constraints,
        "parameters": {"rollout": "100", "stickiness": "userId", "groupId": experiment.salt},
        "variants": variants,
    }
    return {"name": experiment.key, "type": "experiment", "enabled": True, "strategies": [rollout]}
