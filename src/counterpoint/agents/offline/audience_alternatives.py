"""Audiences of which either part is enough: "podcast listeners or newcomers", "premium in Spain or family in Italy"."""

from collections.abc import Sequence
from itertools import pairwise

from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, words_set

_FARTHEST = 7
"""Most words between two parts that an "or" joins: "or have been with us for under ..."."""
# Words behind "and for", "plus": they name users of their own, and so join another group.
_OWN_USERS = words_set("anyone anybody everyone everybody those users listeners people accounts anything whoever")


def join_alternatives(tokens: Sequence[Token], reading: AudienceReading, lexicon: Lexicon) -> None:
    """Join the clauses of `reading` that an "or" stands between; those of two pairs stay with their own pair."""
    if _join_pairs(tokens, reading):
        return
    spans = sorted(reading.spans, key=lambda s: s[1])
    for (one, _, end), (other, start, _) in pairwise(spans):
        apart = one == other or one not in reading.clauses or other not in reading.clauses
        if apart or any({one, other} & keys for keys, _ in reading.joined):
            continue
        single = all(sum(key == s[0] for s in spans) == 1 for key in (one, other))
        if single and _is_either(tokens, end, start, lexicon):
            keys = (one, other)
            parts = [f"({c})" if "&&" in c or "||" in c else c for c in (reading.clauses[k] for k in keys)]
            reading.joined.append((frozenset(keys), " || ".join(parts)))


def _is_either(tokens: Sequence[Token], end: int, start: int, lexicon: Lexicon) -> bool:
    """Return whether the words between two parts say that either is enough."""
    between = tokens[end:start]
    if not between or len(between) > _FARTHEST or tokens[end].sentence != tokens[start].sentence:
        return False
    people = lexicon.lists["people"]
    words = [t.text for t in between if lexicon.lists["people"].at((t,), 0) is None or t.text in _OWN_USERS]
    first = next((n for n, t in enumerate(between) if t.is_word and people.at((t,), 0) is None), len(between))
    joint = [t.text for t in between[first : first + 3]] + ["", "", ""]
    if any(t.text in "()=:/" for t in between) or "but" in words:
        return False
    if joint[0] == "or":
        return True
    own = bool(_OWN_USERS & set(words))
    return own and (joint[0] == "plus" or joint[:2] == ["and", "for"] or joint[:3] == ["as", "well", "as"])


def _join_pairs(tokens: Sequence[Token], reading: AudienceReading) -> bool:
    """Join "premium in Germany or family in Austria": four names, two of each attribute, each beside its own."""
    names = sorted(reading.named, key=lambda n: n[1])
    if len(names) != 4 or len({n[0] for n in names}) != 2:
        return False
    (a, b), (c, d) = names[:2], names[2:]
    crossed = (a[0], b[0]) == (c[0], d[0]) and a[3] != c[3] and b[3] != d[3]
    beside = all(
        0 < y[1] - x[2] <= 2 and tokens[x[2]].text in ("in", "on", "with", "from") for x, y in ((a, b), (c, d))
    )
    joint = [t.text for t in tokens[b[2] : c[1]]]
    if not (crossed and beside and 0 < len(joint) <= 3 and set(joint) & {"or", "and", "plus"}):
        return False
    if any(sum(n[0] == key for n in reading.spans) != 2 for key in (a[0], b[0])):
        return False
    pairs = [
        " && ".join(f"{k} in [{', '.join(_quoted(v) for v in vs)}]" for k, _, _, vs in p) for p in ((a, b), (c, d))
    ]
    reading.joined.append((frozenset({a[0], b[0]}), " || ".join(f"({p})" for p in pairs)))
    return True


def _quoted(value: str) -> str:
    return f'"{value}"'
