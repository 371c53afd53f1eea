"""Guesses: the dial that the words of a text suggest, where the grammar found none, or found a less likely one."""

from itertools import pairwise

from counterpoint.agents.offline.associations import DIALS
from counterpoint.agents.offline.changes import ChangeReading, read_changes
from counterpoint.agents.offline.linking import link, mentions_of
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token
from counterpoint.agents.plan import Missing, RejectReason

_SURE_ENOUGH = -3.2
"""Log-odds from which a suggested dial may be read without having been named."""
_AHEAD = 0.8
"""How far it has to be ahead of the next one."""
_RIVAL = -2.9
"""Log-odds from which a dial outside of the plan puts a less likely one inside of it in doubt."""
_AHEAD_OF_PLAN = 1.7
"""How far such a dial has to be ahead of the one in the plan."""
_FAR = 1.5
"""How far a dial that was refused has to be behind for the suggestion to take its place."""
_TOLD = 4
"""Fewest words of a sentence that a dial may be guessed from."""
_COVERAGE = 0.75

Sign = tuple[Missing, str]


def suggested(text: Text) -> tuple[tuple[str, float], ...]:
    """Return the dials that the words suggest with their log-odds, the likeliest first; none on an unknown surface."""
    # Who the users are says nothing of what changes: "people without a podcast play".
    said = [t for t in text.tokens if t.index not in text.audience]
    return text.lexicon.likely(DIALS, said, text.surface.parameters)


def guessed_change(text: Text, links: Links, read: ChangeReading) -> tuple[ChangeReading, Links] | None:
    """Return the change read with the one dial that the words suggest, or None when that reads nothing either."""
    strange = any(text.lexicon.has(name, text.tokens) for name in ("unsettable", "repairs", "negation"))
    if read.missing is not None or strange or read.reject not in (None, RejectReason.OUT_OF_BOUNDS):
        return None  # what was read is not in doubt, or something was asked for that no dial does
    likely = suggested(text)
    if not likely or likely[0][1] < _SURE_ENOUGH or (len(likely) > 1 and likely[0][1] - likely[1][1] < _AHEAD):
        return None
    key, odds = likely[0]
    blamed = {k for k in text.surface.parameters if k in read.detail}
    if key in blamed:
        return None
    named = any(m.key == key and m.coverage >= _COVERAGE for m in links.parameters)
    if named and not blamed:
        return None  # it was named, and nothing says to what it is set
    if any(odds - dict(likely).get(k, 0.0) < _FAR for k in blamed):
        return None  # what was refused, or asked about, may well be what was meant
    mention = None if named else _mention_of(text, key, links)
    if mention is None and not named:
        return None
    again = link(text, [m for m in mentions_of(text) if m.key not in blamed] + [m for m in (mention,) if m])
    change = read_changes(text, again)
    told = bool(change.arms) or (change.reject is not None and key in change.detail)
    return (change, again) if told and all(key in arm for arm in change.arms) else None


def _mention_of(text: Text, key: str, links: Links) -> Mention | None:
    """Return a mention of a dial at the words that speak for it most."""
    metrics = {i for m in links.metrics for i in m.tokens}
    free = [t for t in text.tokens if t.is_word and t.index not in text.audience | metrics and t.text.isalpha()]
    said = [(_weight(text, t.stem, key) + _beside(text, t, key), t) for t in free if t.text not in text.lexicon.stop]
    best = sorted((s for s in said if s[0] > 0), key=lambda s: (-s[0], s[1].index))
    if not best:
        return None
    sentence = best[0][1].sentence
    if sum(t.sentence == sentence for t in free) < _TOLD:
        return None  # "change: bigger"
    words = frozenset(t.index for weight, t in best if t.sentence == sentence and weight >= 0.5 * best[0][0])
    return Mention(key, "parameter", 2.0, _COVERAGE, words, "", n_literal=len(words))


def _weight(text: Text, stem: str, key: str) -> float:
    """Return how much one word speaks for a dial; 0 where nothing is known of it."""
    for learned in text.lexicon.learned:
        if stem in learned.rarity and key in learned.bias.get(DIALS, {}):
            return learned.rarity[stem] * learned.weights[DIALS].get(stem, {}).get(key, 0.0)
    return 0.0


def _beside(text: Text, token: Token, key: str) -> float:
    """Return how much the pairs of words that a word stands in speak for a dial."""
    words = [t for t in text.tokens[max(0, token.index - 2) : token.index + 3] if t.sentence == token.sentence]
    pairs = [f"{a.stem} {b.stem}" for a, b in pairwise(words) if token.index in (a.index, b.index)]
    return sum(_weight(text, pair, key) for pair in pairs) / 2


def suggested_otherwise(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    The words suggest a dial that no arm sets more than they suggest one that an arm sets.
    """
    del loose
    odds = dict(suggested(text))
    needed = {n for arm in change.arms for k in arm for n in text.surface.parameters[k].requires}
    used = {k for arm in change.arms for k in arm} - needed or {k for arm in change.arms for k in arm}
    if not odds or not used:
        return None
    # The dials of one shelf share their words: which of them is meant, its own words say.
    parts = {p.rpartition(".")[0] for p in text.surface.parameters if p.endswith((".shelf_position", ".enabled"))}
    kin = {m.key for m in links.parameters if m.tokens & change.used}  # "podcasts where the charts stand today"
    kin |= {k for k in odds for u in used if k.partition(".")[0] == u.partition(".")[0] in parts}
    outside = max(((score, key) for key, score in odds.items() if key not in used | needed | kin), default=None)
    worst = min((odds.get(k, 0.0) for k in used), default=0.0)
    if outside is not None and outside[0] > max(worst + _AHEAD_OF_PLAN, _RIVAL):
        return Missing.CHANGE, outside[1]
    return None
