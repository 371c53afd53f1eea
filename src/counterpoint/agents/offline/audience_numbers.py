"""Audiences by number: tenure and counts such as sessions; hours and versions have readers of their own."""

import re
from collections.abc import Mapping, Sequence

from counterpoint.agents.offline.audience_comparison import comparison
from counterpoint.agents.offline.audience_hours import read_hours
from counterpoint.agents.offline.audience_reading import AudienceReading
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
    if "tenure" in roles:
        _read_tenure(tokens, quantities, reading, lexicon, roles["tenure"])
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


def _read_tenure(  # noqa: PLR0912 - a grammar is a list of cases
    tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, lexicon: Lexicon, key: str
) -> None:
    cues = {" ".join(w.split()) for w in lexicon.raw["audience"]["tenure_cues"]}
    strong = lexicon.lists["tenure_cues"]
    _read_span(tokens, reading, key)
    _read_first(tokens, reading, lexicon, key)
    for q in quantities:
        if q.kind is not Kind.TIME or q.value < MS_PER_DAY or key in reading.clauses:
            continue
        sentence = tokens[q.start].sentence
        if q.end < len(tokens) and tokens[q.end].text in ("later", "after", "on"):
            continue  # "still with us a week later" is what is measured
        near = [t for t in tokens[max(0, q.start - 9) : q.end + 6] if t.sentence == sentence]
        spoken = " ".join(t.text for t in near)
        joining = {t.text for t in tokens[q.end : q.end + 5] if t.sentence == tokens[q.start].sentence}
        arrived = tokens[q.start - 1].text == "first" and joining & words_set(
            "sign registration registering signing joining signup"
        )
        first = bool(arrived) or (
            q.start > 0
            and tokens[q.start - 1].text == "first"
            and q.start > 1
            and tokens[q.start - 2].text in words_set("their the his a its your")
        )
        old = any(t.text in ("old", "older", "younger") for t in tokens[q.end : q.end + 2]) or any(
            t.text in ("older", "younger", "newer") for t in tokens[max(0, q.start - 2) : q.start]
        )
        account = any(
            w in spoken.split()
            for w in words_set(
                "account accounts users user people listeners members subscribers those anyone "
                "everyone customers everybody"
            )
        )
        joined = any(
            c in spoken
            for c in cues
            if c not in ("first", "old", "young", "member", "members", "account", "accounts", "newly", "days in")
        )
        fresh = any(t.text in ("new", "newbies", "newcomers", "newly") for t in near) and account
        if not (first or joined or (old and account) or fresh) or (not strong.any_in(near) and not first and not old):
            continue
        if (
            any(
                t.text in words_set("release releases albums episodes songs music tracks history")
                for t in near
                if abs(t.index - q.start) < 5
            )
            and not first
        ):
            continue
        n = round(q.value / MS_PER_DAY)
        found = comparison(tokens, q.start, q.end, lexicon)
        if first:
            after = q.start > 2 and tokens[q.start - 3].text in ("after", "past", "beyond", "out", "outlived")
            op, start, end = (">=" if after else "<"), q.start - (3 if after else 2), q.end
        elif tokens[q.start - 1].text == "than" and tokens[q.start - 2].text in ("younger", "newer", "fresher"):
            op, start, end = "<", q.start - 2, q.end
        elif found is not None and found[0] in (">", ">=", "<", "<="):
            op, start, end = found
            if op in (">", ">=") and any(w in spoken for w in ("not older", "not more", "no older", "not longer")):
                op = "<="
        elif any(
            p in spoken
            for p in ("in the last", "within", "in the past", "during the last", "last", "newer than", "younger than")
        ):
            op, start, end = "<=", q.start, q.end
        elif any(p in spoken for p in ("with us", "been around", "been here", "been on")):
            op, start, end = ">=", q.start, q.end
        else:
            continue
        reading.clauses[key] = f"{key} {op} {n}"
        tail = end + 1 if end < len(tokens) and tokens[end].text in ("ago", "old") else end
        again = next((o for o in quantities if tail < o.start <= tail + 5 and o.kind is Kind.TIME), None)
        if again is not None and 0.9 < again.value / q.value < 1.1:
            tail = again.end  # "at least one year, i.e. 365 days"
        reading.take(tokens, start, tail)


