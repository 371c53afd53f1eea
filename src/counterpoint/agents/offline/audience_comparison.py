"""Comparisons beside a number - "more than", "at least", "or fewer" - and what takes the users it counts out again."""

from collections.abc import Sequence

from counterpoint.agents.offline.audience_context import excluded
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, words_set

OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
# What a comparison may open with behind its number: "10 or more"; the phrases that may stand there by themselves.
_JOINED = words_set("or and + plus onwards upwards on upward")
_TRAILING = (("at", "most"), ("at", "least"), ("minimum",), ("maximum",), ("tops",))
# What may stand between a word that takes users out and the number they are counted by: "nobody who has had below ten".
_BETWEEN = words_set(
    "who that with of have has had having been whose from were are is registered joined the a anyone anybody on within "
    "in their his her still they've who've"
)


def comparison(
    tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, reach: int = 4, behind: int = 3
) -> tuple[str, int, int] | None:
    """Return the comparison nearest to a number, with the span it stretches over, or None when there is none."""
    best: tuple[float, str, int, int] | None = None
    for op in (">", ">=", "<", "<="):
        phrases = lexicon.lists[f"cmp{op}"]
        for i in range(max(0, start - reach), min(len(tokens), end + behind)):
            for stop, _ in phrases.all_at(tokens, i):
                if (stop <= start or i >= end) and tokens[i].sentence == tokens[start].sentence:
                    if i > end and tokens[i].text in ("plus", "+", "minimum") and tokens[i - 1].text == ",":
                        continue  # "within 14 days, plus 4 %"
                    gap = start - stop if stop <= start else i - end
                    if stop > start and not (tokens[i].text in _JOINED or _trails(tokens, i, stop)):
                        continue
                    if stop <= start and tokens[i].text in _JOINED - {"on"}:
                        continue  # "students plus three more": what joins stands behind a number
                    # A longer phrase says more: "no more than" beats "more than".
                    rank = gap - 1.5 * (stop - i)
                    if best is None or rank < best[0]:
                        best = (rank, op, min(i, start), max(stop, end))
    return (best[1], best[2], best[3]) if best else None


def _trails(tokens: Sequence[Token], i: int, stop: int) -> bool:
    """Return whether a comparison closes its clause behind the number: "three days since registration at most"."""
    said = tuple(t.text for t in tokens[i:stop])
    return said in _TRAILING and (stop >= len(tokens) or not tokens[stop].is_word or tokens[stop].text in ("and", "or"))


def left_out(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, used: set[int]) -> bool:
    """Return whether the users a number counts are taken out: "nobody below ten sessions"."""
    people = lexicon.lists["people"]
    first = start
    while first and first > start - 5 and (tokens[first - 1].text in _BETWEEN or people.at(tokens, first - 1)):
        first -= 1
    return any(excluded(tokens, i, end, lexicon, used) for i in {first, start}) or _sent_away(tokens, end)


def _sent_away(tokens: Sequence[Token], end: int) -> bool:
    """Return whether the users counted are pointed at and taken out: "fewer than five sessions: leave those out"."""
    rest = [t for t in tokens[end : end + 18] if t.sentence == tokens[end - 1].sentence]
    for n, t in enumerate(rest[:-1]):
        if rest[n + 1].text not in ("those", "them", "these"):
            continue
        if t.text in words_set("exclude excluding skip spare omit without"):
            return True
        tail = [k.text for k in rest[n + 2 : n + 4]]
        if t.text in words_set("leave leaving keep take filter rule") and "out" in tail:
            return True
    return False
