"""The catalogue of a surface as a reader meets it: parameters, values and metrics by all that they are called."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token, split_words, stem_of, words_set
from counterpoint.config import Metric, Parameter, Surface
from counterpoint.vocabulary import ParameterType

Group = Literal["parameter", "metric"]
# Words of keys that say how a dial is typed, not what it is about.
_KEY_NOISE = re.compile(r"\d+d|ms|s|enabled|show|hide|p\d+|mode|days|hours|only")
# A number behind one of these is a place, and counts nothing.
_PLACED = words_set("at position place slot row rank spot number")
# What any metric can be taken per.
_NORMALISERS = words_set("user users person people listener listeners account visit week day head capita")


@dataclass(frozen=True, slots=True)
class Alias:
    """One phrase for an entry: the terms of each of its words, and how much the phrase is worth."""

    key: str
    group: Group
    words: tuple[frozenset[str], ...]
    weights: tuple[float, ...]
    worth: float
    text: str

    @property
    def mass(self) -> float:
        """Weight of the whole phrase."""
        return sum(self.weights)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Aliases of everything on a surface, found by term."""

    surface: Surface
    aliases: tuple[Alias, ...]
    by_term: Mapping[str, tuple[int, ...]]
    rarity: Mapping[str, float]
    vocabulary: frozenset[str]
    known_stems: frozenset[str]
    name_stems: frozenset[str]
    attribute_stems: frozenset[str]
    name_spellings: tuple[str, ...]
    values: Mapping[str, Mapping[str, tuple[frozenset[str], ...]]]

    def weight(self, terms: Iterable[str]) -> float:
        """Return how rare the rarest of `terms` is among the entries."""
        return max((self.rarity.get(t, 0.0) for t in terms), default=0.0)


def build_catalogue(surface: Surface, lexicon: Lexicon) -> Catalogue:
    """Return the catalogue of `surface`, with every alias split, stemmed and weighted by rarity."""
    phrases: list[tuple[str, Group, str, float]] = []
    leaves = Counter(key.rpartition(".")[2] for key in surface.parameters)
    for p in surface.parameters.values():
        phrases += [
            (p.key, "parameter", text, worth)
            for text, worth in _parameter_phrases(p, leaves[p.key.rpartition(".")[2]] > 1)
        ]
    described = [set(split_words(m.description)) for m in surface.metrics.values() if m.numerator is None]
    for m in surface.metrics.values():
        # "minutes played" alone speaks of the minutes played per user, not of a ratio that they are the numerator of.
        shared = m.numerator is not None and any(set(split_words(m.numerator)) <= words for words in described)
        phrases += [
            (m.key, "metric", text, 0.75 if shared and text == m.numerator else worth)
            for text, worth in _metric_phrases(m)
        ]
    split = [
        (key, group, text, worth, words)
        for key, group, text, worth in phrases
        for words in dict.fromkeys((_content(text, lexicon), _collapsed(text, lexicon)))
    ]
    seen: dict[str, set[str]] = {}
    for key, _, _, _, words in split:
        for terms in words:
            for term in terms:
                seen.setdefault(term, set()).add(key)
    n = len(surface.parameters) + len(surface.metrics)
    rarity = {term: math.log(1 + n / len(keys)) for term, keys in seen.items()}
    split += _head_nouns(split, seen, lexicon)
    aliases: list[Alias] = []
    by_term: dict[str, list[int]] = {}
    for key, group, text, worth, words in split:
        if not words:
            continue
        for terms in words:
            for term in terms:
                by_term.setdefault(term, []).append(len(aliases))
        weights = tuple(min((rarity[t] for t in terms if t in rarity), default=0.1) for terms in words)
        aliases.append(Alias(key, group, words, weights, worth, text))
    vocabulary = frozenset(w for _, _, text, _ in phrases for w in split_words(text) if w.isalpha())
    attributes = [f"{a.key.replace('_', ' ')} {a.description}" for a in surface.attributes.values()]
    known = vocabulary | lexicon.known_words | {w for text in attributes for w in split_words(text)}
    values = {p.key: _value_terms(p, lexicon) for p in surface.parameters.values() if p.type is ParameterType.ENUM}
    return Catalogue(
        surface,
        tuple(aliases),
        {t: tuple(sorted(set(i))) for t, i in by_term.items()},
        rarity,
        vocabulary,
        frozenset(stem_of(w, lexicon.irregular) for w in known),
        frozenset(stem_of(w, lexicon.irregular) for w in vocabulary if len(w) > 2),
        frozenset(s for text in attributes for s in lexicon.stems(text)),
        tuple(sorted(w for w in vocabulary if len(w) >= 5)),
        values,
    )


def _head_nouns(
    split: Sequence[tuple[str, Group, str, float, tuple[frozenset[str], ...]]],
    seen: Mapping[str, set[str]],
    lexicon: Lexicon,
) -> list[tuple[str, Group, str, float, tuple[frozenset[str], ...]]]:
    """Return the last noun of metrics' names of two words where no other entry has it: "starters" for its part's."""
    found: list[tuple[str, Group, str, float, tuple[frozenset[str], ...]]] = []
    for key, group, text, worth, words in split:
        noun = text.split()[-1]
        plural = noun.endswith("s") and len(noun) > 6 and noun.isalpha() and noun not in lexicon.ordinary
        if group == "metric" and worth == 1.0 and len(words) == 2 and plural and " " in text:
            stem = stem_of(noun, lexicon.irregular)
            if seen.get(stem) == {key}:
                found.append((key, group, noun, 0.9, (frozenset({stem}),)))
    return found


