"""Audiences by how long users have been there: "accounts older than a year", "their first week", "a year with us"."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from counterpoint.agents.offline.audience_comparison import OPPOSITE, comparison, left_out
from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import MS_PER_DAY, Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set

_NEAR_BEFORE, _NEAR_AFTER = 9, 6
_POSSESSIVES = words_set("their his her its your my a")
# What restates a span of time: "half a year, 180 days", "two months (that is, 60 days)".
_RESTATED = words_set(
    ", ( : ; - ) say so that is i e or and more older longer than over exactly standing under with us on the clock in "
    "here there behind them after registration registering signing joining membership meaning up"
)
# Days that count users' time here and hardly anything else: "past their thirtieth day".
_LATER_DAYS = {"fourteenth": 14, "thirtieth": 30, "sixtieth": 60, "ninetieth": 90, "hundredth": 100}
_UPGRADED = words_set("premium paid paying upgrade upgrades upgraded subscription subscriptions")
# What ages beside users: releases, and whatever "counts as new".
_THINGS = words_set(
    "release releases album albums single singles record records episode episodes song songs music track tracks title "
    "titles history window"
)
_OLDER = words_set("older longer more up above upward upwards onwards beyond over")
_YOUNGER = words_set("younger newer less fewer under below")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stay:
    """A span of time in the text that may say how long users have been there; `nth` when it is "the second year"."""

    start: int
    end: int
    days: int
    nth: int = 0
    low: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """What is said of a stay: its comparison, the other end of a range, and the words that say it."""

    op: str
    start: int
    end: int
    low: int | None = None
    spoken: bool = True


def read_tenure(
    tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, lexicon: Lexicon, key: str
) -> None:
    """Read users by the time since they registered, as the first span that says so bounds it."""
    stays = _merged(tokens, sorted(_stays(tokens, quantities, lexicon), key=lambda s: s.start))
    found: list[tuple[int, _Stay, _Bound]] = []
    for n, stay in enumerate(stays):
        if reading.used & set(range(stay.start, stay.end)):
            continue
        bound = _bound(tokens, stay, stays[n - 1] if n else None, lexicon)
        if bound is None or not _is_tenure(tokens, stay, bound, lexicon):
            continue
        if bound.low is not None and found and found[-1][1] is stays[n - 1]:
            found.pop()
        found.append((_distance(tokens, bound, lexicon), stay, bound))
    if not found:
        return
    _, stay, bound = min(found, key=lambda f: f[0])
    first = _named_from(tokens, bound.start, lexicon)
    out = left_out(tokens, first, bound.end, lexicon, reading.used)
    if bound.low is not None:
        clause = f"{key} >= {bound.low} && " * (bound.low > 0) + f"{key} <= {stay.days}"
        clause = f"!({clause})" if out else clause
    else:
        clause = f"{key} {OPPOSITE[bound.op] if out else bound.op} {stay.days}"
    reading.clauses[key] = clause
    tail = bound.end + (bound.end < len(tokens) and tokens[bound.end].text in ("ago", "old"))
    reading.say(key, tokens, first, tail)


def _distance(tokens: Sequence[Token], bound: _Bound, lexicon: Lexicon) -> int:
    """Return how far the nearest word that speaks of users, or of their time here, is from a bound."""
    names = [lexicon.lists[name] for name in ("tenure_cues", "people", "fresh_users", "old_users")]
    near = range(max(0, bound.start - _NEAR_BEFORE), min(len(tokens), bound.end + _NEAR_AFTER))
    cues = [
        i for i in near if tokens[i].sentence == tokens[bound.start].sentence and any(p.at(tokens, i) for p in names)
    ]
    return min((max(bound.start - i, i - bound.end + 1, 0) for i in cues), default=_NEAR_BEFORE)


def _stays(tokens: Sequence[Token], quantities: Sequence[Quantity], lexicon: Lexicon) -> Iterator[_Stay]:
    """Yield every span of a day or more: "two years", "day 30", "their second year", "the first week"."""
    units = lexicon.raw["numbers"]["units"]
    ordinals, fractions = lexicon.raw["numbers"]["ordinals"], lexicon.raw["numbers"]["fractions"]
    for q in quantities:
        before = tokens[q.start - 1] if q.start else None
        rate = (
            tokens[q.start].text in ("a", "an")
            and before is not None
            and (before.text in units or before.text[0].isdecimal() or before.text in ("once", "twice", "times", "%"))
        )
        if q.kind is Kind.TIME and q.value >= MS_PER_DAY and not q.sign and not rate:
            if before is not None and before.text in ordinals and tokens[q.start].text in units:
                continue  # "their first week", below
            yield _Stay(start=q.start, end=q.end, days=round(q.value / MS_PER_DAY))
    yield from _numbered(tokens, units)
    for t in tokens[:-1]:
        if t.text in _LATER_DAYS and tokens[t.index + 1].text == "day":
            yield _Stay(start=t.index, end=t.index + 2, days=_LATER_DAYS[t.text], nth=_LATER_DAYS[t.text])
        if t.text in ordinals:
            share = float(fractions.get(tokens[t.index + 1].text, 1))
            end = t.index + (1 if share == 1 else 2)
            unit = tokens[end].text if end < len(tokens) else ""
            if int(units.get(unit, 0)) >= MS_PER_DAY and (end + 1 >= len(tokens) or tokens[end + 1].text != "of"):
                nth = int(ordinals[t.text])
                yield _Stay(
                    start=t.index, end=end + 1, days=round(nth * share * int(units[unit]) / MS_PER_DAY), nth=nth
                )


def _numbered(tokens: Sequence[Token], units: Mapping[str, str]) -> Iterator[_Stay]:
    """Yield the spans that number days: "since day 30", "days 0 to 6", "90+ days", "tenure_days < 9"."""
    for t in tokens[:-1]:
        since = t.index > 0 and tokens[t.index - 1].text in (
            "from",
            "since",
            "after",
            "than",
            "past",
            "until",
            "before",
            "to",
            "including",
            "through",
        )
        if since and t.text in ("day", "week") and tokens[t.index + 1].text.isdecimal():
            days = int(tokens[t.index + 1].text) * (7 if t.text == "week" else 1)
            yield _Stay(start=t.index, end=t.index + 2, days=days)
        following = [k.text for k in tokens[t.index + 1 : t.index + 5]] + [""] * 4
        if t.text == "days" and following[0].isdecimal() and following[2].isdecimal():
            if following[1] in ("to", "-", "through"):  # "days 0 to 6 of an account"
                yield _Stay(start=t.index, end=t.index + 4, days=int(following[2]), low=int(following[0]))
        elif t.text == "day" and following[0].isdecimal() and not since and _goes_on(following[1:3]):
            yield _Stay(start=t.index, end=t.index + 2, days=int(following[0]))
        plus = t.text.isdecimal() and tokens[t.index + 1].text == "+" and t.index + 2 < len(tokens)
        if plus and int(units.get(tokens[t.index + 2].text, 0)) >= MS_PER_DAY:  # "90+ days ago"
            scale = int(units[tokens[t.index + 2].text]) / MS_PER_DAY
            yield _Stay(start=t.index, end=t.index + 3, days=round(int(t.text) * scale))
        if t.text == "tenure" and t.index + 3 < len(tokens) and tokens[t.index + 3].text.isdecimal():
            yield _Stay(start=t.index + 3, end=t.index + 4, days=int(tokens[t.index + 3].text))  # "tenure_days < 9"


def _goes_on(words: Sequence[str]) -> bool:
    """Return whether a day is the first of many: "day 8 onwards", "day 30 or later"."""
    return words[0] in ("onwards", "onward", "upwards") or (
        words[0] in ("or", "and") and words[1] in ("later", "after")
    )


def _merged(tokens: Sequence[Token], stays: Sequence[_Stay]) -> list[_Stay]:
    """Return the stays, one for "half a year, 180 days": the later words are the more exact ones."""
    made: list[_Stay] = []
    for stay in stays:
        last = made[-1] if made else None
        gap = {t.text for t in tokens[last.end : stay.start]} if last else set()
        same = last is not None and 0.9 < stay.days / max(last.days, 1) < 1.1 and gap <= _RESTATED and len(gap) < 7
        if last is not None and same and tokens[stay.start].sentence == tokens[last.start].sentence:
            closed = stay.end + (stay.end < len(tokens) and tokens[stay.end].text == ")")
            made[-1] = replace(last, end=closed, days=stay.days)
        else:
            made.append(stay)
    return made


def _bound(tokens: Sequence[Token], stay: _Stay, before: _Stay | None, lexicon: Lexicon) -> _Bound | None:
    """Return what the words around a stay make of it; None when they compare nothing."""
    start, end = stay.start, stay.end
    if stay.low is not None:
        return _Bound(op=">=", low=stay.low, start=start, end=end)
    opener = [*(t.text for t in reversed(tokens[max(0, start - 3) : start])), "", "", ""]
    behind = [t.text for t in tokens[end : end + 3]] + ["", "", ""]
    if before is not None and before.end + 1 == start and opener[0] in ("and", "to", "-") and before.days < stay.days:
        opened = before.start > 0 and tokens[before.start - 1].text in ("between", "from")
        if opened or opener[0] != "and":
            return _Bound(op=">=", low=before.days, start=before.start - opened, end=end)
    if opener[0] == "first" or stay.nth == 1:
        start -= opener[0] == "first"
        lead = [t.text for t in tokens[max(0, start - 3) : start] if t.text not in _POSSESSIVES | {"the"}]
        past = bool(lead) and lead[-1] in words_set("after past beyond outlived behind of") and lead[-1:] != ["of"]
        return _Bound(op=">=" if past else "<", start=start - (2 if past else 1), end=end)
    inside = next((i for i in range(start, end) if tokens[i].text in ("or", "and", "+")), None)
    if inside is not None and tokens[inside].text == "+":
        return _Bound(op=">=", start=start, end=end)
    aged = end + (behind[0] == "old")
    counted = aged + (aged < len(tokens) and lexicon.lists["people"].at(tokens, aged) is not None)
    for at in [aged, counted, *([inside] if inside is not None else [])]:
        words = [t.text for t in tokens[at : at + 2]] + ["", ""]
        if words[0] in ("or", "and") and words[1] in _OLDER | _YOUNGER:
            return _Bound(op=">=" if words[1] in _OLDER else "<=", start=start, end=max(end, at + 2))
    if behind[0] in words_set("upward upwards onwards plus") or (behind[0] == "up" and not behind[1][:1].isalnum()):
        return _Bound(op=">=", start=start, end=end + 1)
    if opener[0] in ("than", "to") and opener[1] in words_set("younger newer fresher"):
        return _Bound(op="<", start=start - 2, end=end)
    lately = opener[0] in ("last", "past") and opener[1] in ("the", "this")
    if opener[0] in ("after", "past", "beyond") and not stay.nth and not lately:
        return _Bound(op=">", start=start - 1, end=end)
    found = None if lately else comparison(tokens, start, end, lexicon, behind=6)
    if found is not None:
        denied = any(t.text in ("not", "no") or t.text.endswith("n't") for t in tokens[max(0, found[1] - 2) : found[1]])
        plain = denied and tokens[found[1]].text in ("older", "longer", "more")
        return _Bound(op=OPPOSITE[found[0]] if plain else found[0], start=found[1] - plain, end=found[2])
    return _unspoken(tokens, stay, opener, behind, lexicon)


def _unspoken(
    tokens: Sequence[Token], stay: _Stay, opener: Sequence[str], behind: Sequence[str], lexicon: Lexicon
) -> _Bound | None:
    """Return the bound of a stay that no comparison stands beside: "joined in the last month", "two years with us"."""
    start, end = stay.start, stay.end
    arrived = lexicon.lists["arrived"]
    near = [t for t in tokens[max(0, start - 6) : end + 2] if t.sentence == tokens[start].sentence]
    if opener[0] == "within" and {t.text for t in tokens[max(0, start - 9) : start]} & _UPGRADED:
        return None  # "premium sign-ups within two weeks" are what is measured
    if (opener[0] in ("last", "past") and opener[1] == "the") or opener[0] in ("within", "last"):
        return _Bound(op="<=", start=start, end=end) if arrived.any_in(near) else None
    if stay.nth:
        past = {*opener[:2]} & words_set("past beyond after")
        return _Bound(op=">", start=start - 2, end=end) if past and {*opener[:2]} & _POSSESSIVES else None
    around = [t for t in tokens[max(0, start - 5) : end + 4] if t.sentence == tokens[start].sentence]
    if lexicon.lists["been_there"].any_in(around) or (behind[0] == "in" and not behind[1][:1].isalnum()):
        return _Bound(op=">=", start=start, end=end, spoken=False)
    defined = opener[0] in ("(", ":", "meaning") or opener[1:2] == ["that"] or opener[0] in ("of", "say")
    if defined and lexicon.lists["fresh_users"].any_in(around):
        return _Bound(op="<=", start=start, end=end, spoken=False)
    return None


def _is_tenure(tokens: Sequence[Token], stay: _Stay, bound: _Bound, lexicon: Lexicon) -> bool:
    """Return whether a bounded span of time is how long users have been there, and no window, age or duration."""
    start, end, sentence = bound.start, bound.end, tokens[stay.start].sentence
    people = lexicon.lists["people"]
    near = [t for t in tokens[max(0, start - _NEAR_BEFORE) : end + _NEAR_AFTER] if t.sentence == sentence]
    behind = [t.text for t in tokens[end : end + 3]] + ["", "", ""]
    cued = lexicon.lists["tenure_cues"].any_in(near)
    before = {t.text for t in tokens[max(0, start - 5) : start] if t.sentence == sentence}
    if before & words_set("still stay stays remain remains") or (tokens[start].text == "over" and _is_share(before)):
        return False  # "still with us after a week", "for 1 % of users over five days"
    if behind[0] in ("later", "after", "on") and not lexicon.lists["tenure_cues"].any_in(tokens[end : end + 3]):
        return False  # "still with us a week later" is what is measured
    lead = next((i for i in range(start - 1, max(-1, start - 3), -1) if tokens[i].text not in ("of", "with", "at")), -1)
    beside = lead >= 0 and people.at(tokens, lead) is not None
    counted = (
        end < len(tokens)
        and people.at(tokens, end) is not None
        and tokens[end - 1].text in ("day", "week", "month", "year", "old")
    )
    if not (beside or counted) and _is_of_a_thing(tokens, start, lexicon):
        return False
    close = {t.text for t in tokens[max(0, start - 5) : end + 3] if t.sentence == sentence}
    first = tokens[start].text == "first" or any(t.text == "first" for t in tokens[start : stay.end])
    behind_stay = [t.text for t in tokens[stay.end : stay.end + 2]] + ["", ""]
    if first and _is_first_time(tokens, start, end, near):
        return True
    owned = stay.nth and tokens[stay.start - 1].text in _POSSESSIVES - {"a"}  # "past their thirtieth day"
    if owned or (tokens[stay.start].text == "day" and _goes_on(behind_stay[:2])):
        return True
    if close & _THINGS and not (beside or counted):
        return False
    if cued or (counted and bound.spoken):
        return True
    if lexicon.lists["arrived"].any_in(near) and any(people.at((t,), 0) for t in near):
        return True  # "anyone who arrived in the last three weeks"
    if behind[0] == "in" and (behind[1] in ("or", "and") or not behind[1][:1].isalnum()):
        return True  # "half a year in or longer"
    if any(t.text == "in" for t in tokens[stay.start : stay.end]):
        return True  # "half a year in or longer (180 days)"
    aged = bool(close & words_set("old older younger newer"))
    named = [t for t in near if t.index < end + 3]
    if aged and any(people.at((t,), 0) or t.text == "everyone" for t in named):
        return True
    fresh = lexicon.lists["fresh_users"].any_in(near) or lexicon.lists["old_users"].any_in(near)
    if fresh and (first or bound.low is not None or bound.spoken):
        return True
    plain = not behind[0][:1].isalpha() or behind[0] in ("who", "and", "with", "for", "to")
    return beside and ((plain and bound.spoken) or behind[0] == "in")


def _is_share(words: set[str]) -> bool:
    """Return whether the words before a span of time tell a share of the users."""
    return "of" in words and bool(words & words_set("% percent cent"))


def _is_first_time(tokens: Sequence[Token], start: int, end: int, near: Sequence[Token]) -> bool:
    """Return whether a first span of time is that of users: "their first week", "anybody in the first month"."""
    owner = tokens[max(0, start)].text
    if owner in _POSSESSIVES or owner.endswith("'s"):
        return True
    if {t.text for t in near} & words_set("somebody someone anyone anybody"):
        return True
    # "In the first three days ... accounts younger than that".
    return any(tokens[i].text == "than" and tokens[i + 1].text == "that" for i in range(end, len(tokens) - 1))


def _is_of_a_thing(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> bool:
    """Return whether a thing has the age: "what counts as new", "anything up to 63 days old", "records ... they've"."""
    sentence = tokens[start].sentence
    before = [t for t in tokens[max(0, start - 12) : start] if t.sentence == sentence]
    words = [t.text for t in before]
    if any(pair in (("as", "new"), ("as", "fresh"), ("called", "new")) for pair in pairwise(words)):
        return True
    if words[-1:] and words[-1] in ("anything", "something", "nothing", "everything"):
        return True
    pronoun = next((t.index for t in before[-5:] if t.text in ("they", "they've", "it", "it's", "they're")), None)
    if pronoun is None:
        return False
    spoken_of = [t for t in tokens[:pronoun] if t.sentence == sentence]
    last = next(
        (t for t in reversed(spoken_of) if t.text in _THINGS or lexicon.lists["people"].at((t,), 0) is not None), None
    )
    return last is not None and last.text in _THINGS


def _named_from(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> int:
    """Return where the name of the users begins that a bracket explains: "all but the brand-new (first 7 days)"."""
    for start_of, end_of, _ in lexicon.lists["fresh_users"].find(tokens):
        if 0 <= start - end_of <= 2 and all(not t.is_word or t.text == "their" for t in tokens[end_of:start]):
            return start_of
    return start
