"""Weighs the network against the grammar on hypotheses it was not taught: `python -m training.planner.weigh --help`."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.offline.compared import grammar_reading, is_explained
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.planner import answered, read_hypothesis
from counterpoint.agents.offline.reader import (
    GrammarReading,
    Judged,
    Network,
    Signals,
    Weights,
    arm_features,
    audience_features,
    direction_features,
    drafts_of,
    judge_fields,
    load_network,
    metric_features,
    plain_arms,
    plan_features,
    same_arms,
    whole_features,
)
from counterpoint.config import Surface, load_surface
from training.planner.labels import load_cases

_RIDGE, _RIDGE_WHOLE = 1.0, 3.0
_N_STEPS = 40
Rows: TypeAlias = tuple[list[tuple[float, ...]], list[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One labelled hypothesis as both readers read it.

    Attributes:
        accepted: Field -> every accepted answer; empty unless a plan is asked for.
    """

    signals: Signals
    grammar: GrammarReading
    people: set[int]
    accepted: Mapping[str, Sequence[Any]]

    def hears_users(self, surface: Surface) -> bool:
        """Return whether the grammar's audience is right."""
        return any(same_audience(surface, self.grammar.audience, each) for each in self.accepted["audience"])

    def has_arms(self, arms: Sequence[Mapping[str, Any]], surface: Surface) -> bool:
        """Return whether arms are right."""
        return any(same_arms(arms, plain_arms(each, surface)) for each in self.accepted["arms"])


def main() -> None:
    """Fit the weights on the cases, and write them into `reader.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", type=Path, help="labelled hypotheses that the network was not taught")
    parser.add_argument("--surface", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True, help="folder of the network that was not taught them")
    parser.add_argument("--to", type=Path, required=True, help="the reader.json to write the weights into")
    asked = parser.parse_args()
    surface = load_surface(asked.surface.read_text("utf-8"), source=str(asked.surface))
    network = load_network(asked.network / "reader.onnx", asked.network / "reader.json")
    heard = [listen(case, surface, network) for case in load_cases(asked.cases)]
    weights = {name: fit(rows, _RIDGE) for name, rows in of_fields(heard, surface).items()}
    weights["whole"] = fit(of_whole(heard, surface), _RIDGE_WHOLE)
    document = json.loads(asked.to.read_text("utf-8")) | {"weights": weights}
    asked.to.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    print(json.dumps(weights))


def listen(case: Mapping[str, Any], surface: Surface, network: Network) -> Heard:
    """Return what both readers hear in a labelled hypothesis."""
    expect, text = case["expect"], str(case["text"])
    reading = read_hypothesis(text, surface, default_lexicon())
    of, plan = answered(text, reading, default_lexicon())
    fields = ("arms", "primary", "direction", "audience") if expect["outcome"] == "plan" else ()
    return Heard(
        signals=network.listen([t.text for t in reading.text.tokens], reading.text.quantities),
        grammar=grammar_reading(reading, plan, explained=is_explained(of)),
        people=reading.text.audience,
        accepted={name: expect[f"{name}_any"] if f"{name}_any" in expect else [expect[name]] for name in fields},
    )


def of_fields(heard: Sequence[Heard], surface: Surface) -> dict[str, Rows]:
    """Return the features of every reading of every plan's fields, and whether it is right."""
    rows: dict[str, Rows] = {name: ([], []) for name in ("plan", "arms", "metric", "direction", "audience")}

    def add(name: str, features: tuple[float, ...], right: bool) -> None:
        rows[name][0].append(features)
        rows[name][1].append(right)

    for each in heard:
        signals, grammar = each.signals, each.grammar
        drafts = drafts_of(signals, grammar, surface, each.people)
        add("plan", plan_features(signals, grammar, drafts), bool(each.accepted))
        if not each.accepted:
            continue
        best = max((drafted.total for drafted in drafts), default=0.0)
        for drafted in drafts:
            add("arms", arm_features(drafted, signals, grammar, best), each.has_arms(drafted.arms, surface))
        metrics = each.accepted["primary"]
        for metric in {signals.likeliest_metric, grammar.primary or signals.likeliest_metric}:
            add("metric", metric_features(metric, signals, grammar), metric in metrics)
        for way in (True, False):
            right = ("increase" if way else "decrease") in each.accepted["direction"]
            add("direction", direction_features(way, metrics[0], signals, grammar), right)
        add("audience", audience_features(signals, grammar), each.hears_users(surface))
    return rows


def of_whole(heard: Sequence[Heard], surface: Surface) -> Rows:
    """Return the features of the likeliest plan of every hypothesis, and whether it is right in all its fields.

    The fields of each half are judged by weights that were fitted on the other: by its own, they would look surer than
    they are.
    """
    features, right = [], []
    for n in range(2):
        fitted = {name: fit(rows, _RIDGE) for name, rows in of_fields(heard[1 - n :: 2], surface).items()}
        weights = Weights(**fitted, whole=())
        for each in heard[n::2]:
            judged = judge_fields(each.signals, each.grammar, surface, each.people, weights)
            features.append(whole_features(judged, each.grammar))
            right.append(is_right(judged, each, surface))
    return features, right


def is_right(judged: Judged, heard: Heard, surface: Surface) -> bool:
    """Return whether a plan is asked for, and this is it."""
    return (
        bool(heard.accepted)
        and judged.drafted is not None
        and heard.has_arms(judged.drafted.arms, surface)
        and judged.metric in heard.accepted["primary"]
        and ("increase" if judged.increases else "decrease") in heard.accepted["direction"]
        and heard.hears_users(surface)
    )


def fit(rows: Rows, ridge: float) -> tuple[float, ...]:
    """Return the weights of a logistic regression with a small ridge, by Newton's steps; the first is the constant."""
    features, truth = np.array(rows[0], float), np.array(rows[1], float)
    held = np.eye(features.shape[1]) * ridge
    held[0, 0] = 1e-3
    weights: NDArray[np.float64] = np.zeros(features.shape[1])
    for _ in range(_N_STEPS):
        share = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        slope = features.T @ (share - truth) + held @ weights
        weights -= np.linalg.solve((features.T * (share * (1 - share) + 1e-6)) @ features + held, slope)
    return tuple(round(float(weight), 4) for weight in weights)


if __name__ == "__main__":
    main()
