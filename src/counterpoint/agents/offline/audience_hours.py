"""Audiences by the hour of the day: marks of the clock, the half of the day each stands in, and ranges of two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from counterpoint.agents.offline.audience_comparison import left_out
from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set

_NOON = 12
_EARLIEST_LUNCH = 9
_BEFORE_END = ("", " before", " just before", " but not including", " not including", " and not including")
_JOINTS = frozenset(
    tuple(f"{words}{tail}".split())
    for words in ("and", "to", "-", "until", "till", "up to", "through to", ";")
    for tail in (*_BEFORE_END, " but excluding")
)
_TO_THE_LAST = frozenset({("through",), ("up", "to", "and", "including"), ("to", "and", "including"), ("thru",)})
_INCLUSIVE = words_set("inclusive included including incl")
_OPENERS = words_set("between from after since")
# The half of the day that words of the sentence tell: "late at night, from ten until six".
_MORNINGS = words_set("morning mornings breakfast dawn sunrise am")
_EVENINGS = words_set("evening evenings night nights nighttime tonight bedtime late dusk supper dinner pm")
_AFTERNOONS = words_set("afternoon afternoons teatime")
_NOONS = words_set("lunch lunchtime midday")
# What happens by the clock: "school hours, 8 to 15", "while people are at work, from nine until five".
BY_THE_CLOCK = words_set("hours commute commuting commuters school office gym rush desk drive drives")
# What may stand right before a range of hours, beside a preposition: "late night 0 to 4", "commute 7 to 9".
_NAMES_OF_HOURS = _MORNINGS | _EVENINGS | _AFTERNOONS | _NOONS | BY_THE_CLOCK | {"hour"}


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
    listed = _listed(tokens, marks, key)
    found = [listed] if listed else _spanned(tokens, marks, key) or _open_ended(tokens, marks, key)
    out = [left_out(tokens, start, end, lexicon, reading.used) for _, start, end in found]
    if not found:
        return
    if all(out):  # "not between 7 and 9, and not between 16 and 18"
        reading.clauses[key] = " && ".join(f"!({clause})" for clause, _, _ in found)
    else:
        found = [f for f, left in zip(found, out, strict=True) if not left][:1]
        reading.clauses[key] = found[0][0]
    for _, start, end in found:
        reading.say(key, tokens, start, end)
    _take_pointers(tokens, quantities, reading)


def _listed(tokens: Sequence[Token], marks: Sequence[_Mark], key: str) -> tuple[str, int, int] | None:
    """Return the clause and span of hours one by one: "7 and 8 o'clock", "1, 2 and 3 at night"."""
    for n, last in reversed([*enumerate(marks)]):
        run = [last]
        for mark in reversed(marks[:n]):
            between = {t.text for t in tokens[mark.end : run[0].start]}
            if mark.hour + 1 != run[0].hour or not between or not between <= {"and", ","}:
                break
            run.insert(0, mark)
        opener = tokens[run[0].start - 1].text if run[0].start else ""
        named = opener in ("hours", "hour")
        if len(run) < 2 or opener in _OPENERS or not (last.clock or last.half or named) or last.hour < 1:
            continue
        half = last.half or _told(tokens, last)
        low, high = _of_the_day(run[0].hour, half), _of_the_day(last.hour, half)
        upper = f" && {key} <= {high}" if high < 23 else ""
        return f"{key} >= {low}{upper}", run[0].start, last.end
    return None


def _spanned(tokens: Sequence[Token], marks: Sequence[_Mark], key: str) -> list[tuple[str, int, int]]:
    """Return clause and span of every range of hours: "from ten until six", "17 to 19, both included"."""
    found: list[tuple[str, int, int]] = []
    for a, b in pairwise(marks):
        joint = tuple(t.text for t in tokens[a.end : b.start])
        opener = tokens[a.start - 1].text if a.start else ""
        told = _told(tokens, a)
        bare = not (a.half or b.half or a.clock or b.clock)
        beyond = opener == "but" and a.start > 1 and tokens[a.start - 2].text in ("hour", "hours", "time")
        named = opener in ("hours", "hour") or beyond
        listed = opener in _OPENERS or named or (opener in _NAMES_OF_HOURS | {"", ",", ":", "(", "say"} and bool(told))
        if joint not in _JOINTS | _TO_THE_LAST or ((joint in (("and",), (";",)) or bare) and not listed):
            continue
        if bare and not (told or named):
            continue
        whole = _resolved(a, b, told)
        if whole is None:
            continue
        start = a.start - 1 if opener in _OPENERS or (named and not beyond) else a.start
        behind = {t.text: t.index for t in tokens[b.end : b.end + 3] if t.sentence == tokens[a.start].sentence}
        closed = behind.keys() & _INCLUSIVE
        end = max(behind[w] for w in closed) + 1 if closed else b.end
        last = bool(closed) or joint in _TO_THE_LAST
        clause = _between(key, *whole, closed=last)
        restated = bool(found) and tokens[start - 1].text == "(" and start - found[-1][2] <= 2
        if restated:  # the more exact words count: "from nine till five (hours 9 up to and including 16)"
            found[-1] = (clause if last else found[-1][0], found[-1][1], end)
        else:
            found.append((clause, start, end))
    return found


def _between(key: str, low: int, high: int, *, closed: bool) -> str:
    """Return the clause of a range of hours, over midnight where it ends before it begins."""
    if closed:
        return f"{key} >= {low} {'&&' if low <= high else '||'} {key} <= {high}"
    if high in (0, 24):
        return f"{key} >= {low}" if low != 23 else f"{key} == {low}"
    if low == 0:
        return f"{key} < {high}"
    return f"{key} >= {low} {'&&' if low < high else '||'} {key} < {high}"


def _open_ended(tokens: Sequence[Token], marks: Sequence[_Mark], key: str) -> list[tuple[str, int, int]]:
    """Return clause and span of hours with one end: "after eight in the evening", "before 6 and after 23 o'clock"."""
    ends: list[tuple[str, int, int, int]] = []
    begun = {m.start for m in marks}
    for mark in marks:
        if (single := _single(tokens, mark, key)) is not None:
            return [single]
        told = _told(tokens, mark)
        half = mark.half or (told if mark.hour <= _NOON or not (mark.clock or told) else "day")
        opener = tokens[mark.start - 1].text if mark.start else ""
        prior = opener == "to" and mark.start > 1 and tokens[mark.start - 2].text == "prior"
        opener = "before" if prior else opener
        rest = tuple(t.text for t in tokens[mark.end : mark.end + 2])
        open_ended = opener == "from" or not tokens[min(mark.end + 1, len(tokens) - 1)].is_word
        onwards = rest[:1] == ("onwards",) or (rest[:1] == ("on",) and open_ended)
        onwards = onwards or rest in (("and", "later"), ("or", "later"))
        onwards = onwards or (rest == ("and", "after") and mark.end + 2 not in begun)
        hour = _of_the_day(mark.hour, half)
        late = onwards or opener in ("after", "from", "since", "past")
        bounded = opener in words_set("after before from since until till past by") or onwards
        if half in ("", "work") or not bounded or (not late and hour == 0):
            continue
        tail = mark.end + (0 if not onwards else 1 if rest[0] in ("on", "onwards") else 2)
        ends.append((">=" if late else "<", hour, max(0, mark.start - 1 - prior), tail))
    if not ends:
        return []
    early = next((e for e in ends if e[0] == "<"), None)
    late_end = next((e for e in ends if e[0] == ">="), None)
    if early and late_end and early[1] < late_end[1]:
        clause = f"{key} < {early[1]} || {key} >= {late_end[1]}"
        return [(clause, min(e[2] for e in ends), max(e[3] for e in ends))]
    # "Before 8 we leave people alone, so from 8 o'clock": the last word counts.
    op, hour, start, tail = ends[-1] if early and late_end and early[1] == late_end[1] else ends[0]
    return [(f"{key} {op} {hour}", start, tail)]


def _single(tokens: Sequence[Token], mark: _Mark, key: str) -> tuple[str, int, int] | None:
    """Return an hour that its end or its beginning names: "the last hour before noon", "the hour that starts at"."""
    lead = [t.text for t in tokens[max(0, mark.start - 9) : mark.start] if t.sentence == tokens[mark.start].sentence]
    if lead[-2:] == ["hour", "before"] and lead[-3:-2] != ["any"]:
        return f"{key} == {(mark.hour - 1) % (2 * _NOON)}", mark.start - 2, mark.end
    if (
        lead[-1:] == ["at"]
        and lead[-2:-1]
        and lead[-2] in words_set("begins starts beginning starting")
        and "hour" in lead
    ):
        op = "<=" if "including" in lead else ">=" if "from" in lead else "=="
        return f"{key} {op} {mark.hour}", mark.start - 2, mark.end
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
        return replace(mark, end=end + 2, half="am" if mark.hour in range(1, 6) else "pm")
    following = tokens[end] if end < len(tokens) else None
    closed = (
        following is None
        or not following.is_word
        or following.text
        in words_set(
            "and to until till o'clock on onwards or people they we she the users listeners when in at every each "
            "local it both inclusive included including incl up through thru but"
        )
    )
    return mark if closed or mark.half or mark.clock else None


def _told(tokens: Sequence[Token], mark: _Mark) -> str:
    """Return the half of the day that the words around a mark tell, "work" for what goes by the clock, or nothing."""
    sentence = tokens[mark.start].sentence
    near = {t.text for t in tokens if t.sentence == sentence}
    opens = mark.start < 2 or tokens[mark.start - 2].sentence != sentence
    if opens and tokens[mark.start - 1].text in _OPENERS:  # "Is gloom a morning thing? Between 5 and 11 ..."
        near |= {t.text for t in tokens if t.sentence == sentence - 1}
    morning, evening, afternoon = (bool(near & words) for words in (_MORNINGS, _EVENINGS, _AFTERNOONS))
    morning = morning or ("early" in near and not evening)
    if near & _NOONS and not (morning or evening or afternoon):
        return "mid"
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
    elif told and a.hour <= _NOON and not (told == "pm" and a.hour < _NOON < b.hour):
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
    if half == "mid":
        return hour if hour >= _EARLIEST_LUNCH else hour + _NOON
    if hour == 0:
        return 0
    return hour % _NOON + _NOON if half == "pm" and hour <= _NOON else hour
