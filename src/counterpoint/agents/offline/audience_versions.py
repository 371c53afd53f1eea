"""Audiences by the version of the client: "before version 9.0.0", "clients older than 9", "since 9.2"."""

import re
from collections.abc import Sequence

from counterpoint.agents.offline.audience_comparison import OPPOSITE, comparison, left_out
from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, words_set

_VERSION = re.compile(r"v?\d+(\.\d+){0,2}")
_CUES = words_set("version versions build builds client clients updated upgraded update")
# What a number with a point counts instead: "no more than 0.2 s later".
_UNITS = words_set("% pp percent points point s sec seconds second ms min minutes minute times x")
# Comparisons of age, of which a lower number is the older one.
_AGES = {
    "older": "<",
    "earlier": "<",
    "pre": "<",
    "newer": ">",
    "later": ">",
    "fresher": ">",
    "post": ">",
    "past": ">",
    "behind": "<",
}


def read_versions(
    tokens: Sequence[Token],
    reading: AudienceReading,
    lexicon: Lexicon,
    key: str,
) -> None:
    """Read the versions of the client that a text asks for."""
    numbers = [t.index for t in tokens if _VERSION.fullmatch(t.text) and t.index not in reading.used]
    for i in numbers:
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if [t.text for t in tokens[i + 1 : i + 3]] == [".", "x"] and _CUES & {t.text for t in tokens[i - 4 : i + 5]}:
            major = int(tokens[i].text.split(".")[0])
            reading.clauses[key] = f'{key} >= "{major}.0.0" && {key} < "{major + 1}.0.0"'
            reading.say(key, tokens, i, i + 3)
            return
        near = {
            t.text
            for t in tokens[max(0, i - 7 if "." in tokens[i].text else i - 5) : i + 6]
            if t.sentence == tokens[i].sentence
        }
        dotted = "." in tokens[i].text
        aged = _aged(tokens, i)
        cued = (
            bool(_CUES & near)
            or (tokens[i].text.startswith("v") and tokens[i - 1].text != "since")
            or (aged is not None and tokens[i - 1].text in ("release", "v"))
            or tokens[i].text.count(".") > 1
            or (dotted and bool({"app", "ios", "android", "apps"} & near))
            or (dotted and i > 0 and tokens[i - 1].text in ("release", "releases"))
        )
        if _is_told(tokens, i) or following in _UNITS or not (cued or (dotted and aged is not None)):
            continue
        if (span := _spanned(tokens, i, numbers)) is not None:
            upper, last = span
            reading.clauses[key] = f'{key} >= "{_full(tokens[i].text)}" && {key} {upper} "{_full(tokens[last].text)}"'
            reading.say(key, tokens, i - 1, last + 1)
            return
        found = aged or comparison(tokens, i, i + 1, lexicon, behind=6) or _pointed(tokens, i)
        if found is None:
            continue
        op, start, end = found
        negated = any(t.text == "not" or t.text.endswith("n't") for t in tokens[max(0, start - 3) : start])
        op = OPPOSITE[op] if negated or left_out(tokens, start, end, lexicon, reading.used) else op
        reading.clauses[key] = f'{key} {op} "{_full(tokens[i].text)}"'
        named = start > 1 and tokens[start - 2].text in ("desktop", "web", "mac", "windows", "mobile", "phone")
        start -= bool(start and tokens[start - 1].text in ("version", "app", "versions") and not named)
        reading.say(key, tokens, start, end)
        return


def _is_told(tokens: Sequence[Token], i: int) -> bool:
    """Return whether a version only dates something: "since version 8 they look small"."""
    before = [t.text for t in tokens[max(0, i - 2) : i]]
    behind = tokens[i + 1].text if i + 1 < len(tokens) else ""
    return "since" in before and behind in words_set("they it we nobody everyone people things the our cards this")


def _spanned(tokens: Sequence[Token], i: int, numbers: Sequence[int]) -> tuple[str, int] | None:
    """Return how a range of versions ends, and where: "between 8 and 9", "11.2 up to but not including 12"."""
    last = next((j for j in numbers if i < j <= i + 7 and tokens[j].sentence == tokens[i].sentence), None)
    joint = " ".join(t.text for t in tokens[i + 1 : last]) if last is not None else ""
    if joint in ("and", "to", "-"):
        opened = {tokens[i - 1].text, tokens[i - 2].text} & {"between", "from", "versions"}
        return ("<=", last) if last is not None and opened else None
    if (
        last is not None
        and joint.startswith(("up to", "to", "until"))
        and joint.endswith(("not including", "before", "excluding"))
    ):
        return "<", last
    return ("<=", last) if last is not None and joint in ("up to", "through to", "through", "until", "till") else None


def _pointed(tokens: Sequence[Token], i: int) -> tuple[str, int, int] | None:
    """Return a comparison that points back at a version: "client 9.4 can. So from that version on"."""
    later = (t.index for t in tokens[i + 1 : -2] if t.text in ("from", "since"))
    return next(
        ((">=", i, i + 1) for j in later if [t.text for t in tokens[j + 1 : j + 3]] == ["that", "version"]), None
    )


def _aged(tokens: Sequence[Token], i: int) -> tuple[str, int, int] | None:
    """Return a comparison by age before a version, or one of time that stands right before it: "since 9.2"."""
    before = [t.text for t in tokens[max(0, i - 4) : i]]
    plain = [w for w in before if w not in ("version", "versions", "the", "app", "build", "release", "v")]
    start = i - (before[::-1].index(plain[-1]) + 1) if plain else i
    if plain[-2:-1] and plain[-1] in ("than", "to", "-") and plain[-2] in _AGES:
        return _AGES[plain[-2]], start - 1, i + 1
    if plain[-3:] == ["not", "yet", "on"]:
        return "<", start - 2, i + 1
    if plain and plain[-1] in ("pre", "post", "past", "behind", "before"):
        return _AGES.get(plain[-1], "<"), start, i + 1
    if plain and plain[-1] in ("since", "from"):
        after = " ".join(t.text for t in tokens[i + 1 : i + 3])
        onwards = 1 if after.split()[:1] in (["on"], ["onwards"], ["upwards"]) else 0
        tail = i + 1 + (2 if after in ("and up", "and later", "and newer") else onwards)
        settled = plain[-1] == "since" or tail > i + 1
        return (">=", start, tail) if settled else None
    return None


def _full(version: str) -> str:
    return ".".join([*version.removeprefix("v").split("."), "0", "0"][:3])
