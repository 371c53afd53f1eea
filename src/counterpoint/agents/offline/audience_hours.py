"""Audiences by the hour of the day: marks of the clock, the half of the day each stands in, and ranges of two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set

_NOON = 12
_JOINTS = frozenset(
    tuple(words.split())
    for words in ("and", "to", "-", "until", "till", "and before", "and until", "up to", "through to", ";")
)
_OPENERS = words_set("between from after since")
# The half of the day that words of the sentence tell: "late at night, from ten until six".
_MORNINGS = words_set("morning mornings breakfast dawn sunrise am")
_EVENINGS = words_set("evening evenings night nights nighttime tonight bedtime late dusk supper dinner pm")
_AFTERNOONS = words_set("afternoon afternoons lunch lunchtime midday teatime")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """One mark of the clock: `half` is "am" or "pm", "day" for a time of 24 hours, empty when it was not said."""

    hour: int
    start: int
    end: int
    half: str = ""


def read_hours(
    tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, lexicon: Lexicon, key: str
) -> None:
    """Read "between six and nine in the morning", "from 22:00 to 6:00", "after eight in the evening"."""
    marks = [m for m in _marks(tokens, quantities, lexicon) if not set(range(m.start, m.end)) & reading.used]
    for a, b in pairwise(marks):
        joint = tuple(t.text for t in tokens[a.end : b.start])
        opener = tokens[a.start - 1].text if a.start else ""
        told = _told(tokens, a)
        bare = not a.half and not b.half
        listed = opener in _OPENERS or (opener in ("", ",", ":", "(", "say") and bool(told))
        if joint not in _JOINTS or ((joint == ("and",) or bare) and not listed) or (bare and not told):
            continue
        whole = _resolved(a, b, told)
        if whole is None:
            continue
        low, high = whole
        start = a.start - 1 if opener in _OPENERS else a.start
        within = "&&" if low < high else "||"
        reading.clauses[key] = f"{key} >= {low}" if high in (0, 24) else f"{key} >= {low} {within} {key} < {high}"
        reading.take(tokens, start, b.end)
        _take_pointers(tokens, quantities, reading)
        return
    for mark in marks:
        half = mark.half or (_told(tokens, mark) if mark.hour <= _NOON else "day")
        opener = tokens[mark.start - 1].text if mark.start else ""
        prior = opener == "to" and mark.start > 1 and tokens[mark.start - 2].text == "prior"
        opener = "before" if prior else opener
        rest = tuple(t.text for t in tokens[mark.end : mark.end + 2])
        open_ended = opener == "from" or not tokens[min(mark.end + 1, len(tokens) - 1)].is_word
        onwards = rest[:1] == ("onwards",) or (rest[:1] == ("on",) and open_ended)
        onwards = onwards or rest in (("and", "later"), ("or", "later"), ("and", "after"))
        if not half or (opener not in words_set("after before from since until till past by") and not onwards):
            continue
        hour = _of_the_day(mark.hour, half)
        late = onwards or opener in ("after", "from", "since", "past")
        tail = mark.end + (0 if not onwards else 1 if rest[0] in ("on", "onwards") else 2)
        reading.clauses[key] = f"{key} >= {hour}" if late else f"{key} < {hour}"
        reading.take(tokens, max(0, mark.start - 1 - prior), tail)
        return


def _take_pointers(tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading) -> None:
    """Mark what points back at the hours that were read: "in those two hours", "at these times"."""
    counted = {q.start: q.end for q in quantities}
    for t in tokens[:-1]:
        if t.text not in ("those", "these", "that", "this"):
            continue
        noun = counted.get(t.index + 1, t.index + 1)
        if noun - 1 < len(tokens) and {k.text for k in tokens[noun - 1 : noun + 1]} & words_set(
            "hours hour times slot"
        ):
            reading.used |= set(range(t.index, noun + 1))


def _marks(tokens: Sequence[Token], quantities: Sequence[Quantity], lexicon: Lexicon) -> list[_Mark]:
    found = [
        _Mark(hour=0 if t.text == "midnight" else _NOON, start=t.index, end=t.index + 1, half="day")
        for t in tokens
        if t.text in ("midnight", "noon", "midday")
    ]
    cardinals = lexicon.raw["numbers"]["cardinals"]
    taken: set[int] = set()
    for q in quantities:
        clocked = q.kind in (Kind.NUMBER, Kind.TIME, Kind.ORDINAL) and float(q.bare).is_integer() and 0 <= q.bare <= 24
        if not clocked or (q.kind is Kind.TIME and q.unit != "h") or q.start in taken or q.sign:
            continue
        if tokens[q.start].text not in cardinals and not tokens[q.start].text.isdecimal():
            continue
        mark = _with_half(tokens, _Mark(hour=int(q.bare), start=q.start, end=q.end, half="day" * (q.kind is Kind.TIME)))
        if mark is not None:
            taken |= set(range(mark.start, mark.end))
            found.append(mark)
    return sorted(found, key=lambda m: m.start)


def _with_half(tokens: Sequence[Token], mark: _Mark) -> _Mark | None:
    """Return a mark with the words behind it that say its half of the day; None when they count something else."""
    end = mark.end
    rest = [t.text for t in tokens[end : end + 4]] + [""] * 4
    if rest[0] == ":" and rest[1] in ("00", "0"):
        mark = replace(mark, end=end + 2, half="day")
        end, rest = end + 2, [*rest[2:], "", ""]
    if rest[0] == "o'clock":
        mark = replace(mark, end=end + 1, half=mark.half or ("day" if mark.hour > _NOON else ""))
        end, rest = end + 1, [t.text for t in tokens[end + 1 : end + 5]] + [""] * 4
    if rest[0] in ("am", "pm"):
        return replace(mark, end=end + 1, half=rest[0])
    if rest[:2] == ["in", "the"] and rest[2] in ("morning", "evening", "afternoon"):
        return replace(mark, end=end + 3, half="am" if rest[2] == "morning" else "pm")
    if rest[:2] == ["at", "night"]:
        return replace(mark, end=end + 2, half="am" if mark.hour in range(1, 5) else "pm")
    following = tokens[end] if end < len(tokens) else None
    closed = (
        following is None
        or not following.is_word
        or following.text
        in words_set(
            "and to until till o'clock on onwards or people they we she the users listeners when in at every each local"
        )
    )
    return mark if closed or mark.half else None


def _told(tokens: Sequence[Token], mark: _Mark) -> str:
    """Return the half of the day that the words around a mark tell, or nothing."""
    near = {t.text for t in tokens if t.sentence == tokens[mark.start].sentence}
    morning, evening, afternoon = (bool(near & words) for words in (_MORNINGS, _EVENINGS, _AFTERNOONS))
    if morning and not evening and not afternoon:
        return "am"
    return "pm" if (evening or afternoon) and not morning else ""


def _resolved(a: _Mark, b: _Mark, told: str) -> tuple[int, int] | None:
    """Return the first and the last hour of a range, each in its half of the day; None when it is empty."""
    high = _of_the_day(b.hour, b.half) if b.half else None
    if a.half:
        low = _of_the_day(a.hour, a.half)
    elif b.half == "am" or (b.half == "day" and high == 0):
        low = a.hour % _NOON if a.hour < b.hour else a.hour % _NOON + _NOON  # "from ten until six in the morning"
    elif b.half == "pm":
        low = a.hour % _NOON + _NOON if a.hour % _NOON < b.hour % _NOON else a.hour
    elif told and a.hour <= _NOON:
        low = _of_the_day(a.hour, told)
    else:
        low = a.hour
    if high is None:
        early = b.hour % _NOON
        if b.hour > _NOON or (not a.half and not told):
            high = b.hour
        elif low < _NOON:
            high = early if early > low else early + _NOON  # "from nine in the morning to five"
        else:
            high = early + _NOON if early + _NOON > low else early  # "from ten at night to two"
    return (low, high) if low != high else None


def _of_the_day(hour: int, half: str) -> int:
    if half == "am":
        return hour % _NOON
    return hour % _NOON + _NOON if half == "pm" and hour <= _NOON else hour
