"""Comparisons beside a number: "more than", "at least", "or fewer"."""

from collections.abc import Sequence

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, words_set


def comparison(
    tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, reach: int = 4
) -> tuple[str, int, int] | None:
    """Return the comparison nearest to a number, with the span it stretches over, or None when there is none."""
    best: tuple[float, str, int, int] | None = None
    for op in (">", ">=", "<", "<="):
        phrases = lexicon.lists[f"cmp{op}"]
        for i in range(max(0, start - reach), min(len(tokens), end + 3)):
            for stop, _ in phrases.all_at(tokens, i):
                if (stop <= start or i >= end) and tokens[i].sentence == tokens[start].sentence:
                    gap = start - stop if stop <= start else i - end
                    if stop > start and tokens[i].text not in words_set("or and + plus onwards upwards on"):
                        continue
                    # A longer phrase says more: "no more than" beats "more than".
                    rank = gap - 1.5 * (stop - i)
                    if best is None or rank < best[0]:
                        best = (rank, op, min(i, start), max(stop, end))
    return (best[1], best[2], best[3]) if best else None