def _read_first(tokens: Sequence[Token], reading: AudienceReading, lexicon: Lexicon, key: str) -> None:
    """Read "in the first week after sign-up": one unit of time, without a number."""
    units = lexicon.raw["numbers"]["units"]
    cues = words_set("sign signup registration registering signing joining")
    for t in tokens[:-3]:
        unit, after, cue = (k.text for k in tokens[t.index + 1 : t.index + 4])
        if t.text == "first" and unit in units and after in ("after", "since", "of", "from") and cue in cues:
            days = int(units[unit]) / MS_PER_DAY
            if days >= 1 and key not in reading.clauses:
                reading.clauses[key] = f"{key} < {round(days)}"
                end = t.index + 4 + (tokens[t.index + 4].text == "up" if t.index + 4 < len(tokens) else 0)
                reading.take(tokens, t.index, end)


def _read_span(tokens: Sequence[Token], reading: AudienceReading, key: str) -> None:
    """Read a span of days since registration: "day 31 to day 60 after registration", "30 to 90 days after joining"."""
    cues = words_set("registration registering joining signup signing sign tenure old joined registered")
    for i, t in enumerate(tokens):
        words = [k.text for k in tokens[i : i + 9]]
        if t.text in ("day", "days") and len(words) > 3 and words[1].isdecimal() and words[2] in ("to", "and", "-"):
            n = 4 if words[3] in ("day", "days") else 3
            low, high, end = words[1], words[n] if n < len(words) else "", i + n + 1
        elif t.text.isdecimal() and len(words) > 3 and words[1] in ("to", "and", "-") and words[3] in ("day", "days"):
            low, high, end = words[0], words[2], i + 4
        else:
            continue
        cue = next((k.index for k in tokens[end : end + 4] if k.text in cues and k.sentence == t.sentence), None)
        if cue is not None and high.isdecimal() and int(low) < int(high):
            reading.clauses[key] = f"{key} >= {low} && {key} <= {high}"
            reading.take(tokens, i, cue + 1)
            return


def _read_counts(
    tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, lexicon: Lexicon, key: str
) -> None:
    """Read "more than 20 sessions in the last 28 days" for an attribute such as sessions_28d."""
    parts = key.split("_")
    window = next((int(p[:-1]) for p in parts if re.fullmatch(r"\d+d", p)), None)
    nouns = {s for p in parts if not re.fullmatch(r"\d+d", p) for s in lexicon.stems(p)}
    for q in quantities:
        if q.kind not in (Kind.NUMBER, Kind.FACTOR) or q.start in reading.used:
            continue
        after = [t for t in tokens[q.end : q.end + 5] if t.sentence == tokens[q.start].sentence]
        before = [t for t in tokens[max(0, q.start - 5) : q.start] if t.clause == tokens[q.start].clause]
        noun = next((t for t in [*after[:4], *reversed(before)] if t.stem in nouns), None)
        visits = q.kind is Kind.FACTOR and any(
            t.stem in words_set("open visit use us launch com start turn show log drop return appear") for t in before
        )
        if noun is None and not visits:
            continue
        between = _range(tokens, q, quantities)
        found = comparison(tokens, q.start, q.end, lexicon)
        if found is None and between is None:
            continue
        end = max(q.end, noun.index + 1 if noun else q.end, found[2] if found else 0)
        stated = next(
            (
                w
                for w in quantities
                if w.kind is Kind.TIME
                and end <= w.start <= end + 5
                and tokens[w.start].sentence == tokens[q.start].sentence
            ),
            None,
        )
        if stated is not None:
            days = stated.value / MS_PER_DAY
            if window is not None and not (days == window or (window in (28, 30) and 28 <= days <= 31)):
                continue  # another window than the attribute's: it stays unexplained, and is asked about
            end = stated.end
        if between is not None:
            low, high, start = between
            reading.clauses[key] = f"{key} >= {low} && {key} <= {high}"
        elif found is not None:
            start = found[1]
            reading.clauses[key] = f"{key} {found[0]} {round(q.value)}"
        else:
            continue
        reading.take(tokens, start, end)
        return


def _range(tokens: Sequence[Token], q: Quantity, quantities: Sequence[Quantity]) -> tuple[int, int, int] | None:
    """Return low, high and start of "between A and B" that ends in `q`."""
    for other in quantities:
        if (
            other.end + 1 == q.start
            and tokens[other.end].text in ("and", "to", "-")
            and other.start > 0
            and (tokens[other.start - 1].text in ("between", "from") or tokens[other.end].text in ("to", "-"))
        ):
            return (
                round(other.value),
                round(q.value),
                other.start - (tokens[other.start - 1].text in ("between", "from")),
            )
    return None
