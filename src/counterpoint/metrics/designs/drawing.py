"""A design's answer drawn: as text for a terminal, and its two curves as SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_BLOCKS = " ▁▂▃▄▅▆▇█"
_WIDTH, _HEIGHT, _PAD = 360, 200, 44


def design_text(document: Mapping[str, Any]) -> str:
    """Return the answer for a terminal.

    Args:
        document: What `DesignAnswer.as_document` returned.
    """
    spread = (
        f"{document['mean']:.4g}" if document["proportion"] else f"{document['mean']:.4g}, sd {document['std_dev']:.4g}"
    )
    lines = [
        document["sentence"],
        "",
        f"{document['metric']}: mean {spread}; {document['traffic']['source']}",
        f"alpha {document['alpha_each']:.3g} and power {document['power_each']:.3g} for each test"
        f" ({document['n_success']} success, {document['n_guardrails']} guardrails,"
        f" {len(document['weights']) - 1} treatments)",
        "",
        *_columns(
            [
                ("design", "units", "days"),
                *(
                    (r["design"], _count(r["units"]), "never" if r["day"] is None else str(r["day"]))
                    for r in document["designs"]
                ),
            ]
        ),
    ]
    by_day = document["by_day"]
    if by_day:
        bars = "".join(_BLOCKS[round(8 * point["power"])] for point in by_day)
        lines += ["", f"power by day {by_day[0]['day']} to {by_day[-1]['day']}  |{bars}|"]
    curve = document["curve"]
    if curve:
        bars = "".join(_BLOCKS[round(8 * point["power"])] for point in curve)
        ends = f"{curve[0]['relative_effect']:+.2%} to {curve[-1]['relative_effect']:+.2%}"
        lines.append(f"power by effect {ends}  |{bars}|")
    if document["remedies"] and document["ready"]:
        lines += ["", "Sooner:", *(f"  {remedy['sentence']}" for remedy in document["remedies"])]
    return "\n".join(lines)


def design_svg(document: Mapping[str, Any]) -> str:
    """Return power by day and power by effect as one SVG picture."""
    days = [(float(p["day"]), p["power"]) for p in document["by_day"]]
    effects = [(100 * p["relative_effect"], p["power"]) for p in document["curve"]]
    target = document["power_each"]
    parts = [
        _panel(0, days, target, "days", f"power to find it, {document['metric']}", document["day"]),
        _panel(_WIDTH, effects, target, "relative effect, %", "power by effect", 100 * document["relative_effect"]),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {_HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="10"><title>{escape(document["sentence"])}</title>'
        f"{''.join(parts)}</svg>\n"
    )


def _panel(
    left: int, points: Sequence[tuple[float, float]], target: float, axis: str, title: str, mark: float | None
) -> str:
    if len(points) < 2:
        return ""
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    width, height = _WIDTH - 2 * _PAD, _HEIGHT - 2 * _PAD

    def x(value: float) -> float:
        return left + _PAD + width * (value - low) / ((high - low) or 1.0)

    def y(value: float) -> float:
        return _PAD + height * (1 - value)

    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
    out = [
        f'<text x="{left + _PAD}" y="18" font-weight="bold">{escape(title)}</text>',
        f'<path d="M{x(low):.1f} {y(1):.1f}V{y(0):.1f}H{x(high):.1f}" fill="none" stroke="#767676"/>',
        f'<path d="M{x(low):.1f} {y(target):.1f}H{x(high):.1f}" stroke="#767676" stroke-dasharray="3 3"/>',
        f'<polyline points="{path}" fill="none" stroke="#1a5fb4" stroke-width="2"/>',
        *(f'<text x="{left + _PAD - 6}" y="{y(v) + 3:.1f}" text-anchor="end">{v:.0%}</text>' for v in (0, 0.5, 1)),
        *(f'<text x="{x(v):.1f}" y="{y(0) + 14:.1f}" text-anchor="middle">{v:.3g}</text>' for v in (low, high)),
        f'<text x="{x((low + high) / 2):.1f}" y="{y(0) + 28:.1f}" text-anchor="middle">{escape(axis)}</text>',
    ]
    if mark is not None and low <= mark <= high:
        out.append(f'<path d="M{x(mark):.1f} {y(0):.1f}V{y(1):.1f}" stroke="#c64600"/>')
    return "".join(out)


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _count(units: float | None) -> str:
    return "-" if units is None else f"{units:,.0f}"
