"""Mixing: what one hypothesis changes with what another hopes for, so that neither is learned by the other's words."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.offline.goals import Reading
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.planner import read_hypothesis
from counterpoint.agents.offline.reader import plain_arms, same_arms
from counterpoint.config import Surface

_END = re.compile(r"(?<=[.!?])\s+")
_MOST_SENTENCES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """A labelled plan of several sentences, of which one tells the goal and nothing else.

    Attributes:
        sentences: As written.
        goal: Place of the one that tells the goal.
        expect: The labels.
    """

    id: str
    sentences: tuple[str, ...]
    goal: int
    expect: Mapping[str, Any]


def parted(case: Mapping[str, Any], reading: Reading, surface: Surface) -> Parted | None:
    """Return a plan's parts; None where the grammar does not tell them apart, or does not read what the labels say."""
    expect, text = case["expect"], reading.text
    if expect["outcome"] != "plan" or any(name.endswith("_any") for name in expect) or reading.primary is None:
        return None
    sentences = tuple(_END.split(str(case["text"]).strip()))
    last = max((t.sentence for t in text.tokens), default=0)
    if not 2 <= len(sentences) <= _MOST_SENTENCES or len(sentences) != last + 1:
        return None
    for n, sentence in enumerate(sentences):
        own = read_hypothesis(sentence, surface, default_lexicon()).text.tokens
        if [t.text for t in own] != [t.text for t in text.tokens if t.sentence == n]:
            return None
    if not _is_read(expect, reading, surface):
        return None
    goal = text.tokens[reading.primary.mention.start].sentence
    inside = {t.index for t in text.tokens if t.sentence == goal}
    mentions = [(m, True) for m in reading.links.parameters] + [(m, False) for m in reading.links.metrics]
    # The goal names metrics and no parameter, the rest no metric.
    if any((m.start in inside) == is_parameter for m, is_parameter in mentions):
        return None
    if inside & (reading.change.used | text.audience):
        return None
    return Parted(id=str(case["id"]), sentences=sentences, goal=goal, expect=expect)


def _is_read(expect: Mapping[str, Any], reading: Reading, surface: Surface) -> bool:
    """Return whether the grammar reads what the labels say."""
    goal = reading.primary
    return (
        goal is not None
        and goal.metric == expect["primary"]
        and (goal.direction is None or str(goal.direction) == expect["direction"])
        and same_arms(plain_arms(reading.change.arms, surface), plain_arms(expect["arms"], surface))
        and same_audience(surface, reading.audience.expression(surface), str(expect.get("audience", "true")))
    )


def mixed(change: Parted, goal: Parted, chance: random.Random) -> dict[str, Any]:
    """Return the change and the users of one plan with the goal of another; now and then one of the two is missing.

    `goal_sentence` is the place of the sentence that is the other plan's.
    """
    hope = _ended(goal.sentences[goal.goal])
    rest = [_ended(s) for n, s in enumerate(change.sentences) if n != change.goal]
    drawn = chance.random()
    if drawn < 0.06:
        return _labelled(change, goal, " ".join(rest), {"outcome": "clarify", "missing": ["metric"]})
    if drawn < 0.1:
        return _labelled(change, goal, hope, {"outcome": "clarify", "missing": ["change"]})
    said = [*rest[: change.goal], hope, *rest[change.goal :]]
    told = {"primary": goal.expect["primary"], "direction": goal.expect["direction"]}
    case = _labelled(change, goal, " ".join(said), {**change.expect, **told})
    return {**case, "goal_sentence": min(change.goal, len(rest))}


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _labelled(change: Parted, goal: Parted, text: str, expect: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": f"{change.id}+{goal.id}", "text": text, "expect": dict(expect)}
