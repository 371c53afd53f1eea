"""What the offline planner knows of language: the package's YAML files, and what a surface owner adds to them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from counterpoint.agents.offline.associations import Associations, default_associations, load_associations
from counterpoint.agents.offline.text import Token, read, split_words, stem_of
from counterpoint.errors import InvalidInput

FILES = (
    "numbers",
    "grammar",
    "audience",
    "places",
    "surfaces",
    "measurables",
    "thesaurus",
    "ordinary",
    "outcomes",
    "paraphrases",
)


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases by their first word, the longest first; payloads are whatever the phrase stands for."""

    by_first: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    stemmed: bool = False

    def at(self, tokens: Sequence[Token], i: int) -> tuple[int, str] | None:
        """Return the end and the payload of the longest phrase that starts at token `i`, or None."""
        word = tokens[i].stem if self.stemmed else tokens[i].text
        for words, payload in self.by_first.get(word, ()):
            end = i + len(words)
            if end <= len(tokens) and all(
                (t.stem if self.stemmed else t.text) == w for t, w in zip(tokens[i:end], words, strict=True)
            ):
                return end, payload
        return None

    def all_at(self, tokens: Sequence[Token], i: int) -> Iterator[tuple[int, str]]:
        """Yield end and payload of every phrase that starts at token `i`."""
        word = tokens[i].stem if self.stemmed else tokens[i].text
        for words, payload in self.by_first.get(word, ()):
            end = i + len(words)
            if end <= len(tokens) and all(
                (t.stem if self.stemmed else t.text) == w for t, w in zip(tokens[i:end], words, strict=True)
            ):
                yield end, payload

    def find(self, tokens: Sequence[Token]) -> list[tuple[int, int, str]]:
        """Return start, end and payload of the phrases in `tokens`, left to right, not overlapping."""
        found: list[tuple[int, int, str]] = []
        i = 0
        while i < len(tokens):
            hit = self.at(tokens, i)
            if hit is None:
                i += 1
            else:
                found.append((i, hit[0], hit[1]))
                i = hit[0]
        return found

    def any_in(self, tokens: Sequence[Token]) -> bool:
        """Return whether any phrase occurs in `tokens`."""
        return any(self.at(tokens, i) is not None for i in range(len(tokens)))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The language data, parsed once: word lists by name, phrases by name, and the thesaurus.

    Attributes:
        jargon: Stems of words that an extension of the thesaurus taught -> the words they stand for.
    """

    raw: Mapping[str, Any]
    spelling: Mapping[str, str]
    irregular: Mapping[str, str]
    clause_words: frozenset[str]
    stop: frozenset[str]
    lists: Mapping[str, Phrases]
    concepts: Phrases
    split_concepts: tuple[tuple[str, str, str], ...]
    known_words: frozenset[str]
    ordinary: frozenset[str]
    spellings: tuple[str, ...]
    learned: tuple[Associations, ...] = ()
    jargon: Mapping[str, str] = field(default_factory=dict)

    def read(self, text: str) -> tuple[Token, ...]:
        """Return the tokens of `text`, with spelling, stems, sentences and clauses."""
        return read(text, spelling=self.spelling, irregular=self.irregular, clause_words=self.clause_words)

    def stems(self, phrase: str) -> tuple[str, ...]:
        """Return the stems of the words of `phrase`."""
        return tuple(stem_of(w, self.irregular) for w in split_words(phrase))

    def likely(self, group: str, tokens: Sequence[Token], among: Iterable[str]) -> tuple[tuple[str, float], ...]:
        """Return which keys of `among` the words suggest, with their log-odds, the likeliest first.

        A surface owner's own associations come before the package's; empty where neither knows one of the keys.
        """
        keys = tuple(among)
        return next((found for each in self.learned if (found := each.likely(group, tokens, keys))), ())

    def has(self, name: str, tokens: Sequence[Token]) -> bool:
        """Return whether a phrase of the list `name` occurs in `tokens`."""
        return self.lists[name].any_in(tokens)


def load_lexicon(*extensions: str, learned: Sequence[str] = ()) -> Lexicon:
    """Return the language data of the package, extended by YAML texts of the same shape.

    Args:
        extensions: YAML mappings; lists are appended to, mappings are merged, e.g. `thesaurus: {shelf: [swimlane]}`.
        learned: Associations of a surface owner's own, as `counterpoint learn` writes them.

    Raises:
        InvalidInput: `lexicon_unreadable` when an extension is not a mapping of the known files;
            `associations_unreadable`.
    """
    raw: dict[str, Any] = {name: _load(name) for name in FILES}
    taught: dict[str, str] = {}
    for text in extensions:
        # BaseLoader, here and below: every scalar stays a word, so that "no" and "on" are not booleans.
        try:
            extra = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader builds strings only
        except (yaml.YAMLError, ValueError, RecursionError):
            extra = None
        if not isinstance(extra, dict) or set(extra) - set(FILES):
            raise InvalidInput(
                "lexicon_unreadable",
                "a lexicon extension maps file names to their entries",
                fix=f"use {', '.join(FILES)}",
            )
        raw = {name: _merged(raw[name], extra.get(name)) for name in FILES}
        meanings = extra.get("thesaurus")
        for meaning, words in meanings.items() if isinstance(meanings, dict) else ():
            taught |= dict.fromkeys(words if isinstance(words, list) else (), meaning)
    own = tuple(load_associations(text) for text in learned)
    parsed = _parsed(raw)
    jargon = {parsed.stems(word)[0]: meaning for word, meaning in taught.items() if len(split_words(str(word))) == 1}
    return replace(parsed, learned=(*own, default_associations()), jargon=jargon)


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """Return the language data of the package; read once."""
    return load_lexicon()


def phrases_of(entries: Iterable[tuple[str, str]], *, irregular: Mapping[str, str] | None = None) -> Phrases:
    """Return phrases of (words, payload); stemmed when the irregular forms are given."""
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for phrase, payload in entries:
        words = tuple(split_words(phrase))
        if irregular is not None:
            words = tuple(stem_of(w, irregular) for w in words)
        if words:
            table.setdefault(words[0], []).append((words, payload))
    ordered = {first: tuple(sorted(set(rows), key=lambda r: (-len(r[0]), r))) for first, rows in table.items()}
    return Phrases(ordered, stemmed=irregular is not None)


def _load(name: str) -> Any:
    text = files("counterpoint.agents.offline.data").joinpath(f"{name}.yaml").read_text("utf-8")
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader builds strings only


def _merged(left: Any, right: Any) -> Any:
    if right is None:
        return left
    if isinstance(left, dict) and isinstance(right, dict):
        return {
            k: _merged(left.get(k), right.get(k)) if k in left else right[k]
            for k in [*left, *(k for k in right if k not in left)]
        }
    if isinstance(left, list) and isinstance(right, list):
        return [*left, *right]
    return right


def _parsed(raw: Mapping[str, Any]) -> Lexicon:
    grammar, audience = raw["grammar"], raw["audience"]
    irregular: dict[str, str] = grammar["irregular"]
    lists = {
        name: phrases_of((w, name) for w in words)
        for section in (grammar, audience)
        for name, words in section.items()
        if isinstance(words, list) and name not in ("unsafe", "governance") and all(isinstance(w, str) for w in words)
    }
    lists |= {f"cmp{op}": phrases_of((w, op) for w in words) for op, words in audience["comparators"].items()}
    lists["measurables"] = phrases_of(((w, w) for w in raw["measurables"]["words"]), irregular=irregular)
    concepts = phrases_of(
        ((w, concept) for concept, words in raw["thesaurus"].items() for w in words if "..." not in w),
        irregular=irregular,
    )
    split_concepts = tuple(
        (stem_of(w.split()[0], irregular), stem_of(w.split()[-1], irregular), concept)
        for concept, words in raw["thesaurus"].items()
        for w in words
        if "..." in w
    )
    known = {w for words in _strings(raw) for w in split_words(words)}
    return Lexicon(
        raw,
        grammar["spelling"],
        irregular,
        frozenset(grammar["clause_words"]),
        frozenset(grammar["stop"]),
        lists,
        concepts,
        split_concepts,
        frozenset(known),
        frozenset(w for name in ("fillers", "discourse", "trade") for w in raw["ordinary"][name]),
        tuple(sorted({w for w in _mendable(raw) if len(w) >= 5 and w.isalpha()})),
    )


def _mendable(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words that a typing error may be mended to: those that carry meaning, not those that are read over."""
    for name in ("numbers", "audience", "places", "thesaurus"):
        yield from (w for words in _strings(raw[name]) for w in split_words(words))
    grammar = raw["grammar"]
    for name in (
        "up",
        "down",
        "better",
        "worse",
        "act",
        "guard",
        "traffic",
        "people",
        "modal",
        "maximum",
        "minimum",
        "top",
    ):
        yield from (w for words in [*grammar.get(name, ()), *raw["audience"].get(name, ())] for w in split_words(words))


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node.lower()
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key).lower()
            yield from _strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value)
