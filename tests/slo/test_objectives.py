"""Objectives are read from OpenSLO, and Prometheus rules follow from them."""

from typing import Any

import pytest
import yaml

from counterpoint.errors import InvalidInput
from counterpoint.slo import BURN_WINDOWS, parse_objectives, prometheus_rules


def document(**changes: Any) -> dict[str, Any]:
    query = {"metricSource": {"type": "Prometheus", "spec": {"query": 'pages_total{status!="bad"}'}}}
    made: dict[str, Any] = {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {
            "name": "fast",
            "annotations": {"counterpoint/indicator": "latency", "counterpoint/threshold-ms": 200},
        },
        "spec": {
            "description": "it's fast",
            "objectives": [{"target": 0.99}],
            "timeWindow": [{"duration": "28d"}],
            "indicator": {"spec": {"ratioMetric": {"good": query, "total": query}}},
        },
    }
    for path, value in changes.items():
        *way, last = path.split("__")
        at = made
        for step in way:
            at = at[step]
        at[last] = value
    return made


def test_an_objective_is_read_as_written() -> None:
    (objective,) = parse_objectives([document()])
    assert (objective.key, objective.target, objective.window_days, objective.threshold_ms) == ("fast", 0.99, 28, 200.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "SLI"},
        {"apiVersion": "openslo/v2"},
        {"metadata__annotations": {}},
        {"metadata__annotations": {"counterpoint/indicator": "luck"}},
        {"metadata__annotations": {"counterpoint/indicator": "latency"}},
        {"spec__objectives": []},
        {"spec__objectives": [{"target": 1.0}]},
        {"spec__objectives": [{"target": "high"}]},
        {"spec__objectives": [{"target": float("nan")}]},
        {"spec__timeWindow": [{"duration": "1M"}]},
        {"spec__indicator": {}},
        {"spec": None},
    ],
)
def test_a_malformed_objective_is_refused_with_its_place(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_objectives([document(**changes)])
    assert caught.value.code == "malformed_objective"
    assert (caught.value.where or "").startswith("slo[0]")


def test_two_objectives_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_objectives([document(), document()])
    assert caught.value.code == "duplicate_objective"


def test_the_rules_record_every_window_and_alert_on_every_pair() -> None:
    rules = yaml.safe_load(prometheus_rules(parse_objectives([document()])))["groups"][0]["rules"]
    recorded = {r["record"]: r["expr"] for r in rules if "record" in r}
    alerting = [r for r in rules if "alert" in r]
    assert len(alerting) == len(BURN_WINDOWS)
    assert recorded["counterpoint:slo_bad:share_5m"] == (
        '1 - sum(rate(pages_total{status!="bad"}[5m])) / sum(rate(pages_total{status!="bad"}[5m]))'
    )
    assert alerting[0]["expr"] == (
        'counterpoint:slo_bad:share_1h{slo="fast"} >= 0.144 and counterpoint:slo_bad:share_5m{slo="fast"} >= 0.144'
    )
    for rule in alerting:
        for name in rule["expr"].split():
            if "slo_bad" in name:
                assert name.split("{")[0] in recorded
