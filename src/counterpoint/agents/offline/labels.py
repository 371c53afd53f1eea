"""Labels: words and letters that only number the arms of a hypothesis: "One: ... Two: ...", "First, ..."."""

from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.agents.offline.text import Token, words_set

_HEADS = words_set("arm variant treatment group version option cell branch test bucket candidate idea")
_RANKS = {
    word: n
    for n, words in enumerate(
        ("a 1 one first firstly i", "b 2 two second secondly ii", "c 3 three third thirdly iii", "d 4 four fourth iv"),
        start=1,
    )
    for word in words.split()
}
_SEPARATORS = words_set(": ) = ; , gets has is shows sees uses with →")
_OPENERS = frozenset([".", "!", "?", ";", ":", ",", "(", "-", "and", "then"])


@dataclass(frozen=True, slots=True)
class Label:
    """One label: where it starts, where what it names begins, and which arm it numbers from 1."""

    start: int
    end: int
    rank: int


def arm_labels(tokens: Sequence[Token]) -> list[Label]:
    """Return the labels of two or more arms, numbered in order; none when the text does not label its arms."""
    series: list[Label] = []
    best: list[Label] = []
    for i in range(len(tokens)):
        label = _label_at(tokens, i)
        if label is None:
            continue
        if label.rank == len(series) + 1:
            series.append(label)
        elif label.rank == 1:
            series = [label]
        best = max(best, series, key=len)
    return list(best) if len(best) > 1 else []


def _label_at(tokens: Sequence[Token], i: int) -> Label | None:
    text = [t.text for t in tokens[i : i + 5]] + [""] * 5
    if i and tokens[i - 1].text not in _OPENERS:
        return None
    skip = 2 if text[0] == "in" and text[1] == "the" else 1 if text[0] in ("the", "in") else 0
    # What is labelled so: arm A, group two, the second arm.
    if text[skip] in _HEADS and text[skip + 1] in _RANKS and text[skip + 2] in _SEPARATORS:
        return Label(i, i + skip + 3, _RANKS[text[skip + 1]])
    opens = i == 0 or tokens[i - 1].text in words_set(". ! ? ; :") or tokens[i - 1].text == "\n"
    if opens and text[skip] in _HEADS and text[skip + 1] in _RANKS and text[skip + 2].isalpha():
        return Label(i, i + skip + 2, _RANKS[text[skip + 1]])
    ordinal = text[skip] in _RANKS and len(text[skip]) > 2
    if ordinal and text[skip + 1] in _HEADS and text[skip + 2] in _SEPARATORS:
        return Label(i, i + skip + 3, _RANKS[text[skip]])
    closed = text[1] in (":", ")", "=") or (text[1] == "," and len(text[0]) > 3)  # "First, ...", not "One, ..."
    if not skip and text[0] in _RANKS and closed and (opens or text[1] != ","):
        return Label(i, i + 2, _RANKS[text[0]])
    return None
