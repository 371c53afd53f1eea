"""Word pieces: the parts of words that the network was taught, and the places of a text's words among them."""

import re
from collections.abc import Mapping, Sequence

MAX_PIECES = 220
"""Longer texts are cut; a hypothesis of three sentences has about sixty."""
_PART = re.compile(r"\w+|[^\w\s]")


def pieces_of(word: str, vocabulary: Mapping[str, int]) -> list[int]:
    """Return the ids of the longest known pieces of a lower-cased word, from left to right.

    Args:
        word: A token of the text.
        vocabulary: Piece -> id; a piece that goes on inside of a word begins with `##`.
    """
    ids: list[int] = []
    for part in _PART.findall(word):
        found: list[int] = []
        start = 0
        while start < len(part):
            lead = "##" if start else ""
            end = next((n for n in range(len(part), start, -1) if lead + part[start:n] in vocabulary), start)
            if end == start:
                found = [vocabulary["[UNK]"]]  # one strange letter makes a word of its own kind
                break
            found.append(vocabulary[lead + part[start:end]])
            start = end
        ids += found
    return ids


def encode(words: Sequence[str], vocabulary: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """Return the ids of a text between its two marks, and the place of each word's first piece and of the end."""
    ids, first = [vocabulary["[CLS]"]], []
    for word in words:
        first.append(len(ids))
        ids += pieces_of(word, vocabulary)
    first.append(len(ids))
    ids.append(vocabulary["[SEP]"])
    return ids[:MAX_PIECES], [min(place, MAX_PIECES - 1) for place in first]
