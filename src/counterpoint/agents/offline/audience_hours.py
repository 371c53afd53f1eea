"""Audiences by the hour of the day: marks of the clock, the half of the day each stands in, and ranges of two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set

_NOON = 12
_BEFORE_END = ("", " before", " just before", " but not including", " not including", " and not including")
_JOINTS = frozenset(
    tuple(f"{words}{tail}".split())
    for words in ("and", "to", "-", "until", "till", "up to", "through to", ";")
    for tail in _BEFORE_END
)
_INCLUSIVE = words_set("inclusive included including")
_OPENERS = words_set("between from after since")
# The half of the day that words of the sentence tell: "late at night, from ten until six".
_MORNINGS = words_set("morning mornings breakfast dawn sunrise am")
_EVENINGS = words_set("evening evenings night nights nighttime tonight bedtime late dusk supper dinner pm")
_AFTERNOONS = words_set("afternoon afternoons lunch lunchtime midday teatime")
# What happens by the clock: "school hours, 8 to 15", "while people are at work, from nine until five".
BY_THE_CLOCK = words_set("hours commute commuting commuters school office gym rush desk")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """One mark of the clock: `half` is "am" or "pm", "day" for a time of 24 hours, empty when it was not said.

    `clock` says that its own words make it one: "9 o'clock", "22:00", "midnight".
    """

    hour: int
    start: int
    end: int
    half: str = ""
    clock: bool = False


def read_hours(
    tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, lexicon: Lexicon, key: str
) -> None:
    """Read "between six and nine in the morning", "from 22:00 to 6:00", "after eight in the evening"."""
    marks = [m for m in _marks(tokens, quantities, lexicon) if not set(range(m.start, m.end)) & reading.used]
    found = _listed(tokens, marks, key) or _spanned(tokens, marks, key) or _open_ended(tokens, marks, key)
    if found is not None:
        clause, start, end = found
        reading.clauses[key] = clause
        reading.take(tokens, start, end)
        _take_pointers(tokens, quantities, reading)


def _listed(tokens: Sequence[Token], marks: Sequence[_Mark], key: str) -> tuple[str, int, int] | None:
    """Return the clause and span of hours one by one: "7 and 8 o'clock", "1, 2 and 3 at night"."""
    for n, last in enumerate(marks):
        run = [last]
        for mark in reversed(marks[:n]):
            between = {t.text for t in tokens[mark.end : run[0].start]}
            if mark.hour + 1 != run[0].hour or not between or not between <= {"and", ","}:
                break
            run.insert(0, mark)
        opener = tokens[run[0].start - 1].text if run[0].start else ""
        if len(run) < 2 or opener in _OPENERS or not (last.clock or last.half) or last.hour < 1:
            continue
        half = last.half or _told(tokens, last)
        low, high = _of_the_day(run[0].hour, half), _of_the_day(last.hour, half)
        upper = f" && {key} <= {high}" if high < 23 else ""
        return f"{key} >= {low}{upper}", run[0].start, last.end
    return None


def _spanned(tokens: Sequence[Token], marks: Sequence[_Mark], key: str) -> tuple[str, int, int] | None:
    """Return the clause and span of a range of hours: "from ten until six", "17 to 19, both included"."""
    for a, b in pairwise(marks):
        joint = tuple(t.text for t in tokens[a.end : b.start])
        opener = tokens[a.start - 1].text if a.start else ""
        told = _told(tokens, a)
        bare = not (a.half or b.half or a.clock or b.clock)
        listed = opener in _OPENERS or (opener in ("", ",", ":", "(", "say", "hours") and bool(told))
        if joint not in _JOINTS or ((joint == ("and",) or bare) and not listed) or (bare and not told):
            continue
        whole = _resolved(a, b, told)
        if whole is None:
            continue
        low, high = whole
        start = a.start - 1 if opener in _OPENERS else a.start
        behind = {t.text: t.index for t in tokens[b.end : b.end + 3] if t.sentence == tokens[a.start].sentence}
        closed = behind.keys() & _INCLUSIVE
        if closed:
            return f"{key} >= {low} && {key} <= {high}", start, max(behind[w] for w in closed) + 1
        if high in (0, 24):
            return f"{key} >= {low}" if low != 23 else f"{key} == {low}", start, b.end
        if low == 0:
            return f"{key} < {high}", start, b.end
        return f"{key} >= {low} {'&&' if low < high else '||'} {key} < {high}", start, b.end
    return None


def _open_ended(tokens: Sequence[Token], marks: Sequence[_Mark], key: str) -> tuple[str, int, int] | None:
    """Return the clause and span of hours with one end: "after eight in the evening", "before 9 am"."""
    for mark in marks:
        told = _told(tokens, mark)
        half = mark.half or (told if mark.hour <= _NOON or not (mark.clock or told) else "day")
        opener = tokens[mark.start - 1].text if mark.start else ""
        prior = opener == "to" and mark.start > 1 and tokens[mark.start - 2].text == "prior"
        opener = "before" if prior else opener
        rest = tuple(t.text for t in tokens[mark.end : mark.end + 2])
        open_ended = opener == "from" or not tokens[min(mark.end + 1, len(tokens) - 1)].is_word
        onwards = rest[:1] == ("onwards",) or (rest[:1] == ("on",) and open_ended)
        onwards = onwards or rest in (("and", "later"), ("or", "later"), ("and", "after"))
        if half in ("", "work") or (
            opener not in words_set("after before from since until till past by") and not onwards
        ):
            continue
        hour = _of_the_day(mark.hour, half)
        late = onwards or opener in ("after", "from", "since", "past")
        tail = mark.end + (0 if not onwards else 1 if rest[0] in ("on", "onwards") else 2)
        return f"{key} >= {hour}" if late else f"{key} < {hour}", max(0, mark.start - 1 - prior), tail
    return None


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
        _Mark(hour=0 if t.text == "midnight" else _NOON, start=t.index, end=t.index + 1, half="day", clock=True)
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
        mark = replace(mark, end=end + 2, half="day", clock=True)
        end, rest = end + 2, [*rest[2:], "", ""]
    elif rest[0] == ":" and rest[1] == "59":
        return replace(mark, hour=mark.hour + 1, end=end + 2, half="day", clock=True)
    if rest[0] == "o'clock":
        mark = replace(mark, end=end + 1, half=mark.half or ("day" if mark.hour > _NOON else ""), clock=True)
        end, rest = end + 1, [t.text for t in tokens[end + 1 : end + 5]] + [""] * 4
    if rest[0] in ("am", "pm"):
        return replace(mark, end=end + 1, half=rest[0], clock=True)
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
            "and to until till o'clock on onwards or people they we she the users listeners when in at every each "
            "local it both inclusive included including"
        )
    )
    return mark if closed or mark.half else None


def _told(tokens: Sequence[Token], mark: _Mark) -> str:
    """Return the half of the day that the words around a mark tell, "work" for what goes by the clock, or nothing."""
    sentence = tokens[mark.start].sentence
    near = {t.text for t in tokens if t.sentence == sentence}
    opens = mark.start < 2 or tokens[mark.start - 2].sentence != sentence
    if opens and tokens[mark.start - 1].text in _OPENERS:  # "Is gloom a morning thing? Between 5 and 11 ..."
        near |= {t.text for t in tokens if t.sentence == sentence - 1}
    morning, evening, afternoon = (bool(near & words) for words in (_MORNINGS, _EVENINGS, _AFTERNOONS))
    if morning and not evening and not afternoon:
        return "am"
    if (evening or afternoon) and not morning:
        return "pm"
    before = {t.text for t in tokens[: mark.start] if t.sentence == sentence}
    at_work = any(t.text == "work" and tokens[t.index - 1].text == "at" for t in tokens if t.sentence == sentence)
    return "work" if at_work or ((near - {"hours"}) | before) & BY_THE_CLOCK else ""


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
