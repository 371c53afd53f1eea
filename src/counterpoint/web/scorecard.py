"""Read a scorecard document into the rows that the result page draws."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoint.web.numbers import percent, quantity
from counterpoint.web.ports import Document
from counterpoint.web.readings import NONE_OCCURRED, NOT_COMPUTED, Reading, Role, read_effect, read_guardrail

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A relative effect with its interval; an end without a bound is infinite."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One metric of one variant against control.

    Attributes:
        letter: Stands for the variant in the chart.
        control: Level in control, written out.
        shown: The interval that may be read now; None when there is none, for `reason`.
        margin: Largest relative worsening accepted; None for what is no guardrail, or not determined.
    """

    variant: str
    letter: str
    control: str
    treatment: str
    shown: Figure | None
    margin: float | None
    higher_is_better: bool
    reading: Reading
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRows:
    """One metric with a row for each variant; `note` states a guardrail's margin."""

    metric: str
    role: Role
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """What the result page draws.

    Attributes:
        letters: Variant -> letter, treatments only.
        exposed: Variant -> exposed units, control first.
        srm: The split's document; None when it could not be tested.
        level: Confidence of the intervals, such as `99 %`.
        holds: For which looks the intervals hold, in words.
        n_immature: Most exposed units of a comparison whose window has not passed.
        metrics: In the order of the spec.
        remarks: What to beware of, as findings.
    """

    letters: Mapping[str, str]
    exposed: Mapping[str, int]
    srm: Mapping[str, Any] | None
    level: str
    holds: str
    n_immature: int
    metrics: tuple[MetricRows, ...]
    remarks: tuple[Document, ...]

    @property
    def n_exposed(self) -> int:
        """Units exposed to any variant."""
        return sum(self.exposed.values())

    def of_role(self, role: Role) -> tuple[MetricRows, ...]:
        """Return the metrics that have `role`, in the order of the spec."""
        return tuple(each for each in self.metrics if each.role is role)


def read_scorecard(results: Document) -> Scorecard:
    """Return what a scorecard document (`counterpoint.metrics`) says, as rows to draw."""
    letters = {variant: LETTERS[n % len(LETTERS)] for n, variant in enumerate(results["variants"][1:])}
    grouped: dict[str, list[Document]] = {}
    for document in results["metrics"]:
        grouped.setdefault(document["metric"], []).append(document)
    figures = [document for document in results["metrics"] if document.get("alpha") is not None]
    levels = sorted({document["alpha"] for document in figures})
    return Scorecard(
        letters=letters,
        exposed=results["exposed"],
        srm=results["srm"],
        level=" or ".join(percent(1 - alpha) for alpha in levels),
        holds=_holds({document["looks"] for document in figures}),
        n_immature=max((document["n_immature"] for document in results["metrics"]), default=0),
        metrics=tuple(read_rows(documents, letters) for documents in grouped.values()),
        remarks=tuple(results["findings"]),
    )


_HOLDS = {
    "any": "it holds however often you look",
    "planned": "it holds at all planned looks together, and at no others",
    "one": "it holds for one look, at the end that was fixed in advance",
}


def _holds(looks: set[str]) -> str:
    if len(looks) == 1:
        return _HOLDS[next(iter(looks))]
    # A metric without planned looks of its own is read by an interval that holds at any.
    return "; ".join(_HOLDS[each] for each in ("any", "planned", "one") if each in looks).replace(
        "it holds", "some hold"
    )


def has_other_intervals(results: Document) -> bool:
    """Return whether the scorecard has intervals that hold at any look beside those of its design."""
    return any(row.get("anytime") for row in results["metrics"])


def by_any_look(results: Document) -> Document:
    """Return the scorecard with the intervals that hold at any look, for those metrics that have them."""
    return {**results, "metrics": [_at_any_look(row) for row in results["metrics"]]}


def _at_any_look(row: Document) -> Document:
    return {**row, **row["anytime"], "looks": "any"} if row.get("anytime") else row


def read_rows(documents: list[Document], letters: Mapping[str, str]) -> MetricRows:
    """Return one metric of a scorecard, a row for each treatment."""
    first = documents[0]
    return MetricRows(
        metric=first["metric"],
        role=Role(first["role"]),
        note=_note(first),
        rows=tuple(_row(document, letters[document["variant"]]) for document in documents),
    )


def _row(document: Document, letter: str) -> Row:
    shown = _figure(document)
    higher = document["direction"] == "increase"
    kind, unit = document["type"], document["unit"]
    return Row(
        variant=document["variant"],
        letter=letter,
        control=quantity(document.get("control_mean"), kind=kind, unit=unit),
        treatment=quantity(document.get("treatment_mean"), kind=kind, unit=unit),
        shown=shown,
        margin=document["margin"],
        higher_is_better=higher,
        reading=_reading(document, shown, higher),
        reason="" if shown is not None else _reason(document),
    )


def _reading(document: Document, shown: Figure | None, higher: bool) -> Reading:
    if shown is None:
        return NONE_OCCURRED if (document["reason"] or {}).get("code") == "never_occurred" else NOT_COMPUTED
    if document["role"] != Role.GUARDRAIL:
        return read_effect(shown.lower, shown.upper, higher_is_better=higher)
    if document["margin"] is None:
        return NOT_COMPUTED
    return read_guardrail(shown.lower, shown.upper, margin=document["margin"], higher_is_better=higher)


def _figure(document: Document) -> Figure | None:
    estimate = document.get("relative_effect")
    if estimate is None:
        return None
    lower, upper = document["relative_ci_lower"], document["relative_ci_upper"]
    return Figure(
        estimate=estimate,
        lower=-math.inf if lower is None else lower,
        upper=math.inf if upper is None else upper,
    )


def _note(document: Document) -> str:
    if document["role"] != Role.GUARDRAIL:
        return ""
    if document["margin_abs"] is not None:
        return f"margin {document['margin_abs']:g} {document['unit'] or ''}".strip()
    return "margin not determined" if document["margin"] is None else f"margin {percent(document['margin'])}"


def _reason(document: Document) -> str:
    reason = document["reason"]
    return str(reason["message"]).rstrip(".") if reason else "a relative change needs a control mean other than zero"
