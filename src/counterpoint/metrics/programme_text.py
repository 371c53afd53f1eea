"""The programme's document as text for a terminal; every figure in it stands in the document."""

from collections.abc import Mapping
from typing import Any


def programme_text(document: Mapping[str, Any]) -> str:
    """Return the programme in words and columns.

    Args:
        document: What `read_programme` returned.
    """
    rows: list[tuple[str, ...]] = [("", "ended", "learned", "won", "stopped", "days (half, 90 %)", "running", "in use")]
    rows.append(_row("all", document["total"]))
    for part, word in (("surfaces", "surface"), ("owners", "owner")):
        rows += [_row(f"{word} {name}", figures) for name, figures in document[part].items()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    advice = ["", *(each["sentence"] for each in document["advice"])] if document["advice"] else []
    return "\n".join([document["sentence"], "", *lines, *advice])


def _row(name: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    days = figures["days_to_decision"]
    spent = "-" if days["median"] is None else f"{days['median']:.3g}, {days['p90']:.3g}"
    traffic = figures.get("traffic")
    return (
        name,
        str(figures["ended"]),
        _rate(figures["learning_rate"]),
        _rate(figures["win_rate"]),
        _rate(figures["rolled_back_by_guardrails"]),
        spent,
        str(figures["running"]),
        _rate(figures["traffic_of_experiments"] if traffic is None else traffic["in_use"]),
    )


def _rate(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
