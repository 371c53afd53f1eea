"""Quotations: whether the words that a model claims to have read are in the hypothesis, and say the number it read."""

import re
import unicodedata
from dataclasses import dataclass

from counterpoint.agents.offline.gazetteer import spelled_out
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import MS_PER_DAY, find_quantities

_APART = re.compile(r"\s*(?:;|\.{3}|…|\|)\s*")
_EDGES = " \t\"'«».,:()[]"
_SIGNS = str.maketrans(
    dict.fromkeys("\u2018\u2019", "'") | dict.fromkeys("\u201c\u201d", '"') | dict.fromkeys("\u2013\u2014\u2212", "-")
)
_PAST_NOON = re.compile(r"(?<!\w)(?:pm|p\.m|evening|afternoon|night|tonight)(?!\w)")
_NUMBER = re.compile(r"(?<![\w.\"'])\d+(?:\.\d+)?(?![\w.\"'])")


@dataclass(frozen=True, slots=True)
class Text:
    """A hypothesis to quote from."""

    plain: str
    lexicon: Lexicon

    @classmethod
    def of(cls, text: str, lexicon: Lexicon) -> "Text":
        """Return a hypothesis ready to be quoted from: spelling of spaces, quotes and capitals apart."""
        return cls(_plain(text), lexicon)

    def says(self, quotation: str) -> bool:
        """Return whether every part of a quotation is in the text, whole words, with content among them."""
        parts = [p for p in (_plain(each) for each in _APART.split(quotation)) if p]
        if not parts or not all(re.search(rf"(?<!\w){re.escape(p)}(?!\w)", self.plain) for p in parts):
            return False
        return any(t.is_word and t.text not in self.lexicon.stop for p in parts for t in self.lexicon.read(p))

    def unquoted(self, quotations: list[str]) -> tuple[str, ...]:
        """Return the words with content that no quotation covers, in order, each once."""
        quoted = {t.stem for q in quotations for t in self.lexicon.read(q)}
        tokens = self.lexicon.read(self.plain)
        left = [t.text for t in tokens if t.is_word and t.text not in self.lexicon.stop and t.stem not in quoted]
        return tuple(dict.fromkeys(left))


def reads_number(quotation: str, number: float, lexicon: Lexicon) -> bool:
    """Return whether a quotation says `number`: as written, as a share ("a tenth"), or as a time in days."""
    past_noon = 12 if _PAST_NOON.search(_plain(quotation)) else 0
    for q in find_quantities(lexicon.read(spelled_out(quotation, lexicon)), lexicon):
        said = {q.value, q.bare, q.value / MS_PER_DAY, q.value - 1, q.value + past_noon}
        if any(abs(abs(each) - abs(number)) <= 1e-6 + 1e-6 * abs(number) for each in said):
            return True
    return False


def unread_numbers(quotation: str, expression: str, lexicon: Lexicon) -> list[str]:
    """Return the numbers of an audience that its quotation does not say; "over 20" may read as >= 21."""
    numbers = _NUMBER.findall(re.sub(r"\"[^\"]*\"|'[^']*'", "", expression))
    return [n for n in numbers if not any(reads_number(quotation, float(n) + d, lexicon) for d in (0, -1, 1))]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.translate(_SIGNS).split()).strip(_EDGES)
