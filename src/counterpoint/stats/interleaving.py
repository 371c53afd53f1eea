"""Interleaving of two rankers on one shelf: draw the mixed list, and read whom the clicks prefer."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.summary import Summary
from counterpoint.stats.tails import interval, p_value

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleaved(Generic[Item]):
    """A mixed list; `teams` says for each place which ranker drafted it ("a", "b", or "" for what both agreed on)."""

    items: tuple[Item, ...]
    teams: tuple[str, ...]


def team_draft(a: Sequence[Item], b: Sequence[Item], coins: Sequence[bool], length: int) -> Interleaved[Item]:
    """Return the team-draft interleaving: in each round both rankers pick once, a coin says who goes first.

    Args:
        a: Ranking of control, best first, no repeats.
        b: Ranking of treatment.
        coins: One per round, True lets b go first; at least (length + 1) // 2 of them.
        length: Places of the shelf.

    Raises:
        InvalidInput: `too_few_coins`, or `repeated_item`.

    Source:
        Radlinski, Kurup and Joachims 2008.
    """
    _check(a, b)
    if len(coins) < (length + 1) // 2:
        raise InvalidInput("too_few_coins", f"{len(coins)} coins for {length} places", where="coins")
    items: list[Item] = []
    teams: list[str] = []
    seen: set[Item] = set()
    for coin in coins:
        for team in ("b", "a") if coin else ("a", "b"):
            pick = next((x for x in (a if team == "a" else b) if x not in seen), None)
            if pick is None or len(items) == length:
                continue
            items.append(pick)
            teams.append(team)
            seen.add(pick)
    return Interleaved(items=tuple(items), teams=tuple(teams))


def balanced(a: Sequence[Item], b: Sequence[Item], *, b_first: bool, length: int) -> Interleaved[Item]:
    """Return the balanced interleaving: the top of the list always holds equally many of each ranker's top.

    Source:
        Joachims 2003.
    """
    _check(a, b)
    items: list[Item] = []
    i = j = 0
    while len(items) < length and (i < len(a) or j < len(b)):
        from_b = j < i or (i == j and b_first) or i >= len(a)
        if from_b and j < len(b):
            pick, j = b[j], j + 1
        else:
            pick, i = a[i], i + 1
        if pick not in items:
            items.append(pick)
    depth = max(i, j)
    top_a, top_b = set(a[:depth]), set(b[:depth])
    teams = tuple("" if x in top_a and x in top_b else ("a" if x in top_a else "b") for x in items)
    return Interleaved(items=tuple(items), teams=teams)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Which ranker the clicks prefer, per randomised unit; one look, normal quantiles.

    Attributes:
        share_b: Share of credited clicks won by treatment's ranker, one half without preference.
        advantage: Mean over units of (credit b - credit a) / (credit a + credit b).
        std_error: Of the advantage.
        p_value: Of no preference.
        ci_lower: Of the advantage.
        ci_upper: Of the advantage.
        n: Units with credit.
    """

    share_b: float
    advantage: float
    std_error: float
    p_value: float
    ci_lower: float
    ci_upper: float
    n: int


def preference(credited: Sequence[tuple[float, float]], alpha: float = 0.05) -> Preference:
    """Return which ranker is preferred, from each unit's credits (a, b); units without credit are left out.

    Args:
        credited: Clicks credited to ranker a and ranker b, per unit, over all their lists: units are independent, their
            lists are not.
        alpha: Level of the interval.

    Raises:
        InvalidInput: `negative_count`.
        CannotCompute: `too_few_units`, `no_variation`.

    Source:
        Chapelle, Joachims, Radlinski and Yue 2012.
    """
    if any(x < 0 or y < 0 for x, y in credited):
        raise InvalidInput("negative_count", "a credit is below zero", where="credited")
    used = [(x, y) for x, y in credited if x + y > 0]
    if len(used) < 2:
        raise CannotCompute("too_few_units", f"{len(used)} units with credit", where="credited")
    summary = Summary.from_arrays([(y - x) / (x + y) for x, y in used])
    error = math.sqrt(summary.variance() / summary.n)
    if error == 0:
        raise CannotCompute("no_variation", "every unit prefers alike", where="credited")
    lower, upper = interval(summary.mean(), error, alpha)
    return Preference(
        share_b=sum(y for _, y in used) / sum(x + y for x, y in used),
        advantage=summary.mean(),
        std_error=error,
        p_value=p_value(summary.mean() / error),
        ci_lower=lower,
        ci_upper=upper,
        n=len(used),
    )


def _check(a: Sequence[Item], b: Sequence[Item]) -> None:
    if len(set(a)) != len(a) or len(set(b)) != len(b):
        raise InvalidInput("repeated_item", "a ranking names an item twice", where="a")
