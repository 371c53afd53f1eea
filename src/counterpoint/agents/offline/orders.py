"""Orders: words in a hypothesis that try to steer the platform itself, whatever disguise they come in.

A hypothesis is data, so none of these could do anything. They are refused all the same: who writes them expects
something of the experiment that it will not be.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from counterpoint.agents.offline.lexicon import Lexicon

_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_] ){3,}[^\W\d_](?!\w)")
_DISGUISED = re.compile(r"(?<!\w)(?=\w*[^\W\d_])(?=\w*[0134578@$])[\w@$]{4,}(?!\w)")
_LETTERS: tuple[Mapping[int, str], ...] = tuple(
    str.maketrans({"0": "o", "1": one, "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s"})
    for one in "il"
)


def unsafe_words(text: str, lexicon: Lexicon) -> str | None:
    """Return the words that try to order the platform about, or None."""
    grammar = lexicon.raw["grammar"]
    patterns = _compiled(tuple(grammar["unsafe"]), "|".join(grammar["governance"]))
    for reading in _readings(text):
        for pattern in patterns:
            if (match := pattern.search(reading)) is not None:
                return match.group().strip()
    return None


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[str, ...], governance: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(p.replace("GOVERNANCE", f"(?:{governance})")) for p in patterns)


def _readings(text: str) -> list[str]:
    """Return the text as a person would read it: one width, nothing invisible, letters together, digits as letters."""
    seen = unicodedata.normalize("NFKC", text)
    seen = "".join(c for c in seen if unicodedata.category(c) != "Cf").lower().replace("\u2019", "'")
    plain = re.sub(r"\s+", " ", seen)
    # Words whose letters are set apart are set apart from each other by more than one space.
    spaced = re.sub(r"\s+", " ", _SPACED.sub(lambda m: m.group().replace(" ", ""), seen))
    # mypy does not infer a lambda's default argument.
    disguised = [_DISGUISED.sub(lambda m, t=table: m.group().translate(t), plain) for table in _LETTERS]  # type: ignore[misc]  # bound by default
    mixed = [_DISGUISED.sub(lambda m: _nearest(m.group()), plain)]
    return list(dict.fromkeys([plain, spaced, *disguised, *mixed]))


def _nearest(word: str) -> str:
    # A leading or trailing one is an i, one inside stands for an l more often.
    head, tail = word[:1].translate(_LETTERS[0]), word[1:].translate(_LETTERS[1])
    return head + tail
