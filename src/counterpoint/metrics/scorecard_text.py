"""A scorecard's document as text for a terminal; every figure in it stands in the document."""

from collections.abc import Mapping, Sequence
from typing import Any

_ROLES = ("primary", "secondary", "guardrail")


def scorecard_text(document: Mapping[str, Any]) -> str:
    """Return a scorecard and its decision in words and columns.

    Args:
        document: What `Scorecard.as_document` returned, with the decision's document under `decision`.
    """
    lines = [_units(document), _sample_ratio(document.get("srm")), ""]
    rows: list[tuple[str, ...]] = [("metric", "role", "variant", "control", "treatment", "change", "interval", "")]
    for role in _ROLES:
        rows += [_row(row) for row in document["metrics"] if row["role"] == role]
    lines += _columns(rows)
    if any(row["looks"] == "any" for row in document["metrics"]):
        lines.append("Intervals hold at any number of looks.")
    looks = document.get("looks")
    if looks:
        after = "the last one" if looks["is_final"] else f"the next one is on {(looks['next_at'] or '')[:10]}"
        lines.append(f"Intervals hold at the planned looks together: {looks['taken']} of {looks['planned']}, {after}.")
    if any(row["relative"] == "fieller" for row in document["metrics"]):
        lines.append("Relative intervals by Fieller's theorem: they leave out zero exactly when the test rejects.")
    if any(row["role"] == "secondary" for row in document["metrics"]):
        lines.append("Secondary metrics are exploratory: not corrected for their number, and no part of the decision.")
    measured = document.get("false_positives")
    if measured:
        lines.append(measured["sentence"])
    n_immature = max((row["n_immature"] for row in document["metrics"]), default=0)
    if n_immature:
        lines.append(f"Up to {n_immature} exposed units are not counted yet: their metric window has not passed.")
    lines += ["", *document.get("decision", {}).get("sentences", ())]
    return "\n".join(lines)


def segments_text(document: Mapping[str, Any]) -> str:
    """Return what a scorecard's document says by segment, and whether segments differ beyond chance."""
    rows: list[tuple[str, ...]] = [("metric", "segment", "variant", "control", "treatment", "change", "interval", "")]
    for name, listed in document["segments"].items():
        for row in listed:
            cells = _row(row)
            rows.append((cells[0], name, *cells[2:]))
    lines = _columns([rows[0], *sorted(rows[1:])])
    for each in document["heterogeneity"]:
        if each["p_value"] is None:
            continue
        word = "differ" if each["differs"] else "do not differ beyond chance"
        lines.append(f"{each['metric']}, {each['variant']}: segments {word} (Cochran's Q, p {each['p_value']:.2g}).")
    return "\n".join(lines)


def _units(document: Mapping[str, Any]) -> str:
    exposed = ", ".join(f"{variant} {n}" for variant, n in document["exposed"].items())
    return f"{document['experiment']} as of {document['as_of'][:16].replace('T', ' ')}: exposed units {exposed}"


def _sample_ratio(srm: Mapping[str, Any] | None) -> str:
    if srm is None:
        return "Sample ratio: cannot be tested yet"
    verdict = "MISMATCH, do not trust the figures below" if srm["mismatch"] else "as intended"
    return f"Sample ratio: {verdict} (p = {srm['p_value']:.3g})"


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    head = (row["metric"], row["role"], row["variant"])
    if row["estimate"] is None:
        reason = (row["reason"] or {}).get("message", "cannot be computed")
        return (*head, "", "", "", "", reason)
    unit = f" {row['unit']}" if row["unit"] else ""
    means = (f"{row['control_mean']:.4g}{unit}", f"{row['treatment_mean']:.4g}{unit}")
    if row["relative_effect"] is not None and row["relative_ci_lower"] is not None:
        change = f"{row['relative_effect']:+.2%}"
        interval = f"{row['relative_ci_lower']:+.2%} to {row['relative_ci_upper']:+.2%}"
    else:
        change = f"{row['estimate']:+.4g}{unit}"
        interval = f"{row['ci_lower']:+.4g} to {row['ci_upper']:+.4g}"
    note = f"margin {row['margin']:.2%}" if row["margin"] is not None else ""
    if row["margin"] is None and row["margin_abs"] is not None:
        note = f"margin {row['margin_abs']:g}{unit}"
    return (*head, *means, change, interval, note)


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    # The last column is free text and sets no width.
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return ["  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in rows]
