"""Quantities in a hypothesis: numbers, percentages, durations, positions, factors and steps, with their units."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.numerals import Numerals
from counterpoint.agents.offline.text import Token, split_words, words_set

MS_PER_DAY = 86_400_000
_WHOLE = words_set("whole full entire good further extra additional")
_SECOND_OF = words_set("place arm group row look variant chance shelf one")
_BEHIND_SHARE = words_set("of the more less while and but as too what our its")
_GROUPS = words_set("arm arms group groups variant variants cell cells")
_STEPS = words_set("place slot row spot notch position step rank")
_WAYS = words_set("up down higher lower earlier later further")


class Kind(StrEnum):
    """What a quantity counts."""

    NUMBER = "number"
    PERCENT = "percent"
    POINTS = "points"
    TIME = "time"
    ORDINAL = "ordinal"
    FACTOR = "factor"
    FRACTION = "fraction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One quantity of the text.

    Attributes:
        value: A fraction for percent, points and fractions; milliseconds for times; a position for ordinals.
        sign: -1 or +1 when written as a sign, else 0.
        unit: The unit word as written; empty when there is none.
        bare: The number as written, before its unit.
        step: +1 or -1 when the words make it a difference from today, else 0; of a place, +1 is further down.
        is_place: Whether its words make it a place on a page, or a step from one.
    """

    kind: Kind
    value: float
    start: int
    end: int
    sign: int = 0
    unit: str = ""
    bare: float = 0.0
    step: int = 0
    is_place: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """Token span, end exclusive."""
        return self.start, self.end


def find_quantities(tokens: Sequence[Token], lexicon: Lexicon) -> list[Quantity]:
    """Return the quantities of `tokens` from left to right."""
    reader = _Reader(tokens, lexicon)
    found: list[Quantity] = []
    i = 0
    while i < len(tokens):
        quantity = reader.at(i)
        if quantity is None:
            i += 1
        else:
            found.append(quantity)
            i = quantity.end
    return _with_shared_units(found, tokens)


def _with_shared_units(found: list[Quantity], tokens: Sequence[Token]) -> list[Quantity]:
    """Give "5, 10 and 15 %" and "two weeks or six" the unit that their list shares."""
    result = list(found)
    order = [*range(len(result) - 1), *range(len(result) - 2, -1, -1)]
    for i in order:
        left, right = result[i], result[i + 1]
        between = {t.text for t in tokens[left.end : right.start]}
        numbered = {tokens[q.start - 1].text for q in (left, right) if q.start} & words_set(
            "arm variant group version option"
        )
        if (
            numbered
            or not between
            <= words_set(", and or versus / to - then against both instead of rather than also maybe perhaps even")
            or right.start - left.end > 3
        ):
            continue
        if (
            left.kind is Kind.NUMBER
            and right.kind in (Kind.PERCENT, Kind.TIME, Kind.POINTS)
            and not ({"then"} & between)
        ):
            result[i] = _as(right, left)
        elif (
            right.kind is Kind.NUMBER
            and left.kind in (Kind.PERCENT, Kind.TIME)
            and between & words_set("or and versus / , against instead than also")
        ):
            nxt = tokens[right.end] if right.end < len(tokens) else None
            if (
                nxt is None
                or not nxt.is_word
                or nxt.text in words_set("days weeks and or which would will should for in makes lifts raises")
            ):
                result[i + 1] = _as(left, right)
    return result


def _as(model: Quantity, other: Quantity) -> Quantity:
    scale = model.value / model.bare if model.bare else 1.0
    return Quantity(
        kind=model.kind,
        value=other.bare * scale,
        start=other.start,
        end=other.end,
        sign=other.sign,
        unit=model.unit,
        bare=other.bare,
    )


