"""Audiences by number: tenure and counts such as sessions; hours and versions have readers of their own."""

import re
from collections.abc import Mapping, Sequence

from counterpoint.agents.offline.audience_comparison import OPPOSITE, comparison, left_out
from counterpoint.agents.offline.audience_hours import read_hours
from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.audience_tenure import read_tenure
from counterpoint.agents.offline.audience_versions import read_versions
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import MS_PER_DAY, Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Surface
from counterpoint.vocabulary import AttributeType


def read_numbers(
    tokens: Sequence[Token],
    quantities: Sequence[Quantity],
    reading: AudienceReading,
    surface: Surface,
    lexicon: Lexicon,
    roles: Mapping[str, str],
) -> None:
    """Read every audience that a number defines."""
    if "hour" in roles:
        read_hours(tokens, quantities, reading, lexicon, roles["hour"])
    if "version" in roles:
        read_versions(tokens, reading, lexicon, roles["version"])
    special = set(roles.values())
    for attribute in surface.attributes.values():
        if (
            attribute.type in (AttributeType.INT, AttributeType.FLOAT)
            and attribute.key not in special
            and not attribute.sensitive
        ):
            _read_counts(tokens, quantities, reading, lexicon, attribute.key)
    if "tenure" in roles:  # behind the counts, whose windows are spans of time as well
        read_tenure(tokens, quantities, reading, lexicon, roles["tenure"])


def _read_counts(
    tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, lexicon: Lexicon, key: str
) -> None:
    """Read "more than 20 sessions in the last 28 days" for an attribute such as sessions_28d."""
    parts = key.split("_")
    window = next((int(p[:-1]) for p in parts if re.fullmatch(r"\d+d", p)), None)
    nouns = {s for p in parts if not re.fullmatch(r"\d+d", p) for s in lexicon.stems(p)}
    nouns |= {
        s for n in nouns for word in lexicon.raw["audience"]["count_nouns"].get(n, ()) for s in lexicon.stems(word)
    }
    nones = [t.index for t in tokens if window is not None and t.stem in nouns and t.index not in reading.used]
    if window is not None and any(_read_none(tokens, quantities, reading, key, window, noun) for noun in nones):
        return
    rated: set[int] = set()  # sentences that count how often users come
    for q in quantities:
        if q.kind not in (Kind.NUMBER, Kind.FACTOR, Kind.ORDINAL) or q.start in reading.used or q.sign:
            continue
        noun = _counted(tokens, q, nouns)
        if noun is None and q.kind is Kind.FACTOR and tokens[q.start].sentence in rated:
            noun = q.start  # "more than once a day, say above 28 times in 28 days"
        if noun is None:
            continue
        rated.add(tokens[q.start].sentence)
        between = _range(tokens, q, quantities)
        end = max(q.end, noun + 1)
        stated = _window(tokens, quantities, q, end)
        if stated is not None:
            days = stated.value / MS_PER_DAY
            if window is not None and not (days == window or (window in (28, 30) and 28 <= days <= 31)):
                continue  # another window than the attribute's: it stays unexplained, and is asked about
            end = max(end, stated.end)
        found = comparison(tokens, q.start, q.end, lexicon)
        if found is None and stated is not None:
            found = comparison(tokens, q.start, end, lexicon)  # "28 sessions in 28 days or more"
        if found is None and stated is not None and _restates(tokens, q):
            found = (">=", q.start, end)
        if between is not None:
            low, high, start = between
            clause = f"{key} >= {low} && {key} <= {high}"
            out = left_out(tokens, start, end, lexicon, reading.used)
            clause = f"!({clause})" if out else clause
        elif found is not None:
            start, end = min(found[1], q.start), max(end, found[2])
            out = left_out(tokens, start, end, lexicon, reading.used)
            clause = f"{key} {OPPOSITE[found[0]] if out else found[0]} {round(q.value)}"
        else:
            continue
        reading.clauses[key] = clause
        reading.say(key, tokens, start, end)
        return


