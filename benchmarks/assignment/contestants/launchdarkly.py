"""launchdarkly-server-sdk: flags from a file, no events, no network."""

import json
import tempfile
from typing import Any

import ldclient
from ldclient import Config, Context
from ldclient.integrations import Files

from benchmarks.assignment.contestants.asking import CONTROL, TREATMENT, Ask, parts
from counterpoint.config import LiveExperiment, Snapshot


def build(made: Snapshot) -> tuple[Ask, Ask]:
    flags = {experiment.key: _flag(experiment) for experiment in made.experiments}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"flags": flags}, file)
        file.flush()
        config = Config("none", update_processor_class=Files.new_data_source(paths=[file.name]), send_events=False)
        client = ldclient.LDClient(config)
    assert client.is_initialized()
    ask, keys = client.variation, list(flags)

    def one(item: Any) -> int:
        return int(ask(keys[5], _context(item), CONTROL) == TREATMENT)

    def every(item: Any) -> int:
        context = _context(item)
        return sum([ask(key, context, CONTROL) == TREATMENT for key in keys])

    return one, every


def _context(item: Any) -> Context:
    builder = Context.builder(item[0])
    for name, value in item[1].items():
        builder.set(name, value)
    return builder.build()


def _flag(experiment: LiveExperiment) -> dict[str, Any]:
    countries, plan, days = parts(experiment.audience)
    clauses = [
        {"attribute": "country", "op": "in", "values": countries, "contextKind": "user"},
        {"attribute": "plan", "op": "in", "values": [plan], "negate": True, "contextKind": "user"},
        {"attribute": "tenure_days", "op": "greaterThanOrEqual", "values": [days], "contextKind": "user"},
    ]
    rollout = {"variations": [{"variation": 0, "weight": 50_000}, {"variation": 1, "weight": 50_000}]}
    return {
        "key": experiment.key,
        "version": 1,
        "on": True,
        "salt": experiment.salt,
        "variations": [CONTROL, TREATMENT],
        "offVariation": 0,
        "fallthrough": {"variation": 0},
        "rules": [{"id": "all", "clauses": clauses, "rollout": rollout}],
    }
