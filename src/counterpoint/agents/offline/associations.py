"""Which dial or metric the words of a text suggest, as learned from labelled hypotheses."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from math import sqrt
from typing import Any

from counterpoint.agents.offline.text import Token
from counterpoint.errors import InvalidInput

DIALS = "dials"
METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Associations:
    """Weights from a feature of a text to what it may speak of.

    Attributes:
        rarity: Weight of each known feature: the logarithm of how rarely a hypothesis has it.
        weights: For each group, and each feature, what it says for or against each key.
        bias: For each group the score of each key before a word is read, in log-odds.
    """

    rarity: Mapping[str, float]
    weights: Mapping[str, Mapping[str, Mapping[str, float]]]
    bias: Mapping[str, Mapping[str, float]]

    def likely(self, group: str, tokens: Sequence[Token], among: Iterable[str]) -> tuple[tuple[str, float], ...]:
        """Return keys of `among` with their log-odds, the likeliest first; empty where nothing is known of them.

        Args:
            group: `DIALS` or `METRICS`.
            tokens: The text as read.
            among: Keys that the surface declares.
        """
        bias = self.bias.get(group, {})
        scores = {key: 0.0 for key in among if key in bias}
        known = [(feature, self.rarity[feature]) for feature in features_of(tokens) if feature in self.rarity]
        if not scores or not known:
            return ()
        by_feature = self.weights[group]
        for feature, rarity in known:
            for key, weight in by_feature.get(feature, {}).items():
                if key in scores:
                    scores[key] += rarity * weight
        length = sqrt(sum(rarity * rarity for _, rarity in known))
        said = {key: score / length + bias[key] for key, score in scores.items()}
        return tuple(sorted(said.items(), key=lambda pair: (-pair[1], pair[0])))


def features_of(tokens: Sequence[Token]) -> set[str]:
    """Return the features of a text: its stems, and pairs of them that are neighbours or have one word between them."""
    stems = [token.stem for token in tokens if token.stem[:1].isalpha()]
    pairs = {f"{a} {b}" for a, b in pairwise(stems)}
    apart = {f"{a} _ {b}" for a, b in zip(stems, stems[2:], strict=False)}
    return set(stems) | pairs | apart


def load_associations(text: str) -> Associations:
    """Return associations as `counterpoint learn` writes them.

    Raises:
        InvalidInput: `associations_unreadable`.
    """
    try:
        raw: dict[str, Any] = json.loads(text)
        bias = {group: {str(key): float(b) for key, b in raw["bias"][group].items()} for group in (DIALS, METRICS)}
        rarity: dict[str, float] = {}
        weights: dict[str, dict[str, dict[str, float]]] = {DIALS: {}, METRICS: {}}
        for feature, (rare, *by_group) in raw["features"].items():
            rarity[feature] = float(rare)
            for group, row in zip((DIALS, METRICS), by_group, strict=True):
                keys = tuple(bias[group])
                weights[group][feature] = {keys[int(n)]: float(weight) for n, weight in row.items()}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            "associations_unreadable",
            "these are no learned associations",
            fix="make them with: counterpoint learn CASES.yaml --surface SURFACE.yaml",
        ) from error
    return Associations(rarity, weights, bias)


@lru_cache(maxsize=1)
def default_associations() -> Associations:
    """Return what the package knows: the words in which people speak of the reference surface."""
    source = files("counterpoint.agents.offline") / "data" / "associations.json"
    return load_associations(source.read_text("utf-8"))
