"""Idioms: where a hypothesis speaks of an entry by a pattern of words instead of a name ("a play starts sooner")."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from counterpoint.agents.offline.catalogue import Catalogue, Group
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Quantity
from counterpoint.agents.offline.text import Token, split_words

GAP = 4
"""Most words that "..." stands for."""
_SMALL = 3
"""Most small words and sizes between two words of a pattern."""
_NEVER_SMALL = frozenset({"not", "no", "than", "without", "never", "but", "or"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Idiom:
    """A pattern for one entry: the words that may stand in each place; None is a gap."""

    key: str
    group: Group
    places: tuple[frozenset[str] | None, ...]
    said: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Idioms:
    """Every idiom of a surface's entries, by the words that may open it."""

    by_first: Mapping[str, tuple[Idiom, ...]]

    def find(
        self, tokens: Sequence[Token], quantities: Sequence[Quantity], catalogue: Catalogue, lexicon: Lexicon
    ) -> list[Mention]:
        """Return a mention for every idiom in `tokens`; of two for one entry on the same words, the longer."""
        sized = {i for q in quantities for i in range(q.start, q.end)}
        found: dict[tuple[str, int, str], Mention] = {}
        for token in tokens:
            for idiom in {id(i): i for w in _forms(token) for i in self.by_first.get(w, ())}.values():
                used = _match(idiom.places, tokens, token.index, sized, lexicon)
                if used is None:
                    continue
                weight = sum(catalogue.weight({tokens[i].stem}) for i in used if tokens[i].text not in lexicon.stop)
                made = Mention(
                    key=idiom.key,
                    group=idiom.group,
                    score=(max(weight, 4.0) + 0.3 * len(used)) ** 0.5,
                    coverage=1.0,
                    tokens=frozenset(used),
                    alias=idiom.said,
                    n_literal=len(used),
                    value=idiom.value,
                )
                slot = (made.key, tokens[made.start].clause, made.value)
                held = found.get(slot)
                if held is None or len(made.tokens) > len(held.tokens):
                    found[slot] = made
        return list(found.values())


def build_idioms(catalogue: Catalogue, lexicon: Lexicon) -> Idioms:
    """Return the idioms whose name is one of the names that the surface gives an entry."""
    table: dict[str, list[Idiom]] = {}
    for group, name, value, said in _written(lexicon):
        key = _named(catalogue, group).get(" ".join(split_words(name)))
        if key is None:
            continue
        places = tuple(_place(word, lexicon) for word in said.replace("...", " ... ").replace("-", " ").split())
        idiom = Idiom(key=key, group=group, places=places, said=said, value=value)
        for word in places[0] or ():
            table.setdefault(word, []).append(idiom)
    return Idioms({w: tuple(i) for w, i in table.items()})


def _named(catalogue: Catalogue, group: Group) -> dict[str, str]:
    """Return the entries of a group by every name that the surface itself gives them."""
    named: dict[str, str] = {}
    for alias in catalogue.aliases:
        if alias.worth >= 0.9 and alias.group == group:
            named.setdefault(" ".join(split_words(alias.text)), alias.key)
    entries = catalogue.surface.metrics if group == "metric" else catalogue.surface.parameters
    return named | {" ".join(split_words(key.replace(".", " "))): key for key in entries}


def _written(lexicon: Lexicon) -> Iterator[tuple[Group, str, str, str]]:
    """Yield group, name, value and pattern of everything in the data; the value is what a pattern asks for."""
    for name, patterns in lexicon.raw["outcomes"].items():
        yield from (("metric", name, "", said) for said in patterns)
    for name, patterns in lexicon.raw["paraphrases"].items():
        called, _, value = name.partition(" = ")
        yield from (("parameter", called, value, said) for pattern in patterns for said in _spread(pattern))


def _spread(pattern: str) -> list[str]:
    """Return a pattern once for each alternative of several words ("now|at_once"), and once for those of one word."""
    spread = [""]
    for word in pattern.split():
        options = word.split("|")
        several = [o.replace("_", " ") for o in options if "_" in o]
        plain = ["|".join(o for o in options if "_" not in o)]
        spread = [f"{s} {o}" for s in spread for o in [*several, *plain] if o]
    return spread


def merged(mentions: Sequence[Mention], idioms: Sequence[Mention], tokens: Sequence[Token]) -> list[Mention]:
    """Return mentions by name and by idiom together: one for each entry and clause."""
    kept = list(mentions)
    for idiom in idioms:
        clause = tokens[idiom.start].clause
        same = next((m for m in kept if m.key == idiom.key and tokens[m.start].clause == clause), None)
        if same is None or (same.value and idiom.value and same.value != idiom.value):
            kept.append(idiom)
        elif same.tokens & idiom.tokens:
            others = {i for o in idioms if o.key != idiom.key for i in o.tokens} - idiom.tokens
            kept.remove(same)
            stronger = max(same, idiom, key=lambda m: (m.coverage >= 0.99, m.score))
            kept.append(
                replace(
                    stronger,
                    score=max(same.score, idiom.score),
                    coverage=1.0,
                    tokens=idiom.tokens
                    | {
                        i
                        for i in same.tokens - others
                        if tokens[i].clause == clause and idiom.start - 4 <= i <= idiom.end + 3
                    },
                    value=idiom.value or same.value,
                )
            )
        elif idiom.score > same.score:
            kept.remove(same)
            kept.append(idiom)
    return sorted(kept, key=lambda m: (-m.score, m.key, m.start))


def _place(word: str, lexicon: Lexicon) -> frozenset[str] | None:
    if word == "...":
        return None
    if word.startswith("="):
        return frozenset({word[1:]})  # this form alone: "active on more days", not "active on day seven"
    return frozenset(f for w in word.split("|") for f in (*split_words(w), *lexicon.stems(w)))


def _forms(token: Token) -> Iterator[str]:
    yield token.text
    if token.stem != token.text:
        yield token.stem


def _match(
    places: Sequence[frozenset[str] | None], tokens: Sequence[Token], start: int, sized: set[int], lexicon: Lexicon
) -> list[int] | None:
    """Return the tokens that a pattern matches from `start` on, or None."""
    used, at, clause = [start], start, tokens[start].clause
    gap = False
    for place in places[1:]:
        if place is None:
            gap = True
            continue
        reach = GAP if gap else 0
        small, j = 0, at + 1
        while j < len(tokens) and tokens[j].clause == clause:
            if place & {tokens[j].text, tokens[j].stem}:
                break
            passed = (
                j in sized
                or not tokens[j].is_word
                or (tokens[j].text in lexicon.stop and tokens[j].text not in _NEVER_SMALL)
            )
            if tokens[j].text in ",:;." or (gap and tokens[j].text == "and"):
                return None
            if passed and small < _SMALL:
                small += j not in sized
            elif reach:
                reach -= 1
            else:
                return None
            j += 1
        else:
            return None
        used.append(j)
        at, gap = j, False
    return used
