"""Settings: the values a hypothesis gives to one parameter by a number: as written, as a step, as a factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from counterpoint.agents.offline.dials import TIME_UNITS, is_number, is_position, is_share, is_time
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.steps import contradiction, is_step, is_today, less, step_of, takes_some
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType, Scalar

# What is counted by these nouns is the experiment's own, never a value: "two candidates", "one arm".
_NOT_COUNTED = frozenset(
    words_set(
        "arms arm variants variant groups group candidates versions options treatments "
        "percentile ways tests package things changes ideas reasons thing reason cell "
        "cells of together combined"
    )
)
_PLACES = frozenset(
    words_set(
        "place places row rows slot slots position positions notch step steps spot spots up down higher lower shelf"
    )
)
_BEFORE_VALUE = frozenset(
    words_set(
        "to at of with is and or be than , versus by = : set as below above under over / "
        "least most exactly only just popularity against from between try"
    )
)
_AFTER_PLACE = frozenset(
    words_set(
        "and or versus against for with in on at of to from instead rather among would will should can could may might "
        "makes make lifts raises helps gets gives is are was be but so then if when today now where which that only "
        "please by as than up raise lift improves boosts increases not"
    )
)
_SAME = 1e-9
"""Difference up to which two values of a parameter are one."""
Problem = Literal["contradiction", "ambiguous", "out_of_bounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value that the text gives to one parameter.

    Attributes:
        value: The value; None when the words contradict themselves or leave several readings.
        at: Index of the token that carries the value.
        end: Index after its last token.
        problem: Why there is no usable value.
    """

    key: str
    value: Scalar | None
    at: int
    end: int
    problem: Problem | None = None