def _read_none(
    tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, key: str, window: int, noun: int
) -> bool:
    """Read "no session in 28 days" and say whether it stands there; `noun` is where what is counted does."""
    before = [t.text for t in tokens[max(0, noun - 3) : noun]]
    denied = before[-1:] in (["no"], ["zero"], ["without"]) or before[-2:] == ["without", "any"]
    denied = denied or before[-3:] == ["not", "a", "single"] or before[-2:] == ["without", "a"]
    stated = next((w for w in quantities if w.kind is Kind.TIME and noun < w.start <= noun + 5), None)
    if not denied or stated is None or tokens[stated.start].sentence != tokens[noun].sentence:
        return False
    days = stated.value / MS_PER_DAY
    if not (days == window or (window in (28, 30) and 28 <= days <= 31)):
        return False
    start = next(i for i in range(noun - 1, -1, -1) if tokens[i].text in ("no", "zero", "without", "not"))
    reading.clauses[key] = f"{key} == 0"
    reading.say(key, tokens, start, stated.end)
    return True


def _counted(tokens: Sequence[Token], q: Quantity, nouns: set[str]) -> int | None:
    """Return where the noun stands that a number counts; itself for "they open us twice a week"."""
    after = [t for t in tokens[q.end : q.end + 4] if t.sentence == tokens[q.start].sentence]
    before = [t for t in tokens[max(0, q.start - 10) : q.start] if t.clause == tokens[q.start].clause]
    noun = next((t.index for t in after if t.stem in nouns), None)
    if noun is None and q.kind is not Kind.ORDINAL:
        rates = ("per", "a", "each", "every")
        back = [
            t
            for t in before
            if t.stem in nouns
            and t.index
            and (tokens[t.index - 1].text not in rates or tokens[t.index + 1].text in ("count", "counts", "number"))
        ]
        linked = words_set(
            "count counts number last past days weeks of in the at least most number 28 four 30 is are between "
            "and from to or"
        )
        between = tokens[back[-1].index + 1 : q.start] if back else ()
        near = bool(back) and (
            q.start - back[-1].index <= 5 or all(t.text in linked or t.text.isdecimal() for t in between)
        )
        noun = q.start if near else None
    visited = words_set("open visit use us launch com start turn show log drop return appear")
    been = [t.text for t in before[-8:] if t.text in ("been", "app", "us", "here")]
    if noun is None and q.kind is Kind.FACTOR and (any(t.stem in visited for t in before[-5:]) or len(been) > 1):
        noun = q.start
    if noun is not None and q.kind is Kind.ORDINAL:
        return noun if {t.text for t in before[-3:]} & words_set("their his her on past beyond") else None
    return noun


def _window(tokens: Sequence[Token], quantities: Sequence[Quantity], q: Quantity, end: int) -> Quantity | None:
    """Return the span of time that a count is over: the next one in the sentence, or "a month" right behind it."""
    sentence = tokens[q.start].sentence
    return next(
        (
            w
            for w in quantities
            if w.kind is Kind.TIME and end <= w.start <= end + 5 and tokens[w.start].sentence == sentence
        ),
        None,
    )


def _restates(tokens: Sequence[Token], q: Quantity) -> bool:
    """Return whether a count spells out how often: "at least once a day on average (28 sessions in 28 days)"."""
    sentence = [t.text for t in tokens[: q.start] if t.sentence == tokens[q.start].sentence]
    often = {"at", "least"} <= set(sentence) or bool({"daily"} & set(sentence))
    return often and tokens[q.start - 1].text in ("(", "say", ",", "is")


def _range(tokens: Sequence[Token], q: Quantity, quantities: Sequence[Quantity]) -> tuple[int, int, int] | None:
    """Return low, high and start of "between A and B", or of "one or two", that ends in `q`."""
    for other in quantities:
        if other.end + 1 == q.start and tokens[other.end].text == "or" and other.value + 1 == q.value:
            return round(other.value), round(q.value), other.start
        if (
            other.end + 1 == q.start
            and tokens[other.end].text in ("and", "to", "-")
            and (tokens[max(0, other.start - 1)].text in ("between", "from") or tokens[other.end].text in ("to", "-"))
        ):
            return (
                round(other.value),
                round(q.value),
                other.start - (tokens[max(0, other.start - 1)].text in ("between", "from")),
            )
    return None
