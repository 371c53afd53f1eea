"""Search of past experiments: by the words of a hypothesis, and by what an experiment set, measured and for whom."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from counterpoint.agents.offline.text import split_words, stem_of, words_set
from counterpoint.agents.ports import PastExperiment

# BM25's usual constants: how fast a repeated word stops counting, and how much a long text is discounted.
_SATURATION = 1.2
_LENGTH = 0.75
_SAME_PARAMETER = 4.0
_SAME_METRIC = 2.0
_SAME_AUDIENCE = 1.0
_STOP = words_set("a an and are as at be by for from in is it of on or than that the to we will with")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A past experiment that has to do with what was asked.

    Attributes:
        score: Higher is closer; comparable within one search only.
        because: What it has in common with the question, in words.
    """

    past: PastExperiment
    score: float
    because: tuple[str, ...]

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        past = self.past
        return {
            "experiment": past.key,
            "surface": past.surface,
            "hypothesis": past.hypothesis,
            "parameters": sorted(past.parameters),
            "audience": past.audience,
            "primary": past.primary,
            "relative_effect": past.relative_effect,
            "relative_std_error": past.relative_std_error,
            "decision": past.decision,
            "score": round(self.score, 3),
            "because": list(self.because),
        }


def search_past(
    words: str,
    past: Sequence[PastExperiment],
    *,
    parameters: AbstractSet[str] = frozenset(),
    primary: str | None = None,
    audience: str | None = None,
    limit: int = 10,
) -> tuple[Match, ...]:
    """Return the past experiments nearest to a question, the nearest first; none that has nothing in common with it.

    Args:
        words: A hypothesis or a few words; may be empty when the rest says what is looked for.
        parameters: Parameters that the new experiment would set.
        primary: Its primary metric.
        audience: Its audience in CEL, as written.

    Source:
        Robertson and Zaragoza 2009, The Probabilistic Relevance Framework (BM25), equation 3.15, for the words.
    """
    texts = [_stems(f"{p.key} {p.hypothesis} {' '.join(sorted(p.parameters))} {p.primary}") for p in past]
    wanted = frozenset(_stems(words)) - _STOP
    weights = _weights(wanted, texts)
    mean_length = sum(map(len, texts)) / len(texts) if texts else 1.0
    found = []
    for experiment, text in zip(past, texts, strict=True):
        score, because = _words_in_common(weights, text, mean_length)
        shared = parameters & experiment.parameters
        if shared:
            score += _SAME_PARAMETER * len(shared) / len(parameters | experiment.parameters)
            because.append(f"sets {', '.join(sorted(shared))}")
        if primary is not None and primary == experiment.primary:
            score += _SAME_METRIC
            because.append(f"measured {primary}")
        # Everyone is no likeness: most experiments are for everyone.
        if audience not in (None, "true") and audience == experiment.audience:
            score += _SAME_AUDIENCE
            because.append("the same audience")
        if because:
            found.append(Match(past=experiment, score=score, because=tuple(because)))
    return tuple(sorted(found, key=lambda match: (-match.score, match.past.key))[:limit])


def _stems(text: str) -> list[str]:
    return [stem_of(word, {}) for phrase in text.replace("-", " ").replace(".", " ").split() for word in _words(phrase)]


def _words(phrase: str) -> list[str]:
    return [word for word in split_words(phrase) if word[0].isalnum()]


def _weights(wanted: AbstractSet[str], texts: Sequence[Sequence[str]]) -> dict[str, float]:
    counts = Counter(stem for text in texts for stem in set(text) & wanted)
    n = len(texts)
    return {stem: math.log(1 + (n - count + 0.5) / (count + 0.5)) for stem, count in counts.items()}


def _words_in_common(weights: Mapping[str, float], text: Sequence[str], mean_length: float) -> tuple[float, list[str]]:
    counts = Counter(stem for stem in text if stem in weights)
    longness = 1 - _LENGTH + _LENGTH * len(text) / mean_length
    score = sum(weights[stem] * n * (_SATURATION + 1) / (n + _SATURATION * longness) for stem, n in counts.items())
    return score, [f"speaks of {', '.join(sorted(counts))}"] if counts else []
