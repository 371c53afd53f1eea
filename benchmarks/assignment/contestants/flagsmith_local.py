"""flagsmith, evaluating locally: always all features of an environment, so that one means an environment of one."""

from types import SimpleNamespace
from typing import Any

from flagsmith import Flagsmith

from benchmarks.assignment.contestants.asking import CONTROL, TREATMENT, Ask, parts
from counterpoint.config import LiveExperiment, Snapshot


def build(made: Snapshot) -> tuple[Ask, Ask]:
    alone, together = _client(made.experiments[5:6]), _client(made.experiments)

    def one(item: Any) -> int:
        return _treated(alone, item)

    def every(item: Any) -> int:
        return _treated(together, item)

    return one, every


def _treated(client: Flagsmith, item: Any) -> int:
    flags = client.get_identity_flags(item[0], item[1])
    return sum([flag.value == TREATMENT for flag in flags.all_flags()])


def _client(experiments: tuple[LiveExperiment, ...]) -> Flagsmith:
    features = [{"id": n + 1, "name": each.key, "type": "MULTIVARIATE"} for n, each in enumerate(experiments)]
    segments = []
    for feature, experiment in zip(features, experiments, strict=True):
        countries, plan, days = parts(experiment.audience)
        number: Any = feature["id"]
        conditions = [
            {"property_": "country", "operator": "IN", "value": ",".join(countries)},
            {"property_": "plan", "operator": "NOT_EQUAL", "value": plan},
            {"property_": "tenure_days", "operator": "GREATER_THAN_INCLUSIVE", "value": str(days)},
        ]
        treated = {
            "id": number,
            "mv_fs_value_uuid": f"00000000-0000-4000-8000-{number:012}",
            "percentage_allocation": 50.0,
            "multivariate_feature_option": {"id": number, "value": TREATMENT},
        }
        segments.append(
            {
                "id": number,
                "name": experiment.key,
                "rules": [
                    {"type": "ALL", "rules": [{"type": "ALL", "conditions": conditions, "rules": []}], "conditions": []}
                ],
                "feature_states": [_state(feature, 1_000 + number, [treated])],
            }
        )
    document: Any = {
        "id": 1,
        "api_key": "none",
        "name": "bench",
        "project": {
            "id": 1,
            "name": "bench",
            "organisation": {
                "id": 1,
                "name": "bench",
                "feature_analytics": False,
                "stop_serving_flags": False,
                "persist_trait_data": False,
            },
            "hide_disabled_flags": False,
            "segments": segments,
        },
        "feature_states": [_state(feature, int(feature["id"]), []) for feature in features],
        "identity_overrides": [],
    }
    return Flagsmith(offline_mode=True, offline_handler=SimpleNamespace(get_environment=lambda: document))


def _state(feature: Any, number: int, variants: list[Any]) -> dict[str, Any]:
    return {
        "feature": feature,
        "enabled": True,
        "django_id": number,
        "featurestate_uuid": f"00000000-0000-4000-9000-{number:012}",
        "feature_state_value": CONTROL,
        "multivariate_feature_state_values": variants,
    }
