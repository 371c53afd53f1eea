"""Read the course of an experiment into the looks that the result page draws and says."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from counterpoint.web.numbers import percent, signed_percent, span
from counterpoint.web.ports import Document
from counterpoint.web.scorecard import Figure

_EVERY_LOOK = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look: every variant's effect as it could be read then.

    Attributes:
        day: Days since the start, fractions too.
        slot: Which day of the design that is, from 1.
        figures: Variant -> effect; None where none could be read, for the reason in `said`.
        said: The look in one sentence.
    """

    day: float
    slot: int
    figures: Mapping[str, Figure | None]
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the chart of a course draws.

    Attributes:
        letters: Variant -> letter.
        days: Length of the design.
        today: Days since the start, at most `days`.
        window_days: Before one day more nothing can be measured.
        planned_looks: Days of all looks of a group-sequential design, taken or not.
        holds: What the band promises, in a sentence.
        summary: What the newest look says, in a sentence; empty before the first.
        ended: Whether no further look will come.
    """

    metric: str
    letters: Mapping[str, str]
    days: int
    today: float
    window_days: int
    planned_looks: tuple[int, ...]
    looks: tuple[Look, ...]
    holds: str
    summary: str
    ended: bool = False

    @property
    def has_figures(self) -> bool:
        """Whether any look could read anything."""
        return any(figure is not None for look in self.looks for figure in look.figures.values())


def read_course(document: Document, letters: Mapping[str, str], *, any_look: bool, ended: bool = False) -> Course:
    """Return what `control.statistics.course` answered, ready to draw.

    Args:
        document: The answer.
        letters: Variant -> letter, treatments only.
        any_look: Whether the intervals that hold at any look are asked for, where the design has others.
        ended: Whether the experiment was decided or stopped.
    """
    looks = tuple(_looks(document, letters, any_look=any_look))
    return Course(
        metric=document["metric"],
        letters=letters,
        days=document["days"],
        today=min(document["today"], document["days"]),
        window_days=document["window_days"],
        planned_looks=tuple(document["planned_looks"]),
        looks=looks,
        holds=_holds(document, any_look=any_look),
        summary=looks[-1].said if looks else "",
        ended=ended,
    )


def _looks(document: Document, letters: Mapping[str, str], *, any_look: bool) -> Iterator[Look]:
    for point in document["points"]:
        rows = {row["variant"]: row for row in point["variants"]}
        figures = {variant: _figure(row, any_look=any_look) for variant, row in rows.items()}
        day = float(point["day"])
        clauses = "; ".join(
            _clause(letters.get(variant, ""), variant, figures[variant], rows[variant]) for variant in rows
        )
        yield Look(day=day, slot=max(1, math.ceil(day)), figures=figures, said=f"Day {day_text(day)}: {clauses}.")


def day_text(day: float) -> str:
    """Return a day as people count it: whole, or with one decimal while it lasts."""
    return f"{day:.0f}" if abs(day - round(day)) < 0.05 else f"{day:.1f}"


def _clause(letter: str, variant: str, figure: Figure | None, row: Document) -> str:
    name = f"{letter} ({variant})" if letter else variant
    if figure is None:
        why = (row.get("reason") or {}).get("message", "its relative change is not known")
        return f"{name} not computed, {str(why).rstrip('.')}"
    return f"{name} {signed_percent(figure.estimate)}, {span(figure.lower, figure.upper)}"


def _figure(row: Document, *, any_look: bool) -> Figure | None:
    chosen = row["anytime"] if any_look and row.get("anytime") else row
    estimate, lower, upper = (chosen.get(f"relative_{name}") for name in ("effect", "ci_lower", "ci_upper"))
    if estimate is None or not math.isfinite(estimate):
        return None
    return Figure(
        estimate=estimate,
        lower=-math.inf if lower is None else lower,
        upper=math.inf if upper is None else upper,
    )


def _holds(document: Document, *, any_look: bool) -> str:
    rows = [row for point in document["points"] for row in point["variants"] if row.get("alpha") is not None]
    if not rows:
        return ""
    level = " or ".join(percent(1 - alpha) for alpha in sorted({row["alpha"] for row in rows}))
    kinds = {_EVERY_LOOK if any_look and row.get("anytime") else row["looks"] for row in rows}
    if kinds == {_EVERY_LOOK}:
        return f"Always-valid {level} bands: looking every day does not inflate the false-positive rate."
    if kinds == {"planned"}:
        return f"{level} bands of the planned looks: they hold at all of them together, and at no other."
    return f"{level} bands: before the end they hold at any look; the last one holds for one look, at the end."
