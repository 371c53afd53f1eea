"""Settings: the values a hypothesis gives to one parameter, from numbers, steps, factors, anchors and named values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType, Scalar

_TIME_UNITS = {
    "ms": 1.0,
    "s": 1000.0,
    "seconds": 1000.0,
    "min": 60_000.0,
    "minutes": 60_000.0,
    "hours": 3_600_000.0,
    "h": 3_600_000.0,
    "days": 86_400_000.0,
    "weeks": 604_800_000.0,
}
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


def is_position(parameter: Parameter) -> bool:
    """Return whether the parameter is a place on the page, of which 1 is the top."""
    return parameter.type is ParameterType.INT and "position" in parameter.key


def is_share(parameter: Parameter) -> bool:
    """Return whether the parameter is a share or a weight, which people write in per cent."""
    return (
        parameter.type is ParameterType.FLOAT
        and parameter.unit is None
        and parameter.max is not None
        and parameter.max <= 1
    )


def is_time(parameter: Parameter) -> bool:
    """Return whether the parameter is a length of time."""
    return parameter.unit in _TIME_UNITS


def says_position(quantity: Quantity, tokens: Sequence[Token]) -> bool:
    """Return whether the words around a number make it a place on the page: "position 2", "second place"."""
    before = tokens[quantity.start - 1].text if quantity.start else ""
    after = tokens[quantity.end].text if quantity.end < len(tokens) else ""
    if quantity.kind is Kind.NUMBER:
        return before in ("position", "place", "slot", "spot", "row")
    return quantity.kind is Kind.ORDINAL and (
        after in ("place", "position", "slot", "spot")
        or (after == "from" and "top" in [t.text for t in tokens[quantity.end : quantity.end + 3]])
    )


def takes_time(parameter: Parameter, quantity: Quantity) -> bool:
    """Return whether a length of time lies within the bounds of a parameter that is one."""
    if not is_time(parameter) or parameter.min is None or parameter.max is None:
        return False
    return parameter.min <= quantity.value / _TIME_UNITS[parameter.unit or "ms"] <= parameter.max


def is_number(parameter: Parameter) -> bool:
    """Return whether the parameter is numeric."""
    return parameter.type in (ParameterType.INT, ParameterType.FLOAT)


def fit(quantity: Quantity, parameter: Parameter, mention: Mention, tokens: Sequence[Token]) -> float:  # noqa: PLR0912 - a grammar is a list of cases
    """Return how well a quantity can be a value of a parameter: 0 not at all, 1 by type, more when its words say so."""
    if not is_number(parameter):
        return 0.0
    before = [t.text for t in tokens[max(0, quantity.start - 3) : quantity.start]]
    last = before[-1] if before else ""
    after = [t.text for t in tokens[quantity.end : quantity.end + 3]]
    if quantity.kind is Kind.NUMBER and parameter.type is ParameterType.INT and not float(quantity.value).is_integer():
        return 0.0
    if quantity.sign and quantity.kind is not Kind.NUMBER:
        return 0.0
    if quantity.kind is Kind.NUMBER and set(after[:2]) & _NOT_COUNTED and not set(after[:1]) & {"or", "versus", "and"}:
        return 0.0
    if (
        quantity.kind is Kind.NUMBER
        and tokens[quantity.start].text == "one"
        and not (is_position(parameter) and last in ("place", "position", "slot", "row", "spot", "number"))
        and not _counts_noun(tokens, quantity, mention, parameter)
    ):
        return 0.0
    if quantity.kind is Kind.FACTOR:
        # "the same thing twice" multiplies nothing; "twice as many" does.
        idle = tokens[quantity.start].text in ("twice", "thrice") and after[:1] not in (["as"], ["the"], ["its"])
        return 0.0 if idle else 1.0
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
                    0.0 if follows not in ("", ".", ",", "and", "or", "for", ";", "versus", "among", "instead") else 0.6
                )
            )
        if quantity.kind is Kind.NUMBER:
            strong = last in words_set("position positions place slot row spot to at in rank # number no shelf")
            return 1.6 if strong else 0.9
        return 0.0
    if is_time(parameter):
        if quantity.kind is Kind.TIME:
            return 1.4
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
            if quantity.kind is Kind.NUMBER and (quantity.value <= (parameter.max or 1) or last in ("to", "at", "of"))
            else 0.0
        )
    if quantity.kind is Kind.NUMBER:
        if _counts_noun(tokens, quantity, mention, parameter):
            return 1.3
        return (
            1.0
            if last in _BEFORE_VALUE
            or not after
            or not after[0].isalpha()
            or after[0] in ("and", "or", "versus", "today", "now")
            else 0.4
        )
    if quantity.kind is Kind.FRACTION and after[:1] == ["as"]:
        return 1.0  # "half as many"
    return 0.7 if quantity.kind in (Kind.PERCENT, Kind.FRACTION) and _is_step(tokens, quantity) else 0.0


def _counts_noun(tokens: Sequence[Token], quantity: Quantity, mention: Mention, parameter: Parameter) -> bool:
    """Return whether a number counts what the parameter is about: a word of the mention follows it closely."""
    near = range(quantity.end, min(len(tokens), quantity.end + 3))
    if is_position(parameter) and any(tokens[i].text in _PLACES for i in near):
        return True
    return any(i in mention.tokens for i in near) and not any(
        not tokens[i].is_word for i in near if i < min((j for j in mention.tokens if j >= quantity.end), default=0)
    )


def from_quantity(
    quantity: Quantity, parameter: Parameter, mention: Mention, tokens: Sequence[Token], lexicon: Lexicon
) -> Setting | None:
    """Return the setting a quantity makes; None when it only states what is so today."""
    if is_today(tokens, quantity, lexicon):
        if float(_number(quantity, parameter)) != float(parameter.baseline):
            return Setting(key=parameter.key, value=None, at=quantity.start, end=quantity.end, problem="contradiction")
        return None
    base = float(parameter.baseline)
    step = _step_of(tokens, quantity, parameter)
    problem: Problem | None = None
    if quantity.kind is Kind.FACTOR:
        down = _less(tokens, quantity)
        value = base * (1 / quantity.value if down and quantity.value > 1 else quantity.value)
    elif quantity.kind is Kind.FRACTION and not is_share(parameter):
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
        problem = _contradiction(tokens, quantity, parameter, mention, value)
    value = round(value, 10)
    if problem:
        return Setting(key=parameter.key, value=None, at=quantity.start, end=quantity.end, problem=problem)
    if parameter.type is ParameterType.INT and not float(value).is_integer():
        return Setting(key=parameter.key, value=None, at=quantity.start, end=quantity.end, problem="ambiguous")
    return checked(
        parameter, int(value) if parameter.type is ParameterType.INT else value, quantity.start, quantity.end
    )


def checked(parameter: Parameter, value: Scalar, at: int, end: int) -> Setting:
    """Return a setting, out of bounds when the parameter does not allow its value."""
    problem: Problem | None = None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        outside = (parameter.min is not None and value < parameter.min) or (
            parameter.max is not None and value > parameter.max
        )
        problem = "out_of_bounds" if outside else None
    return Setting(key=parameter.key, value=value, at=at, end=end, problem=problem)


def is_today(tokens: Sequence[Token], quantity: Quantity, lexicon: Lexicon) -> bool:
    """Return whether the words around a quantity say that it is so today ("from 3", "instead of one", "12 today")."""
    del lexicon
    start, end = quantity.span
    before = [t.text for t in tokens[max(0, start - 5) : start]]
    after = [t.text for t in tokens[end : end + 5]]
    last = before[-1] if before else ""
    while before and before[-1] in words_set(
        "the current today's usual present a at just only about its in default of position place"
    ):
        if before[-1] in ("current", "today's", "usual", "present", "default"):
            return True
        before.pop()
    tail = " ".join(before[-2:])
    if tail.endswith(
        (
            "instead of",
            "rather than",
            "instead",
            "up from",
            "down from",
            "opposed to",
            "compared with",
            "compared to",
            "not",
        )
    ) or (
        tail.endswith(("today", "currently", "now", "replacing"))
        and last in words_set("today currently now replacing , of the")
    ):
        return True
    if before[-1:] == ["from"]:
        words = [w for w in after if w not in ("%", "the")]
        return bool(words) and (
            words[0] in ("to", "down", "up")
            or (len(words) > 1 and words[1] in ("to", "down") and words[0] not in ("the", "top"))
        )
    if after[:1] and after[0] in ("today", "now", "currently"):
        return True
    return (
        after[:2] in (["as", "now"], ["as", "today"], ["at", "present"], ["at", "the"])
        and (after[:2] != ["at", "the"] or after[2:3] == ["moment"])
    ) or (before[:1] == ["today"] and len(before) <= 4)


def _number(quantity: Quantity, parameter: Parameter) -> float:
    if quantity.kind is Kind.TIME:
        return round(quantity.value / _TIME_UNITS[parameter.unit or "ms"], 10)
    return -quantity.value if quantity.sign < 0 and quantity.kind is Kind.NUMBER else quantity.value


def _is_step(tokens: Sequence[Token], quantity: Quantity) -> bool:
    after = [t.text for t in tokens[quantity.end : quantity.end + 2]]
    before = tokens[quantity.start - 1].text if quantity.start else ""
    return before == "by" or bool(words_set("more fewer less longer shorter higher lower extra") & set(after))


def _step_of(tokens: Sequence[Token], quantity: Quantity, parameter: Parameter) -> int:
    """Return +1 or -1 when a quantity is a step from the baseline ("two more", "one row higher", "by two"), else 0."""
    start, end = quantity.span
    after = [t.text for t in tokens[end : end + 3] if t.sentence == tokens[start].sentence]
    before = [t.text for t in tokens[max(0, start - 6) : start] if t.sentence == tokens[start].sentence]
    last = before[-1] if before else ""
    place = is_position(parameter)
    if last in ("than", "most", "least") and quantity.kind is not Kind.FACTOR:
        return 0
    if quantity.sign and quantity.kind is Kind.NUMBER and last not in ("to", "at", "of", "is"):
        return -quantity.sign if place and last not in ("position", "by") else quantity.sign
    higher = words_set("higher up upwards upward above further earlier closer")
    lower = words_set("lower down downwards downward below later")
    if place:
        noun = words_set(
            "row rows place places slot slots notch notches step steps spot spots position "
            "positions line rank ranks shelf shelves"
        )
        window = [w for w in after if w not in noun]
        if (
            quantity.kind is Kind.NUMBER
            and window[:1]
            and window[0] in higher | lower
            and ("up" not in window[:1] or last != "to")
        ):
            return -1 if window[0] in higher else 1
        if quantity.kind is Kind.NUMBER and (
            last == "by" or (after[:1] and after[0] in noun and last in ("up", "down"))
        ):
            return (
                -1
                if {"up", "raise", "lift", "promote", "higher", "move up"} & set(before) and "down" not in before
                else 1
            )
        return 0
    if quantity.kind is Kind.FACTOR:
        return 0
    if after[:1] and after[0] in words_set("more extra additional further longer higher") and after[1:2] != ["than"]:
        return 1
    if after[:1] and after[0] in ("fewer", "less", "lower", "shorter") and after[1:2] != ["than"]:
        return -1
    if (
        len(after) > 1
        and after[1] in ("more", "longer", "extra", "further")
        and not (len(after) > 2 and after[2] == "than")
        and last not in ("of", "to")
    ):
        return 1
    if len(after) > 1 and after[1] in ("fewer", "less", "shorter") and last not in ("of", "to"):
        return -1
    if last in ("another", "extra", "additional") or before[-2:] == ["add", "another"]:
        return 1
    if last == "by":
        down = words_set(
            "lower reduce cut shorten decrease drop trim shrink lowering cutting reducing down narrow shortening"
        )
        return -1 if down & set(before) else 1
    return 0


def _less(tokens: Sequence[Token], quantity: Quantity) -> bool:
    after = [t.text for t in tokens[quantity.end : quantity.end + 3]]
    return bool({"fewer", "less", "smaller", "shorter"} & set(after))


def _contradiction(
    tokens: Sequence[Token], quantity: Quantity, parameter: Parameter, mention: Mention, value: float
) -> Problem | None:
    """Return whether the verb points away from the value ("raise from 3 to 2")."""
    if tokens[quantity.start].sentence != tokens[mention.start].sentence:
        return None
    first = min(mention.start, quantity.start)
    window = [
        t
        for t in tokens[max(0, first - 4) : max(mention.end, quantity.start)]
        if t.sentence == tokens[mention.start].sentence
        and t.index not in mention.tokens
        and t.clause == tokens[first].clause
    ]
    words = {t.text for t in window}
    base = float(parameter.baseline)
    if is_position(parameter):
        up = bool(words & {"up", "higher", "promote", "lift", "raise"})
        down = bool(words & {"down", "lower", "demote", "sink", "bury"})
        up, down = down, up  # a higher place is a smaller number
    else:
        up = bool(
            words
            & words_set("raise raising increase increasing extend extending widen lengthen expand enlarge relax loosen")
        )
        down = bool(
            words
            & words_set(
                "lower lowering reduce reducing cut cutting shorten shortening decrease "
                "decreasing narrow shrink tighten trim trimming slash"
            )
        )
    if up == down:
        return None
    return "contradiction" if (up and value < base) or (down and value > base) else None
