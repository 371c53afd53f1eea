"""Audiences by number: tenure, sessions, hours of the day and client versions, with their comparison."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import MS_PER_DAY, Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Surface
from counterpoint.vocabulary import AttributeType

_VERSION = re.compile(r"\d+(\.\d+){0,2}")


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
        _read_hours(tokens, quantities, reading, roles["hour"])
    if "version" in roles:
        _read_versions(tokens, reading, lexicon, roles["version"])
    special = set(roles.values())
    for attribute in surface.attributes.values():
        if (
            attribute.type in (AttributeType.INT, AttributeType.FLOAT)
            and attribute.key not in special
            and not attribute.sensitive
        ):
            _read_counts(tokens, quantities, reading, lexicon, attribute.key)


def comparison(
    tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, reach: int = 4
) -> tuple[str, int, int] | None:
    """Return the comparison nearest to a number, with the span it stretches over, or None when there is none."""
    best: tuple[float, str, int, int] | None = None
    for op in (">", ">=", "<", "<="):
        phrases = lexicon.lists[f"cmp{op}"]
        for i in range(max(0, start - reach), min(len(tokens), end + 3)):
            for stop, _ in phrases.all_at(tokens, i):
                if (stop <= start or i >= end) and tokens[i].sentence == tokens[start].sentence:
                    gap = start - stop if stop <= start else i - end
                    if stop > start and tokens[i].text not in words_set("or and + plus onwards upwards on"):
                        continue
                    # A longer phrase says more: "no more than" beats "more than".
                    rank = gap - 1.5 * (stop - i)
                    if best is None or rank < best[0]:
                        best = (rank, op, min(i, start), max(stop, end))
    return (best[1], best[2], best[3]) if best else None


def _read_tenure(
    tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, lexicon: Lexicon, key: str
) -> None:
    cues = {" ".join(w.split()) for w in lexicon.raw["audience"]["tenure_cues"]}
    strong = lexicon.lists["tenure_cues"]
    for q in quantities:
        if q.kind is not Kind.TIME or q.value < MS_PER_DAY or key in reading.clauses:
            continue
        sentence = tokens[q.start].sentence
        near = [t for t in tokens[max(0, q.start - 9) : q.end + 6] if t.sentence == sentence]
        spoken = " ".join(t.text for t in near)
        first = (
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
            t.stem in words_set("open visit use us launch com start") for t in before
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


def _read_hours(tokens: Sequence[Token], quantities: Sequence[Quantity], reading: AudienceReading, key: str) -> None:  # noqa: PLR0912 - a grammar is a list of cases
    marks: list[tuple[int, int, int, bool]] = []  # hour, start, end, whether its half of the day was said
    for i, token in enumerate(tokens):
        if token.text in ("midnight", "noon") and token.is_word:
            marks.append((0 if token.text == "midnight" else 12, i, i + 1, True))
    for q in quantities:
        if (
            q.kind not in (Kind.NUMBER, Kind.TIME)
            or not float(q.bare).is_integer()
            or not 0 <= q.bare <= 24
            or (q.kind is Kind.TIME and q.unit != "h")
        ):
            continue
        hour, end, said = int(q.bare), q.end, q.kind is Kind.TIME
        if end + 1 < len(tokens) and tokens[end].text == ":" and tokens[end + 1].text == "00":
            end, said = end + 2, True
        if end + 1 < len(tokens) and tokens[end].text == "o'clock":
            end, said = end + 1, True
        rest = [t.text for t in tokens[end : end + 3]]
        if rest[:1] == ["am"] or rest == ["in", "the", "morning"]:
            hour, end, said = hour % 12, end + (1 if rest[0] == "am" else 3), True
        elif (
            rest[:1] == ["pm"]
            or (rest[:2] == ["in", "the"] and rest[2:] in (["evening"], ["afternoon"]))
            or rest[:2] == ["at", "night"]
        ):
            hour, end, said = (
                hour % 12 + 12 if hour <= 12 else hour,
                end + (1 if rest[0] == "pm" else 2 if rest[0] == "at" else 3),
                True,
            )
        marks.append((hour, q.start, end, said))
    marks.sort(key=lambda m: m[1])
    for a, b in pairwise(marks):
        joined = [t.text for t in tokens[a[2] : b[1]]]
        opener = tokens[a[1] - 1].text if a[1] else ""
        if (
            joined in (["and"], ["to"], ["-"], ["until"], ["till"])
            and (opener in ("between", "from") or joined != ["and"])
            and (a[3] or b[3])
        ):
            low, high = a[0], b[0]
            # "from 6 to 9 in the evening": the half of the day counts for both; "10 am to 2 pm" says both.
            if not a[3] and b[0] >= 12 and low < 12 and low + 12 < b[0] + (b[0] == 12) * 12:
                low += 12
            start = a[1] - 1 if opener in ("between", "from") else a[1]
            both = f"{key} >= {low} && {key} < {high}"
            reading.clauses[key] = both if low < high else f"{key} >= {low} || {key} < {high}"
            reading.take(tokens, start, b[2])
            return
    for hour, start, end, said in marks:
        opener = tokens[start - 1].text if start else ""
        prior = opener == "to" and start > 1 and tokens[start - 2].text == "prior"
        opener = "before" if prior else opener
        if not said or opener not in words_set("after before from since until till past by"):
            continue
        late = opener in ("after", "from", "since", "past")
        tail = end + 1 if end < len(tokens) and tokens[end].text in ("on", "onwards") else end
        reading.clauses[key] = f"{key} >= {hour}" if late else f"{key} < {hour}"
        reading.take(tokens, start - 1 - prior, tail)
        return


def _read_versions(tokens: Sequence[Token], reading: AudienceReading, lexicon: Lexicon, key: str) -> None:
    for i, token in enumerate(tokens):
        if not _VERSION.fullmatch(token.text) or i in reading.used:
            continue
        near = [t.text for t in tokens[max(0, i - 5) : i + 4] if t.sentence == token.sentence]
        if not words_set("version versions build builds client clients") & set(near) and not (
            "." in token.text and {"app", "ios", "android", "apps"} & set(near)
        ):
            continue
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if following in ("%", "pp", "percent"):
            continue
        found = comparison(tokens, i, i + 1, lexicon)
        if found is None:
            continue
        parts = [*token.text.split("."), "0", "0"][:3]
        reading.clauses[key] = f'{key} {found[0]} "{".".join(parts)}"'
        start = found[1] - 1 if found[1] and tokens[found[1] - 1].text in ("version", "app", "versions") else found[1]
        reading.take(tokens, start, found[2])
        return