def fit(quantity: Quantity, parameter: Parameter, mention: Mention, tokens: Sequence[Token]) -> float:  # noqa: PLR0912 - a grammar is a list of cases
    """Return how well a quantity can be a value of a parameter: 0 not at all, 1 by type, more when its words say so."""
    if not is_number(parameter):
        return 0.0
    if quantity.is_place:
        return 1.7 if is_position(parameter) else 0.0
    before = [t.text for t in tokens[max(0, quantity.start - 3) : quantity.start]]
    last = before[-1] if before else ""
    after = [t.text for t in tokens[quantity.end : quantity.end + 3]]
    if quantity.kind is Kind.NUMBER and parameter.type is ParameterType.INT and not float(quantity.value).is_integer():
        return 0.0
    if (quantity.sign and quantity.kind is not Kind.NUMBER) or after[:1] == ["ago"]:
        return 0.0
    if (
        not is_position(parameter)
        and quantity.kind is Kind.NUMBER
        and last in words_set("row slot place position spot rank")
    ):
        return 0.0  # "at row 5" is a place, and counts no rows
    if last in words_set("arm variant group version option cell branch") and quantity.kind is Kind.NUMBER:
        return 0.0  # "in arm 1" numbers an arm
    if last == "than" and before[-2:-1] and before[-2] in ("worse", "better"):
        return 0.0  # "24 jams sell worse than six"
    if {"neither", "nor", "nobody"} & set(before):
        return 0.0  # "neither should ten tracks by one singer"
    if after[:1] == ["too"] and len(after) > 1 and not quantity.step:
        return 0.0  # "four too many", "a third too long" say why
    if last in words_set("tier phase wave level cohort stage sprint priority class day week"):
        return 0.0  # "tier 1 regions" counts nothing
    if takes_some(tokens, quantity) and any(i in mention.tokens for i in range(quantity.end, quantity.end + 5)):
        return 1.3
    if (
        quantity.kind is Kind.NUMBER
        and after[:1] not in (["in"], ["for"], ["on"])
        and (set(after[:2]) - ({"of"} if after[:1] != ["of"] else set())) & _NOT_COUNTED
        and not set(after[:1]) & {"or", "versus", "and", "instead", "rather"}
    ):
        return 0.0
    if (
        quantity.kind is Kind.NUMBER
        and tokens[quantity.start].text == "one"
        and not quantity.step
        and not _opens_list(tokens, quantity)
        and not (is_position(parameter) and last in ("place", "position", "slot", "row", "spot", "number"))
        and not _counts_noun(tokens, quantity, mention, parameter)
        and not set(after[:1]) & {"more", "fewer", "less", "extra"}
    ):
        return 0.0
    if quantity.kind is Kind.FACTOR and is_position(parameter):
        return 0.0  # a place is not multiplied
    if quantity.kind is Kind.FACTOR:
        # "the same thing twice" multiplies nothing; "twice as many" does.
        idle = tokens[quantity.start].text in ("twice", "thrice") and after[:1] not in (["as"], ["the"], ["its"])
        # "Twice as fresh" praises; "twice as many" multiplies.
        multiplies = words_set("many much long large big high often far fast few short small strong wide deep old")
        praised = after[:1] == ["as"] and len(after) > 1 and after[1] not in multiplies
        return 0.0 if idle or praised else 1.0
    if is_position(parameter):
        if quantity.kind is Kind.ORDINAL:
            follows = tokens[quantity.end].text if quantity.end < len(tokens) else ""
            strong = follows in words_set("place position row slot spot from shelf on rank line") or last in words_set(
                "to in at as into from or"
            )
            return (
                1.6
                if strong
                else (
                    0.0
                    if follows
                    not in (
                        "",
                        "?",
                        "!",
                        ")",
                        ":",
                        ".",
                        ",",
                        "and",
                        "or",
                        "for",
                        ";",
                        "versus",
                        "among",
                        "instead",
                        "like",
                        "as",
                        "today",
                        "now",
                    )
                    else 0.6
                )
            )
        if quantity.kind is Kind.NUMBER and last == "of":
            return 0.0  # "a podcast shelf of twenty" counts what is on it
        if quantity.kind is Kind.NUMBER:
            counts = after[:1] and after[0].isalpha() and after[0] not in _PLACES | _AFTER_PLACE
            if counts and last not in words_set("position place slot row rank number"):
                return 0.0  # "12 albums on the shelf" are no place
            if last == "by" and before[-2:-1] and before[-2] in ("up", "down", "higher", "lower"):
                return 1.7  # "the podcast shelf up by two"
            strong = last in words_set("position positions place slot row spot to at in rank # number no shelf")
            return 1.6 if strong else 0.9
        return 0.0
    if quantity.kind is Kind.FRACTION and not is_position(parameter) and not is_share(parameter):
        whole = after[:1] == ["as"] or after[:2] in (["of", "them"], ["of", "it"], ["of", "that"], ["of", "those"])
        if whole and last != "by":
            return 1.0  # "half as long", "half of them will do"
    ahead = min((i for i in mention.tokens if i >= quantity.end), default=quantity.end + 9) - quantity.end
    if is_portion(quantity, tokens) and not is_position(parameter) and 0 < ahead < 4:
        return 1.2  # "half the cache lifetime", "two thirds of the present deadline"
    if is_time(parameter):
        if quantity.kind is Kind.TIME:
            return 1.4
        if quantity.kind is Kind.NUMBER and tokens[quantity.start - 1].stem in {tokens[i].stem for i in mention.tokens}:
            return 0.9  # "timeout 800 and another with timeout 50"
        return (
            0.8
            if quantity.kind is Kind.NUMBER and (last in _BEFORE_VALUE or not after or not after[0].isalpha())
            else 0.0
        )
    if is_share(parameter):
        if quantity.kind in (Kind.PERCENT, Kind.POINTS):
            return 1.2
        if quantity.kind is Kind.FRACTION:
            return 0.8
        return (
            1.0
            if quantity.kind is Kind.NUMBER
            and (
                quantity.value <= (parameter.max or 1)
                or last in ("to", "at", "of", ":", "=")
                or 0 <= quantity.start - mention.end < 1
            )
            else 0.0
        )
    if quantity.kind is Kind.NUMBER:
        if _counts_noun(tokens, quantity, mention, parameter):
            return 1.3
        if _counts_something_else(tokens, quantity):
            return 0.0  # "24 jams sell worse than six"
        return (
            1.0
            if last in _BEFORE_VALUE
            or not after
            or not after[0].isalpha()
            or after[0] in ("and", "or", "versus", "today", "now")
            else 0.4
        )
    if quantity.kind is Kind.FRACTION and (
        after[:1] == ["as"] or (after[:1] in (["the"], ["of"], ["our"]) and 0 < mention.start - quantity.end < 3)
    ):
        return 1.0  # "half as many", "half the podcast cards"
    return 0.7 if quantity.kind in (Kind.PERCENT, Kind.FRACTION) and is_step(tokens, quantity) else 0.0


def is_portion(quantity: Quantity, tokens: Sequence[Token]) -> bool:
    """Return whether a fraction is one of what a dial stands at today: "half the usual deadline", "a third of it"."""
    words = [t.text for t in tokens[quantity.end : quantity.end + 3]]
    before = tokens[quantity.start - 1].text if quantity.start else ""
    rest = words[1:] if words[:1] == ["of"] else words
    whose = bool(rest) and rest[0] in words_set("the our its their today's what that it them")
    return quantity.kind is Kind.FRACTION and before != "by" and whose


