"""statsig-python-core: a Rust evaluator, given its specs by a store in memory; no network, no logging."""

import json
from typing import Any

from statsig_python_core import (
    DataStore,
    DataStoreResponse,
    ExperimentEvaluationOptions,
    Statsig,
    StatsigOptions,
    StatsigUser,
)

from benchmarks.assignment.contestants.asking import CONTROL, TREATMENT, Ask, parts
from counterpoint.config import LiveExperiment, Snapshot

_TIME = 1_790_000_000_000


def build(made: Snapshot) -> tuple[Ask, Ask]:
    conditions: dict[str, Any] = {}
    configs = {each.key: _config(each, conditions) for each in made.experiments}
    specs = {
        "dynamic_configs": configs,
        "feature_gates": {},
        "layer_configs": {},
        "condition_map": conditions,
        "layers": {},
        "experiment_to_layer": {},
        "has_updates": True,
        "time": _TIME,
        "param_stores": {},
        "company_id": "bench",
        "response_format": "dcs-v2",
    }
    text = json.dumps(specs)

    class Store(DataStore):
        def initialize(self) -> None: ...

        def shutdown(self) -> None: ...

        def get(self, key: str) -> DataStoreResponse:  # noqa: ARG002 - the store's signature
            return DataStoreResponse(result=text, time=_TIME)

        def set(self, key: str, value: str, time: int | None = None) -> None: ...

        def support_polling_updates_for(self, key: str) -> bool:  # noqa: ARG002 - the store's signature
            return False

    options = StatsigOptions()
    options.disable_network, options.disable_all_logging = True, True
    options.data_store = Store()
    client = Statsig("secret-none", options)
    client.initialize().wait()
    quiet = ExperimentEvaluationOptions(disable_exposure_logging=True)
    ask, keys = client.get_experiment, list(configs)

    def one(item: Any) -> int:
        user = StatsigUser(item[0], custom=item[1])
        return int(ask(user, keys[5], quiet).get("dial", CONTROL) == TREATMENT)

    def every(item: Any) -> int:
        user = StatsigUser(item[0], custom=item[1])
        return sum([ask(user, key, quiet).get("dial", CONTROL) == TREATMENT for key in keys])

    return one, every


def _config(experiment: LiveExperiment, conditions: dict[str, Any]) -> dict[str, Any]:
    countries, plan, days = parts(experiment.audience)
    audience = [
        _condition(conditions, "user_field", "any", "country", countries),
        _condition(conditions, "user_field", "none", "plan", [plan]),
        _condition(conditions, "user_field", "gte", "tenure_days", days),
    ]
    bucket = {"additionalValues": {"salt": experiment.salt}}
    low = _condition(conditions, "user_bucket", "lt", None, 500, **bucket)
    high = _condition(conditions, "user_bucket", "gte", None, 500, **bucket)
    groups = (("control", CONTROL, low), ("treatment", TREATMENT, high))
    return {
        "type": "dynamic_config",
        "salt": experiment.salt,
        "enabled": True,
        "defaultValue": {"dial": CONTROL},
        "rules": [
            {
                "name": name,
                "groupName": name,
                "passPercentage": 100,
                "conditions": [split, *audience],
                "returnValue": {"dial": value},
                "id": name,
                "salt": name,
                "idType": "userID",
                "isExperimentGroup": True,
            }
            for name, value, split in groups
        ],
        "isDeviceBased": False,
        "idType": "userID",
        "entity": "experiment",
        "isActive": True,
        "hasSharedParams": False,
        "version": 1,
    }


def _condition(known: dict[str, Any], kind: str, operator: str, field: str | None, target: Any, **more: Any) -> str:
    condition = {"type": kind, "targetValue": target, "operator": operator, "field": field, "idType": "userID", **more}
    name = f"{len(known):05}"
    known[name] = condition
    return name
