"""Numerals: what a number is worth that is written in digits or in words, and where it ends."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from counterpoint.agents.offline.text import Token


class Numerals:
    """Reads the numbers of a text.

    Args:
        tokens: Of the text.
        numbers: The language's words for numbers: `cardinals`, `multipliers` and `fractions`, each with its worth.
    """

    def __init__(self, tokens: Sequence[Token], numbers: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._cardinals = {w: float(v) for w, v in numbers["cardinals"].items()}
        self._multipliers = {w: float(v) for w, v in numbers["multipliers"].items()}
        self._fractions = {w: float(v) for w, v in numbers["fractions"].items()}

    def _text(self, i: int) -> str:
        return self._tokens[i].text if 0 <= i < len(self._tokens) else ""

    def at(self, i: int) -> tuple[float, int] | None:
        """Return the number that begins at a token, and where it ends; None where none does."""
        word = self._text(i)
        if word[:1].isdecimal():
            return (_parsed(word), i + 1) if re.fullmatch(r"[\d.,]+", word) and word.count(".") <= 1 else None
        if (
            word in ("one", "two", "three")
            and self._text(i + 1) in self._fractions
            and self._text(i + 1) not in ("half", "quarter")
            and self._text(i + 2) in ("of", "")
        ):
            return self._cardinals[word] * self._fractions[self._text(i + 1)], i + 2
        if (
            self._cardinals.get(word, 0) > 1
            and self._text(i + 1).endswith("s")
            and self._text(i + 1) in self._fractions
        ):
            return self._cardinals[word] * self._fractions[self._text(i + 1)], i + 2  # "nine tenths"
        if word == "half" and self._text(i + 1) == "a" and self._text(i + 2) in ("dozen", "hundred"):
            return self._cardinals[self._text(i + 2)] / 2, i + 3
        if word == "a" and self._text(i + 1) in ("dozen", "couple", "hundred", "pair"):
            end = i + 2
            rest = self.at(end + 1) if self._text(i + 1) == "hundred" and self._text(end) == "and" else None
            if rest is not None and 0 < rest[0] < 100:
                return 100 + rest[0], rest[1]
            return self._cardinals[self._text(i + 1)], end + (self._text(end) == "of")
        if word not in self._cardinals:
            return None
        total, i = self._cardinals[word], i + 1
        if total >= 20 and total % 10 == 0:
            j = i + 1 if self._text(i) == "-" else i
            if 1 <= self._cardinals.get(self._text(j), 0) <= 9:
                total, i = total + self._cardinals[self._text(j)], j + 1
        while self._text(i) in self._multipliers:
            total, i = total * self._multipliers[self._text(i)], i + 1
        if self._text(i) == "and" and self._text(i + 1) == "a" and self._text(i + 2) in ("half", "quarter"):
            total, i = total + self._fractions[self._text(i + 2)], i + 3
        if self._text(i) == "point" and self._text(i + 1) in self._cardinals:
            total, i = total + self._cardinals[self._text(i + 1)] / 10, i + 2
        return total, i


def _parsed(word: str) -> float:
    # "1,000" is a thousand, "2,5" is two and a half.
    return (
        float(word.replace(",", ""))
        if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", word)
        else float(word.rstrip(".,").replace(",", "."))
    )