def _opens_list(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Return whether "one" is the first of several numbers: "one, three or five items"."""
    numbers = words_set("two three four five six seven eight nine ten eleven twelve fifteen twenty")
    after = [t.text for t in tokens[quantity.end : quantity.end + 3]]
    after = after[1:] if after and after[0].isalpha() and after[0] not in ("or", "and", "versus") else after[:2]
    return (
        len(after) == 2 and after[0] in words_set(", or and versus /") and (after[1] in numbers or after[1].isdecimal())
    )


def _counts_something_else(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Return whether a noun of another kind follows a number: the plural of no thing that a page is made of."""
    noun = tokens[quantity.end].text if quantity.end < len(tokens) else ""
    things = words_set(
        "cards items tiles shelves rows shortcuts podcasts shows episodes tracks songs albums results links"
    )
    plural = noun.isalpha() and noun.endswith("s") and not noun.endswith("ss") and len(noun) > 3
    return (
        plural
        and noun not in things | _AFTER_PLACE
        and noun not in words_set("versus this its perhaps raises lifts helps gets makes gives")
    )


def _counts_noun(tokens: Sequence[Token], quantity: Quantity, mention: Mention, parameter: Parameter) -> bool:
    """Return whether a number counts what the parameter is about: a word of the mention follows it closely."""
    near = range(quantity.end, min(len(tokens), quantity.end + 3))
    if is_position(parameter) and any(tokens[i].text in _PLACES for i in near):
        return True
    return any(i in mention.tokens for i in near) and not any(
        not tokens[i].is_word for i in near if i < min((j for j in mention.tokens if j >= quantity.end), default=0)
    )


def from_quantity(
    quantity: Quantity, parameter: Parameter, mention: Mention, tokens: Sequence[Token]
) -> Setting | None:
    """Return the setting a quantity makes; None when it only states what is so today."""
    if is_today(tokens, quantity):
        if not _may_be(quantity, parameter):
            return Setting(key=parameter.key, value=None, at=quantity.start, end=quantity.end, problem="contradiction")
        return None
    following = tokens[quantity.end : quantity.end + 2]
    leads = len(following) == 2 and following[0].text == "to" and following[1].text[0].isdecimal()
    if leads and float(_number(quantity, parameter)) == float(parameter.baseline):
        return None  # "14 to 7 days": where it stands, and where it goes
    base = float(parameter.baseline)
    step = step_of(tokens, quantity, parameter)
    problem: Problem | None = None
    if quantity.kind is Kind.FACTOR:
        down = less(tokens, quantity)
        value = base * (1 / quantity.value if down and quantity.value > 1 else quantity.value)
    elif quantity.kind is Kind.FRACTION and (not is_share(parameter) or _is_of_the_dial(quantity, mention, tokens)):
        value = base * (1 + step * quantity.value) if step else base * quantity.value
    elif quantity.kind is Kind.PERCENT and (not is_share(parameter) or step):
        if step and is_share(parameter):
            # "raise exploration by 5 %": five points or a twentieth more? Asked, not guessed.
            return Setting(key=parameter.key, value=None, at=quantity.start, end=quantity.end, problem="ambiguous")
        value = base * (1 + step * quantity.value) if step else base * quantity.value
    elif step:
        value = base + step * abs(float(_number(quantity, parameter)))
    else:
        value = float(_number(quantity, parameter))
        problem = "contradiction" if contradiction(tokens, quantity, parameter, mention, value) else None
    value = round(value, 10)
    if problem:
        return Setting(key=parameter.key, value=None, at=quantity.start, end=quantity.end, problem=problem)
    bounded = checked(parameter, value, quantity.start, quantity.end)
    if parameter.type is ParameterType.INT and not float(value).is_integer() and bounded.problem is None:
        return Setting(key=parameter.key, value=None, at=quantity.start, end=quantity.end, problem="ambiguous")
    return checked(
        parameter, int(value) if parameter.type is ParameterType.INT else value, quantity.start, quantity.end
    )


def _may_be(quantity: Quantity, parameter: Parameter) -> bool:
    """Return whether a quantity is where a parameter stands today, in whichever unit: "six weeks instead of two"."""
    base = float(parameter.baseline)
    if quantity.kind is Kind.NUMBER and is_time(parameter):
        scale = TIME_UNITS[parameter.unit or "ms"]
        return any(abs(quantity.bare * unit / scale - base) < _SAME for unit in {scale, *TIME_UNITS.values()})
    return float(_number(quantity, parameter)) == base


def _is_of_the_dial(quantity: Quantity, mention: Mention, tokens: Sequence[Token]) -> bool:
    """Return whether a fraction is taken of a share itself: "half the exploration"; not "a tenth of the slots"."""
    near = range(quantity.end, min(len(tokens), quantity.end + 4))
    nouns = [
        i
        for i in near
        if tokens[i].is_word and tokens[i].text not in words_set("of the our its their today's usual current present")
    ]
    return (
        is_portion(quantity, tokens)
        and bool(nouns)
        and nouns[0] in mention.tokens
        and tokens[nouns[0]].text not in words_set("slots slot places place cards positions items spots weight")
    )


def is_baseline(quantity: Quantity, parameter: Parameter) -> bool:
    """Return whether a quantity is where a parameter stands today."""
    return is_number(parameter) and abs(float(_number(quantity, parameter)) - float(parameter.baseline)) < _SAME


def checked(parameter: Parameter, value: Scalar, at: int, end: int) -> Setting:
    """Return a setting, out of bounds when the parameter does not allow its value."""
    problem: Problem | None = None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        outside = (parameter.min is not None and value < parameter.min) or (
            parameter.max is not None and value > parameter.max
        )
        problem = "out_of_bounds" if outside else None
    return Setting(key=parameter.key, value=value, at=at, end=end, problem=problem)


def _number(quantity: Quantity, parameter: Parameter) -> float:
    if quantity.kind is Kind.TIME:
        return round(quantity.value / TIME_UNITS[parameter.unit or "ms"], 10)
    return -quantity.value if quantity.sign < 0 and quantity.kind is Kind.NUMBER else quantity.value
