"""Weighs the network against the grammar on hypotheses it was not taught: `python -m training.planner.weigh --help`."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.offline.agreement import grammar_reading
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.planner import answer_of, read_hypothesis
from counterpoint.agents.offline.reader import (
    arm_features,
    audience_features,
    direction_features,
    drafts_of,
    load_network,
    metric_features,
    plain_arms,
    plan_features,
    same_arms,
)
from counterpoint.config import Surface, load_surface
from training.planner.labels import load_cases

_RIDGE = 1.0
_N_STEPS = 40
Rows = dict[str, tuple[list[tuple[float, ...]], list[bool]]]


def main() -> None:
    """Fit the weights on the cases, and write them into `reader.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", type=Path, help="labelled hypotheses that the network was not taught")
    parser.add_argument("--surface", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True, help="folder of the network that was not taught them")
    parser.add_argument("--to", type=Path, required=True, help="the reader.json to write the weights into")
    asked = parser.parse_args()
    surface = load_surface(asked.surface.read_text("utf-8"), source=str(asked.surface))
    rows = collect(load_cases(asked.cases), surface, asked.network)
    document = json.loads(asked.to.read_text("utf-8"))
    document["weights"] = {name: [round(float(w), 4) for w in fit(*each)] for name, each in rows.items()}
    asked.to.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    print(json.dumps(document["weights"]))


def collect(cases: Sequence[Mapping[str, Any]], surface: Surface, folder: Path) -> Rows:
    """Return the features of every reading of every plan's fields, and whether it is right."""
    network = load_network(folder / "reader.onnx", folder / "reader.json")
    rows: Rows = {name: ([], []) for name in ("plan", "arms", "metric", "direction", "audience")}

    def add(name: str, features: tuple[float, ...], right: bool) -> None:
        rows[name][0].append(features)
        rows[name][1].append(right)

    for case in cases:
        expect, text = case["expect"], str(case["text"])
        reading = read_hypothesis(text, surface, default_lexicon())
        grammar = grammar_reading(reading, answer_of(text, reading, default_lexicon()))
        signals = network.listen([t.text for t in reading.text.tokens], reading.text.quantities)
        drafts = drafts_of(signals, grammar, surface, reading.text.audience)
        add("plan", plan_features(signals, grammar, drafts), expect["outcome"] == "plan")
        if expect["outcome"] != "plan":
            continue

        def accepted(name: str, expect: Mapping[str, Any] = expect) -> list[Any]:
            return list(expect[f"{name}_any"]) if f"{name}_any" in expect else [expect[name]]

        right_arms = [plain_arms(arms, surface) for arms in accepted("arms")]
        best = max((each.total for each in drafts), default=0.0)
        for each in drafts:
            right = any(same_arms(each.arms, arms) for arms in right_arms)
            add("arms", arm_features(each, signals, grammar, best), right)
        for metric in {signals.likeliest_metric, grammar.primary or signals.likeliest_metric}:
            add("metric", metric_features(metric, signals, grammar), metric in accepted("primary"))
        metric = accepted("primary")[0]
        for way in (True, False):
            right = ("increase" if way else "decrease") in accepted("direction")
            add("direction", direction_features(way, metric, signals, grammar), right)
        heard = any(same_audience(surface, grammar.audience, each) for each in accepted("audience"))
        add("audience", audience_features(signals, grammar), heard)
    return rows


def fit(features: Sequence[Sequence[float]], right: Sequence[bool]) -> NDArray[np.float64]:
    """Return the weights of a logistic regression with a small ridge, by Newton's steps; the first is the constant."""
    rows, truth = np.array(features, float), np.array(right, float)
    ridge = np.eye(rows.shape[1]) * _RIDGE
    ridge[0, 0] = 1e-3
    weights = np.zeros(rows.shape[1])
    for _ in range(_N_STEPS):
        share = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (share - truth) + ridge @ weights
        weights -= np.linalg.solve((rows.T * (share * (1 - share) + 1e-6)) @ rows + ridge, slope)
    return weights


if __name__ == "__main__":
    main()
