"""Switchback designs: periods take turns for changes that units share, and periods are what is compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.clusters import compare_clustered
from counterpoint.stats.effects import Effect, Inference, Reference
from counterpoint.stats.summary import DENOMINATOR, METRIC, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One stretch of time in which everybody had one arm.

    Attributes:
        treated: Whether it was treatment.
        total: Sum of the metric over the rows counted.
        rows: Rows counted, leaving out the burn-in after a switch.
    """

    treated: bool
    total: float
    rows: float


def assign_periods(coins: Sequence[bool], *, paired: bool = True) -> tuple[bool, ...]:
    """Return the arm of each period from fair coins.

    Args:
        coins: True is treatment; with `paired` one coin decides a pair of periods that get different arms.
        paired: Whether neighbouring periods are pairs, which balances time of day and trend.
    """
    if not coins:
        raise InvalidInput("no_periods", "a switchback without periods", where="coins")
    return tuple(x for c in coins for x in (c, not c)) if paired else tuple(coins)


def compare_periods(periods: Sequence[Period], inference: Inference | None = None) -> Effect:
    """Return the difference of row means, periods being the randomised clusters.

    Args:
        periods: At least two of each arm, burn-in rows already left out.
        inference: How it is read; Student's t over periods by default, they are few.

    Raises:
        CannotCompute: `too_few_units` below two periods in an arm.

    Estimand:
        Difference in means per row between periods of treatment and control, carry-over beyond the burn-in assumed
        absent; one look.

    Source:
        Bojinov, Simchi-Levi and Zhao 2023.
    """
    arms = []
    for treated in (False, True):
        chosen = [p for p in periods if p.treated == treated and p.rows > 0]
        if len(chosen) < 2:
            raise CannotCompute(
                "too_few_units",
                f"{len(chosen)} periods",
                where="treatment" if treated else "control",
                fix="switch more often",
            )
        raw = Summary.from_arrays([p.total for p in chosen], [p.rows for p in chosen])
        arms.append(Summary(n=raw.n, means=raw.means, cross=raw.cross, columns=(METRIC, DENOMINATOR)))
    return compare_clustered(arms[0], arms[1], inference or Inference(reference=Reference.WELCH))
