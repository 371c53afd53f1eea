"""Tokens of a hypothesis: words and numbers with their stem, sentence and clause."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"r&b|[a-z]?\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[%+\-=<>:;,.!?()/&#\n→\u00d7*'\"]")
_WORD = re.compile(r"r&b|[a-z]?\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[%+<>=#]+")
_SENTENCE_END = frozenset(".!?;\n")
_CLAUSE_END = frozenset(',:()=→"')
# "Min. effect", "max. 2 %": the dot of an abbreviation ends no sentence; after a number it is a unit, and may. A "no."
# is a number only before one.
_ABBREVIATED = re.compile(
    r"(?<!\d )(?<!\d)\b(min|max|approx|est|exp|avg|incl|excl|resp|ca|pos|sec|rel|abs|temp"
    r"|(?:no|nr)(?=\.\s*\d))\.(?=\s*[a-z\d])"
)
_DASHES = str.maketrans(
    {
        "\u2013": "-",
        "—": ";",
        "\u2212": "-",
        "\u2010": "-",
        "\u2011": "-",
        "\u2019": "'",
        "\u2018": "'",
        "“": '"',
        "”": '"',
        "\u00a0": " ",
        "\u202f": " ",
        "\u00d7": "*",
    }
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign of the text, lower-cased.

    Attributes:
        index: Position among all tokens.
        stem: The word without its ending; the text itself for numbers and signs.
        sentence: Number of its sentence.
        clause: Number of its clause, counted through the whole text.
        is_word: Letters or digits, not a sign.
    """

    index: int
    text: str
    stem: str
    sentence: int
    clause: int
    is_word: bool


def read(
    text: str, *, spelling: Mapping[str, str], irregular: Mapping[str, str], clause_words: frozenset[str]
) -> tuple[Token, ...]:
    """Return the tokens of `text`, lower-cased, with known spellings unified."""
    lowered = _ABBREVIATED.sub(r"\1 ", text.lower().translate(_DASHES))
    lowered = re.sub(r"(?<=[\d%])\s*(?:-+>|=>|→)\s*(?=[\d.])", " to ", lowered)
    lowered = re.sub(r"(?<![\w.)])\.(?=\d)", "0.", lowered)
    lowered = re.sub(r"\b(under|over)-(?=\d)", r"\1 ", lowered)
    lowered = re.sub(r"-+>|=>", " → ", lowered)
    # "paged + 2 shelves" joins; "+2 shelves" and "minutes + 2 %" move.
    lowered = re.sub(
        r"(?<=[a-z)])\s\+\s(?=\d+(?:[.,]\d+)?(?![.,]?\d)\s*(?!\s*(?:%|pp|percent|p\.p|bp|points)))", " and ", lowered
    )
    lowered = re.sub(r"\s-\s|\|", " ; ", lowered)
    lowered = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", lowered)
    for word, plain in spelling.items():
        if word in lowered:
            lowered = re.sub(rf"(?<![\w.])(?<!\d ){re.escape(word)}(?!\w)\.?", plain, lowered)
            # Behind a number it is a unit, and its dot may end the sentence.
            lowered = re.sub(rf"(?<=\d ){re.escape(word)}(?!\w)", plain, lowered)
    lowered = re.sub(r"(?<=\b[ap])\.m\.?", "m", lowered)
    tokens: list[Token] = []
    sentence = clause = 0
    for match in _TOKEN.finditer(lowered):
        word = match.group()
        is_word = word[0].isalnum()
        if word in clause_words and tokens and tokens[-1].clause == clause:
            clause += 1
        tokens.append(
            Token(len(tokens), word, stem_of(word, irregular) if is_word else word, sentence, clause, is_word)
        )
        if word in _SENTENCE_END:
            sentence += 1
            clause += 1
        elif word in _CLAUSE_END:
            clause += 1
    return tuple(tokens)


@lru_cache(maxsize=256)
def words_set(words: str) -> frozenset[str]:
    """Return the words of `words`, which spaces separate, as a set."""
    return frozenset(words.split())


def split_words(phrase: str) -> list[str]:
    """Return the words of a phrase as the reader of hypotheses splits them, hyphens apart."""
    return _WORD.findall(phrase.lower().translate(_DASHES).replace("_", " "))


def proper_names(text: str) -> frozenset[str]:
    """Return the words written with a capital inside of a sentence, lower-cased: names, most of them."""
    return frozenset(m.lower() for m in re.findall(r"(?<=[^\W\d_A-Z][ ,(/])[ ]?([A-Z][^\W\d_]{2,})", text))


def stem_of(word: str, irregular: Mapping[str, str]) -> str:
    """Return the word without plural, -ing, -ed and final e; irregular forms as given."""
    known = irregular.get(word)
    if known is not None:
        return _clipped(known)
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) <= 3 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("ves") and word[:-3].endswith(("l", "a")):
        word = word[:-3] + "f"  # shelves, halves
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and re.search("[aeiouy]", word[: -len(ending)]):
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    else:
        if word.endswith("ly") and len(word) > 5:
            word = word[:-2]
    return _clipped(word)


def _clipped(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def distance(tokens: Sequence[Token], a: tuple[int, int], b: tuple[int, int]) -> float:
    """Return how far two spans are apart: tokens between them, with a toll for clauses and sentences crossed."""
    if a[0] < b[1] and b[0] < a[1]:
        return 0.0
    left, right = (a, b) if a[0] < b[0] else (b, a)
    start, end = tokens[left[1] - 1], tokens[right[0]]
    return right[0] - left[1] + 3.0 * (end.clause - start.clause) + 10.0 * (end.sentence - start.sentence)


def words_of(tokens: Sequence[Token], start: int, end: int) -> str:
    """Return the words of a span, for quoting."""
    return " ".join(t.text for t in tokens[start:end])
