"""growthbook: one instance whose attributes are set for each unit, the quickest way it offers."""

from typing import Any

from growthbook import GrowthBook

from benchmarks.assignment.contestants.asking import Ask, parts
from counterpoint.config import Snapshot


def build(made: Snapshot) -> tuple[Ask, Ask]:
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
