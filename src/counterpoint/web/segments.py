"""Read a scorecard by an attribute: each segment's effect on the primary metric, and whether segments differ at all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from counterpoint.web.numbers import p_value, percent
from counterpoint.web.ports import Document
from counterpoint.web.readings import Role
from counterpoint.web.scorecard import MetricRows, read_rows

_NAMED = {"": "not known", "true": "yes", "false": "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether segments differ in one metric under one treatment, in a sentence."""

    said: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """What the table by segment shows.

    Attributes:
        attribute: By which the units were told apart, as it was at first exposure.
        rows: Segment -> its primary metric, a row for each treatment.
        verdicts: Of the primary metric first.
        warning: How many intervals would look clear by chance alone, in a sentence.
    """

    attribute: str
    rows: Mapping[str, MetricRows]
    verdicts: tuple[Verdict, ...]
    warning: str


def read_segments(results: Document, attribute: str, letters: Mapping[str, str]) -> Segments:
    """Return what `control.results(key, segment=attribute)` says of the segments."""
    rows = {}
    for name, documents in results["segments"].items():
        primary = [document for document in documents if document["role"] == Role.PRIMARY]
        if primary:
            rows[_NAMED.get(name, name)] = read_rows(primary, letters)
    return Segments(
        attribute=attribute,
        rows=rows,
        verdicts=tuple(_verdicts(results["heterogeneity"], len(results["segments"]))),
        warning=_warning(results),
    )


def _verdicts(found: list[Document], n_segments: int) -> Iterator[Verdict]:
    n_tested = sum(each["p_value"] is not None for each in found)
    for each in found:
        about = f"{each['metric']}, {each['variant']}"
        if each["p_value"] is None:
            n_read = n_segments - len(each.get("left_out", ()))
            why = (
                f"{n_read} of {n_segments} segments {'has' if n_read == 1 else 'have'} a figure, and it takes two"
                if n_read < 2
                else str(each["reason"]["message"]).rstrip(".")
            )
            yield Verdict(said=f"{about}: cannot be told, {why}.", tone="open")
            continue
        figures = (
            f"Cochran's Q, {p_value(each['p_value'])}; {_false_share(each['q_value'])} over {n_tested} comparisons"
        )
        if each["differs"]:
            yield Verdict(said=f"{about}: the effect differs between segments ({figures}).", tone="wait")
        else:
            yield Verdict(said=f"{about}: no difference between segments beyond chance ({figures}).", tone="open")


def _false_share(q: float) -> str:
    return "q < 0.001" if q < 0.001 else f"q = {q:.3g}"


def _warning(results: Document) -> str:
    read = [row for rows in results["segments"].values() for row in rows if row.get("alpha") is not None]
    if not read:
        return "Segments decide nothing, and none of them has enough units for a figure yet."
    by_chance = sum(row["alpha"] for row in read)
    alphas = sorted({row["alpha"] for row in read})
    level = " or ".join(percent(1 - alpha) for alpha in alphas)
    return (
        f"Segments decide nothing. {len(read)} {'interval' if len(read) == 1 else 'intervals'} at {level} "
        f"{'is' if len(read) == 1 else 'are'} read here, not corrected for their number: "
        f"about {by_chance:.2g} would look clear by chance alone."
    )