class _Reader:
    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon) -> None:
        numbers = lexicon.raw["numbers"]
        self.tokens = tokens
        self._number = Numerals(tokens, numbers).at
        self.cardinals = {w: float(v) for w, v in numbers["cardinals"].items()}
        self.ordinals = {w: float(v) for w, v in numbers["ordinals"].items()}
        self.fractions = {w: float(v) for w, v in numbers["fractions"].items()}
        self.factors = {w: float(v) for w, v in numbers["factors"].items()}
        self.units = {w: float(v) for w, v in numbers["units"].items()}
        self.dividers = frozenset(numbers["dividers"])
        self.percents = [tuple(split_words(w)) for w in numbers["percent"]]
        self.raised, self.lowered = lexicon.lists["raise_verbs"], lexicon.lists["lower_verbs"]
        self.points = [tuple(split_words(w)) for w in numbers["points"]]
        self.basis = [tuple(split_words(w)) for w in numbers["basis_points"]]

    def text(self, i: int) -> str:
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def _starts(self, i: int, options: Sequence[tuple[str, ...]]) -> int:
        for words in sorted(options, key=len, reverse=True):
            if all(self.text(i + k) == w for k, w in enumerate(words)):
                return len(words)
        return 0

    def at(self, i: int) -> Quantity | None:  # noqa: PLR0912 - a grammar is a list of cases
        word = self.text(i)
        if word in self.factors and not (word == "double" and self.text(i + 1) == "-"):
            return Quantity(kind=Kind.FACTOR, value=self.factors[word], start=i, end=i + 1, bare=self.factors[word])
        sign = 0
        start = i
        if (
            word in "+-"
            and word
            and (i == 0 or not self.tokens[i - 1].text[-1].isdecimal())
            and self.text(i + 1)[:1].isdecimal()
        ):
            sign = 1 if word == "+" else -1
            i += 1
        elif word in ("plus", "minus") and self._number(i + 1) is not None:
            sign = 1 if word == "plus" else -1
            i += 1
        if word in ("in", "by") and self.text(i + 1) == "half" and self.text(i + 2) not in ("a", "an", "of", "the"):
            factor = 1.5 if word == "by" and self._rises(i) else 0.5
            return Quantity(kind=Kind.FACTOR, value=factor, start=i, end=i + 2, bare=factor)
        if word == "in" and (parts := self.cardinals.get(self.text(i + 1), 0.0)) >= 2 and self._divides(i):
            return Quantity(kind=Kind.FACTOR, value=1 / parts, start=i, end=i + 2, bare=1 / parts)
        if (again := self._again(i)) is not None:
            return again
        if (percent := self._percent_first(i)) is not None:
            return percent
        if (multiple := self._multiple(i)) is not None:
            return multiple
        number = self._number(i)
        if number is None:
            return self._without_number(start)
        value, end = number
        if self.text(end - 1) in self.fractions and end == i + 2:
            return self._fraction(value, start, end)
        if value == 0 and word == "none" and self.text(end) == "of":
            return None  # "none of it" is no number
        if word == "one" and end == i + 1 and self._is_pronoun(i):
            return None
        if value == 1 and self.text(end) in ("in", "of") and (of := self._number(end + 1)) and of[0] >= 2:
            return Quantity(kind=Kind.FRACTION, value=1 / of[0], start=start, end=of[1], bare=1 / of[0])
        if value == 1 and (few := self._one_in_many(end)) is not None:
            return Quantity(kind=Kind.FRACTION, value=1 / few[0], start=start, end=few[1], bare=1 / few[0])
        if self.text(end) in ("times", "x", "*") or (self.text(end) == "fold" and self.text(end - 1) != "first"):
            return Quantity(kind=Kind.FACTOR, value=value, start=start, end=end + 1, sign=sign, bare=value)
        return self._with_unit(value, start, end, sign)

    def _one_in_many(self, i: int) -> tuple[float, int] | None:
        """Return the number, and where it ends, of "slot in ten", "card out of every twenty" behind a "one"."""
        after = i + 2
        if not self.text(i).isalpha() or self.text(i) in self.units or self.text(i + 1) not in ("in", "out"):
            return None
        after += self.text(after) == "of"
        after += self.text(after) == "every"
        many = self._number(after)
        if many is None or many[0] < 2 or self.text(many[1]) in self.units or self.text(many[1]) in _GROUPS:
            return None
        return many

    def _is_pronoun(self, i: int) -> bool:
        """Return whether "one" stands for something named, or for anybody, and counts nothing: "use that one"."""
        before, after = self.text(i - 1), self.text(i + 1)
        if after in self.units or self._starts(i + 1, [*self.points, *self.percents, *self.basis]) or after == "of":
            return False
        if before in words_set("that this which each every any no another last the next big small other single"):
            return after not in words_set("- row place card item shelf tile")
        if before == "in" and after in words_set(", . ; and or"):
            return True  # "250 ms in one and 600 ms in the other"
        # "two items of one artist": what the one belongs to is counted already.
        counted = next((k for k in range(i - 2, max(-1, i - 6), -1) if self._number(k) is not None), None)
        return before in ("of", "from", "by") and after.isalpha() and counted is not None

    def _rises(self, i: int) -> bool:
        """Return whether the nearest word of movement before a size raises: "increase the cards by half"."""
        for at in range(i - 1, max(-1, i - 9), -1):
            if self.tokens[at].clause != self.tokens[i].clause:
                return False
            if self.raised.at(self.tokens, at) is not None:
                return True
            if self.lowered.at(self.tokens, at) is not None:
                return False
        return False

    def _divides(self, i: int) -> bool:
        """Return whether "in two" says into how many parts something is cut."""
        if self.text(i + 2) in self.units or self.text(i + 2) in words_set("arms arm groups group variants ways steps"):
            return False
        lead = [t for t in self.tokens[max(0, i - 8) : i] if t.clause == self.tokens[i].clause]
        return any(t.text in self.dividers for t in lead)

    def _again(self, i: int) -> Quantity | None:
        """Return the factor of "half as much again", "as many again", "half again as long"."""
        words = [self.text(i + k) for k in range(12)]
        share = self.fractions.get(words[0]) or (self.fractions.get(words[1]) if words[0] in ("a", "one") else None)
        at = 0 if share is None else 1 if words[0] in self.fractions else 2
        if words[at] == "again" and words[at + 1] == "as" and share is not None:
            return Quantity(kind=Kind.FACTOR, value=1 + share, start=i, end=i + at + 3, bare=1 + share)
        same = words_set("much many long big large far high wide often")
        if words[at] != "as" or words[at + 1] not in same or "again" not in words[at + 2 : at + 9]:
            return None
        sentence = self.tokens[i].sentence
        end = i + words.index("again", at + 2)
        if self.tokens[end].sentence != sentence or "as" in words[at + 2 : end - i]:
            return None
        return Quantity(kind=Kind.FACTOR, value=1 + (share or 1.0), start=i, end=i + at + 2, bare=1 + (share or 1.0))

    def _percent_first(self, i: int) -> Quantity | None:
        """Return the percentage of "% 3", where the sign comes first."""
        number = self._number(i + 1) if self.text(i) == "%" and self._number(i - 1) is None else None
        if number is None:
            return None
        return Quantity(kind=Kind.PERCENT, value=number[0] * 0.01, start=i, end=number[1], unit="%", bare=number[0])

    def _multiple(self, i: int) -> Quantity | None:
        """Return the factor of "times four", "x4" and "* 3", where the sign comes first."""
        word = self.text(i)
        if re.fullmatch(r"x\d+", word):
            return Quantity(kind=Kind.FACTOR, value=float(word[1:]), start=i, end=i + 1, bare=float(word[1:]))
        if word not in ("times", "x", "*") or self._number(i - 1) is not None:
            return None
        number = self._number(i + 1)
        if number is None or self._with_unit(number[0], i + 1, number[1], 0).kind is not Kind.NUMBER:
            return None
        return Quantity(kind=Kind.FACTOR, value=number[0], start=i, end=number[1], bare=number[0])

    def _with_unit(self, value: float, start: int, end: int, sign: int) -> Quantity:
        for options, scale, kind in (
            (self.points, 0.01, Kind.POINTS),
            (self.basis, 0.0001, Kind.POINTS),
            (self.percents, 0.01, Kind.PERCENT),
        ):
            for skip in (0, 2 if self.text(end) == "of" and self.text(end + 1) == "a" else 0):
                if n := self._starts(end + skip, options):
                    return Quantity(
                        kind=kind,
                        value=value * scale,
                        start=start,
                        end=end + skip + n,
                        sign=sign,
                        unit=self.text(end + skip),
                        bare=value,
                    )
        after = end
        if (
            self.text(after) in words_set("- of full whole more last extra additional")
            and self.text(after + 1) in self.units
        ):
            after += 1
        elif self.text(after) == "of" and self.text(after + 1) in ("a", "an") and self.text(after + 2) in self.units:
            after += 2
        elif self.text(after) in ("a", "an") and self.text(after + 1) in self.units and value < 1:
            after += 1
        unit = self.text(after)
        if unit in self.units and not (unit in ("second", "quarter") and value > 1 and value.is_integer()):
            return Quantity(
                kind=Kind.TIME,
                value=value * self.units[unit],
                start=start,
                end=after + 1,
                sign=sign,
                unit=unit,
                bare=value,
            )
        if self.text(end) in ("st", "nd", "rd", "th"):
            return Quantity(kind=Kind.ORDINAL, value=value, start=start, end=end + 1, bare=value)
        return Quantity(kind=Kind.NUMBER, value=value, start=start, end=end, sign=sign, bare=value)

    def _without_number(self, i: int) -> Quantity | None:
        word = self.text(i)
        if word == "every" and self.text(i + 2) not in self.units:
            nth = self.ordinals.get(self.text(i + 1)) or 1 / self.fractions.get(self.text(i + 1), 1.0)
            if nth > 1:
                return Quantity(kind=Kind.FRACTION, value=1 / nth, start=i, end=i + 2, bare=1 / nth)
        if (
            word in self.units
            and self.text(i - 1) == "first"
            and self.text(i - 2) in words_set("their his her its your")
        ):
            return Quantity(kind=Kind.TIME, value=self.units[word], start=i, end=i + 1, unit=word, bare=1.0)
        single = i + 1 if word in ("a", "one") else i
        if self.text(single) == "single" and self.text(single + 1).isalpha():
            if self.text(single + 1) in words_set("arm package bundle variant change test experiment user one step"):
                return None
            return self._with_unit(1.0, i, single + 1, 0)
        if word in words_set("a an one half every quarter the") and (counted := self._behind_article(i)) is not None:
            return counted
        if word in self.ordinals and not (word == "second" and self.text(i - 1) in ("a", "per")):
            return Quantity(kind=Kind.ORDINAL, value=self.ordinals[word], start=i, end=i + 1, bare=self.ordinals[word])
        return None

    def _behind_article(self, i: int) -> Quantity | None:
        """Return what an article, or half of something, counts: "a day and a half", "up a notch", "a third of it"."""
        word, unit = self.text(i), self.text(i + 1)
        if word in ("a", "an", "one") and (timed := self._one_unit(i)) is not None:
            return timed
        if word in ("a", "one") and unit in _STEPS and {self.text(i - 1), self.text(i + 2)} & _WAYS:
            return Quantity(kind=Kind.NUMBER, value=1.0, start=i, end=i + 1, bare=1.0)
        if word in ("a", "an") and (n := self._starts(i + 1, [*self.points, *self.percents])):
            kind = Kind.POINTS if self._starts(i + 1, self.points) else Kind.PERCENT
            return Quantity(kind=kind, value=0.01, start=i, end=i + 1 + n, unit="percent", bare=1.0)
        ends = not self.text(i + 2).isalpha() or self.text(i + 2).endswith("er") or self.text(i + 2) in _BEHIND_SHARE
        if word in ("a", "an", "one") and unit in self.fractions and (unit in ("half", "quarter") or ends):
            return self._fraction(self.fractions[unit], i, i + 2)
        if word in ("half", "quarter") and unit in ("a", "an", "the", "of", "as"):
            return self._fraction(self.fractions[word], i, i + 1)
        return None

    def _one_unit(self, i: int) -> Quantity | None:
        """Return the time of "a day", "a day and a half", "one more week"."""
        word, unit, after = self.text(i), self.text(i + 1), self.text(i + 2)
        if unit in _WHOLE and after in self.units:
            return Quantity(kind=Kind.TIME, value=self.units[after], start=i, end=i + 3, unit=after, bare=1.0)
        if word == "one" or unit not in self.units or unit == "quarter" or (unit == "second" and after in _SECOND_OF):
            return None
        more = self.text(i + 4) if (after, self.text(i + 3)) == ("and", "a") else ""
        bare = 1.0 + (self.fractions[more] if more in ("half", "quarter") else 0.0)
        end = i + (5 if bare > 1 else 2)
        return Quantity(kind=Kind.TIME, value=bare * self.units[unit], start=i, end=end, unit=unit, bare=bare)

    def _fraction(self, value: float, start: int, end: int) -> Quantity:
        united = self._with_unit(value, start, end, 0)
        if united.kind is Kind.NUMBER:
            # "half a percent": the article stands between the fraction and its unit.
            skip = 1 if self.text(end) in ("a", "an") else 0
            united = self._with_unit(value, start, end + skip, 0)
        if united.kind is not Kind.NUMBER:
            return united
        return Quantity(kind=Kind.FRACTION, value=value, start=start, end=end, bare=value)