def _value_terms(p: Parameter, lexicon: Lexicon) -> dict[str, tuple[frozenset[str], ...]]:
    """Return the terms of each value, without concepts that values share ("small" and "large" are both sizes)."""
    terms = {v: term_sets(v.replace("_", " "), lexicon) for v in p.values}
    times = Counter(t for words in terms.values() for t in {t for w in words for t in w if t.startswith("~")})
    return {v: tuple(frozenset(t for t in w if times[t] < 2) for w in words) for v, words in terms.items()}


def term_sets(text: str, lexicon: Lexicon) -> list[frozenset[str]]:
    """Return the terms of each word of `text`: its stem, and the concepts it belongs to."""
    tokens = lexicon.read(text)
    return [t for token, t in zip(tokens, terms_of(tokens, (), lexicon), strict=True) if token.is_word]


def terms_of(tokens: Sequence[Token], quantities: Sequence[Quantity], lexicon: Lexicon) -> list[frozenset[str]]:  # noqa: PLR0912 - a grammar is a list of cases
    """Return for each token its stem and its concepts (marked "~"); numbers say which kind of dial they can turn."""
    terms: list[set[str]] = [{t.stem} if t.is_word else set() for t in tokens]
    for i in range(len(tokens)):
        for end, concept in lexicon.concepts.all_at(tokens, i):
            for j in range(i, end):
                if end - i == 1 or tokens[j].text not in lexicon.stop or j == i:
                    terms[j].add(f"~{concept}")
    for first, last, concept in lexicon.split_concepts:
        for i, t in enumerate(tokens):
            if t.stem == first:
                stop = next(
                    (
                        j
                        for j in range(i + 2, min(i + 7, len(tokens)))
                        if tokens[j].stem == last and tokens[j].clause == t.clause
                    ),
                    None,
                )
                if stop is not None:
                    terms[i].add(f"~{concept}")
    for q in quantities:
        for i in range(q.start + 1, q.end):
            terms[i].discard("~per")  # "per cent"
        if q.kind is Kind.ORDINAL:
            terms[q.start] |= {"~position"}
        elif (q.kind is Kind.NUMBER and not _is_placed(q, tokens, lexicon)) or (
            q.kind is Kind.FACTOR
            and tokens[q.start].text in ("twice", "thrice")
            and q.end < len(tokens)
            and tokens[q.end].text in ("as", "the", "its", "their", "that")
        ):
            terms[q.start] |= {"~count"}
    for t in tokens:
        if t.text in ("fewer", "more", "many", "extra", "additional"):
            terms[t.index] |= {"~count"}
        if t.text == "per" and t.index + 1 < len(tokens) and tokens[t.index + 1].text in _NORMALISERS:
            terms[t.index].discard("~per")  # "minutes per user" caps nothing
    for i, t in enumerate(tokens):
        if t.text in lexicon.stop:
            terms[i].discard(t.stem)  # a stop word counts within an idiom only
    return [frozenset(t) for t in terms]


def _is_placed(quantity: Quantity, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Return whether a number is a place: "at 5", "row 5"; not "at nine shelves"."""
    after = tokens[quantity.end] if quantity.end < len(tokens) else None
    counts = after is not None and after.is_word and after.text not in lexicon.stop
    return quantity.start > 0 and tokens[quantity.start - 1].text in _PLACED and not counts


def _content(text: str, lexicon: Lexicon) -> tuple[frozenset[str], ...]:
    tokens = lexicon.read(text)
    sets = terms_of(tokens, (), lexicon)
    count = {"number", "count", "max", "most"}
    kept = [
        (s | {"~count"}) if t.stem in count else s
        for t, s in zip(tokens, sets, strict=True)
        if t.is_word and (t.text not in lexicon.stop or t.stem in count or any(x.startswith("~") for x in s))
    ]
    return tuple(dict.fromkeys(kept))


def _collapsed(text: str, lexicon: Lexicon) -> tuple[frozenset[str], ...]:
    """Return the content of an alias, each idiom as one word: "ignored" matches "shown and not played" as a whole."""
    tokens = lexicon.read(text)
    words: list[frozenset[str]] = []
    i = 0
    while i < len(tokens):
        hits = [(end, c) for end, c in lexicon.concepts.all_at(tokens, i) if end - i > 1]
        if hits:
            end = max(e for e, _ in hits)
            words.append(frozenset(f"~{c}" for e, c in hits if e == end))
            i = end
        else:
            words += list(_content(tokens[i].text, lexicon)) if tokens[i].is_word else []
            i += 1
    return tuple(dict.fromkeys(words))


def _parameter_phrases(p: Parameter, shared_leaf: bool) -> list[tuple[str, float]]:
    namespace, _, leaf = p.key.rpartition(".")
    words = [w for w in leaf.split("_") if not _KEY_NOISE.fullmatch(w)]
    space = namespace.replace("_", " ").replace(".", " ")
    phrases = [(s, 1.0) for s in p.synonyms]
    if len(words) < 2 or shared_leaf:
        phrases.append((f"{space} {' '.join(words)}", 0.95))
    if len(words) > 1:
        phrases.append((" ".join(words), 0.9))
    if p.description:
        phrases.append((p.description, 0.8))
    return phrases


def _metric_phrases(m: Metric) -> list[tuple[str, float]]:
    words = [w for w in m.key.split("_") if w in ("hide", "show") or not _KEY_NOISE.fullmatch(w)]
    phrases = [(s, 1.0) for s in m.synonyms]
    # "Fewer fallbacks" speaks of the fallback rate.
    phrases += [(s.removesuffix(" rate"), 0.9) for s in m.synonyms if s.endswith(" rate") and s.count(" ") == 1]
    phrases.append((" ".join(words), 1.0))
    if m.description:
        phrases.append((m.description, 0.85))
    if m.numerator:
        phrases.append((m.numerator, 0.95))
    return phrases
