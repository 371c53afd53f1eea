"""Spelling: typing errors mended and compounds taken apart, towards words that the surface or the grammar knows."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from counterpoint.agents.offline.catalogue import Catalogue
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, stem_of
from counterpoint.config import Surface

_LONG = 9
"""Letters from which two slips of the hand are forgiven."""


def keys_apart(text: str, surface: Surface) -> str:
    """Return the text with keys of the catalogue as words: the dot of "ranking.exploration_rate" ends no sentence."""
    for key in sorted(surface.parameters, key=len, reverse=True):
        if "." in key and key in text:
            text = re.sub(rf"(?<![\w.]){re.escape(key)}(?!\w)", key.replace(".", " ").replace("_", " "), text)
    # "jbi" for jump back in: the initials of a part with three words or more.
    for space in {key.partition(".")[0] for key in surface.parameters}:
        words = space.split("_")
        if len(words) > 2:
            text = re.sub(rf"(?<!\w){''.join(w[0] for w in words)}(?!\w)", " ".join(words), text, flags=re.IGNORECASE)
    return text


def apart(text: str, catalogue: Catalogue, lexicon: Lexicon) -> str:
    """Return the text with unknown compounds of two known words written apart: "progressbar", "sessionlength"."""

    def split(match: re.Match[str]) -> str:
        word = match.group().lower()
        if word in lexicon.known_words or word in catalogue.vocabulary:
            return match.group()
        if stem_of(word, lexicon.irregular) in catalogue.known_stems:
            return match.group()
        for at in range(4, len(word) - 3):
            parts = word[:at], word[at:]
            if all(stem_of(p, lexicon.irregular) in catalogue.name_stems for p in parts):
                return " ".join(parts)
        return match.group()

    return re.sub(r"[^\W\d_]{8,}", split, text)


def corrected(tokens: Sequence[Token], catalogue: Catalogue, lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens with typing errors mended, where one slip of the hand makes a word that is known."""
    return tuple(_mended(t, catalogue, lexicon) for t in tokens)


def _mended(token: Token, catalogue: Catalogue, lexicon: Lexicon) -> Token:
    word = token.text
    if len(word) < 5 or not word.isalpha() or token.stem in catalogue.known_stems or word in lexicon.known_words:
        return token
    cutoff = 1 if len(word) < _LONG else 2
    for candidates, trusts_letters in ((catalogue.name_spellings, True), (lexicon.spellings, False)):
        # Two letters off, a word of the grammar is another form of itself more often than a slip ("additions").
        limit = cutoff if trusts_letters else 1
        hit = process.extractOne(word, candidates, scorer=OSA.distance, score_cutoff=limit)
        if hit is None or hit[0][0] != word[0] or abs(len(hit[0]) - len(word)) > 1:
            continue
        # One letter for another makes real words of real words ("chance", "change"); a slip doubles, drops or swaps.
        if trusts_letters or len(word) >= _LONG or len(hit[0]) != len(word) or sorted(hit[0]) == sorted(word):
            return replace(token, text=hit[0], stem=stem_of(hit[0], lexicon.irregular))
    return token
