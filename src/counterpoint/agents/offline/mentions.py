"""Mentions: where a hypothesis speaks of a parameter or a metric, by coverage of what each is called."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from counterpoint.agents.offline.catalogue import Alias, Catalogue, Group
from counterpoint.agents.offline.text import Token

REACH = 7
MIN_COVERAGE = 0.6


@dataclass(frozen=True, slots=True)
class Mention:
    """A span that speaks of an entry.

    Attributes:
        coverage: Share of the alias's weight that the text covers, in [0, 1].
        score: Coverage, weight and worth of the alias together; comparable between entries.
        tokens: Indexes of the words that matched.
        rival: Score of the best other entry on these words, relative to this one.
        n_literal: How many of the words are the alias's own, not only words of its meaning.
        value: The value that the words themselves ask for ("off"); empty when they only name the entry.
    """

    key: str
    group: Group
    score: float
    coverage: float
    tokens: frozenset[int]
    alias: str
    rival: float = 0.0
    n_literal: int = 0
    value: str = ""

    @property
    def start(self) -> int:
        """First token."""
        return min(self.tokens)

    @property
    def end(self) -> int:
        """Token after the last."""
        return max(self.tokens) + 1

    @property
    def span(self) -> tuple[int, int]:
        """Token span, end exclusive."""
        return self.start, self.end


def find_mentions(
    tokens: Sequence[Token], terms: Sequence[frozenset[str]], catalogue: Catalogue, hidden: set[int]
) -> list[Mention]:
    """Return every mention in `tokens` outside of `hidden`, best first, overlaps included.

    Each sentence is searched alone: what one sentence says and the next denies must not add up.
    """
    mentions: dict[tuple[str, int, int], Mention] = {}
    sentences: dict[int, list[Token]] = {}
    for token in tokens:
        if token.index not in hidden:
            sentences.setdefault(token.sentence, []).append(token)
    for number, sentence in sentences.items():
        places: dict[int, dict[int, list[tuple[int, float]]]] = {}
        # Distance counts only what is left: "the AI shelf (for users in the US) at second place".
        nth = {token.index: n for n, token in enumerate(sentence)}
        for token in sentence:
            for term in sorted(terms[token.index]):  # in one order, whatever the hash of words
                for a in catalogue.by_term.get(term, ()):
                    for w, word in enumerate(catalogue.aliases[a].words):
                        if term in word:
                            places.setdefault(a, {}).setdefault(w, []).append(
                                (token.index, 0.85 if term[0] == "~" else 1.0)
                            )
        for a, by_word in places.items():
            mention = _best(catalogue.aliases[a], by_word, nth)
            if mention is None:
                continue
            slot = (mention.key, number, tokens[mention.start].clause)
            held = mentions.get(slot)
            if held is None:
                mentions[slot] = mention
                continue
            best, other = (mention, held) if _rank(mention) > _rank(held) else (held, mention)
            # Two of its names side by side are one mention: "first fold" and "first fold shelves".
            near = best.group == "parameter" and best.tokens & other.tokens and other.coverage >= 0.85
            near = near and max(best.tokens | other.tokens) - min(best.tokens | other.tokens) <= REACH
            top = max(best.score, other.score)
            mentions[slot] = replace(best, score=top, tokens=best.tokens | other.tokens if near else best.tokens)
    return sorted(mentions.values(), key=lambda m: (-m.score, m.key, m.start))


def _best(alias: Alias, by_word: dict[int, list[tuple[int, float]]], nth: dict[int, int]) -> Mention | None:
    """Return the tightest, heaviest match of one alias in one sentence."""
    total = alias.mass
    reach = REACH if alias.worth < 0.9 else len(alias.words) + (2 if len(alias.words) < 3 else 4)
    best: Mention | None = None
    if max(alias.weights[w] for w in by_word) < 0.75 * max(alias.weights):
        return None  # the word that makes the alias what it is ("explicit") is not there
    anchor = max(by_word, key=lambda w: alias.weights[w])
    for at, quality in _distinct(by_word[anchor]):
        got, used, literal = alias.weights[anchor] * quality, {at}, int(quality == 1.0)
        for w, hits in by_word.items():
            if w == anchor:
                continue
            near = [(abs(nth[i] - nth[at]), -q, i) for i, q in hits if i not in used and abs(nth[i] - nth[at]) <= reach]
            if near:
                gap, q, i = min(near, key=lambda n: (n[0] + 4 * n[1], n[0]))
                used.add(i)
                literal += q == -1.0
                got += alias.weights[w] * -q * (1.0 - 0.03 * max(0, gap - len(alias.words)))
        coverage = got / total
        if coverage < (MIN_COVERAGE if alias.worth > 0.85 else 0.5):
            continue
        if len(used) < 2 and len(alias.words) > 1 and (alias.worth <= 0.85 or coverage < 0.75):
            continue  # "bigger" alone does not speak of "bigger cards"
        score = coverage * alias.worth * got**0.5
        made = Mention(alias.key, alias.group, score, coverage, frozenset(used), alias.text, n_literal=literal)
        best = made if best is None or score > best.score else best
    return best


def _rank(mention: Mention) -> float:
    # Of two names of one entry, the one that is there word by word is the one that was meant.
    return mention.score + 0.3 * mention.n_literal


def _distinct(hits: list[tuple[int, float]]) -> list[tuple[int, float]]:
    best: dict[int, float] = {}
    for i, q in hits:
        best[i] = max(q, best.get(i, 0.0))
    return sorted(best.items())
