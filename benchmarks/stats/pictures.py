"""Draws the pictures of the calibration report as SVG: rates with their band, and lines over days."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 760, 250, 150, 54, 24
_INK, _FAINT, _BAND = "#222222", "#888888", "#dde8f3"
# Told apart by people with any colour vision; every line is named beside its end as well.
_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A simulated rate beside the one that was stated.

    Attributes:
        label: What was simulated.
        hits: Of `runs`.
        runs: Simulated experiments.
        stated: Rate that the method states.
        bound: Whether the stated rate is a bound from above only.
    """

    label: str
    hits: int
    runs: int
    stated: float
    bound: bool = False

    @property
    def rate(self) -> float:
        """Share of the runs."""
        return self.hits / self.runs

    @property
    def error(self) -> float:
        """Standard error of a rate that is as stated."""
        return math.sqrt(self.stated * (1 - self.stated) / self.runs)


def dots(title: str, rates: Sequence[Rate], top: float) -> str:
    """Return a picture with a row per rate: the band of four standard errors, the stated rate, the simulated one."""
    height = _TOP + _ROW * len(rates) + 40
    span = _WIDTH - _LEFT - _RIGHT

    def x(value: float) -> float:
        return _LEFT + span * min(max(value, 0.0), top) / top

    parts = []
    for i, r in enumerate(rates):
        y = _TOP + _ROW * i + _ROW / 2
        low = 0.0 if r.bound else r.stated - 4 * r.error
        high = r.stated + 4 * r.error
        inside = low <= r.rate <= high
        parts += [
            f'<rect x="{x(low):.1f}" y="{y - 8:.1f}" width="{x(high) - x(low):.1f}" height="16" fill="{_BAND}"/>',
            f'<path d="M{x(r.stated):.1f} {y - 8:.1f}v16" stroke="{_FAINT}"/>',
            f'<circle cx="{x(r.rate):.1f}" cy="{y:.1f}" r="4.5" fill="{_COLOURS[1] if inside else _COLOURS[0]}"/>',
            _text(_LEFT - 10, y + 4, r.label, anchor="end"),
            _text(_WIDTH - _RIGHT + 12, y + 4, f"{r.rate:.3f} ({r.stated:.3f})"),
        ]
    return _svg(title, height, [*_axis(x, top, height - 34), *parts])


def lines(title: str, series: Mapping[str, Sequence[float]], top: float, *, stated: float, unit: str = "day") -> str:
    """Return a picture of rates that grow day by day, with the stated rate as a dashed line."""
    height, bottom = 320, 270
    span, left = _WIDTH - _LEFT - 60, 60
    days = max(len(v) for v in series.values())

    def at(day: int, value: float) -> str:
        return f"{left + span * day / max(days - 1, 1):.1f},{bottom - (bottom - _TOP) * value / top:.1f}"

    level = at(0, stated).split(",")[1]
    parts = [
        f'<line x1="{left}" y1="{bottom}" x2="{left + span}" y2="{bottom}" stroke="{_FAINT}"/>',
        f'<line x1="{left}" y1="{level}" x2="{left + span}" y2="{level}" stroke="{_FAINT}" stroke-dasharray="4 4"/>',
        _text(left - 8, float(level) + 4, f"{stated:g}", anchor="end"),
        _text(left - 8, bottom + 4, "0", anchor="end"),
        _text(left - 8, _TOP + 4, f"{top:g}", anchor="end"),
        _text(left, bottom + 20, f"{unit} 1"),
        _text(left + span, bottom + 20, f"{unit} {days}", anchor="end"),
    ]
    for (name, values), colour in zip(series.items(), _COLOURS, strict=False):
        points = " ".join(at(d, v) for d, v in enumerate(values))
        end = float(at(days - 1, values[-1]).split(",")[1])
        parts += [
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>',
            _text(left + span + 8, end + 4, f"{name}: {values[-1]:.3f}", colour=colour),
        ]
    return _svg(title, height, parts)


def _axis(place: Callable[[float], float], top: float, y: float) -> list[str]:
    ticks = [top * i / 5 for i in range(6)]
    return [
        piece
        for value in ticks
        for piece in (
            f'<line x1="{place(value):.1f}" y1="{_TOP}" x2="{place(value):.1f}" y2="{y}" stroke="#eeeeee"/>',
            _text(place(value), y + 18, f"{value:.2g}", anchor="middle", colour=_FAINT),
        )
    ]


def _text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = _INK, size: int = 13) -> str:
    safe = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{safe}</text>'


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" '
        f'font-family="system-ui, sans-serif"><title>{title}</title>'
        f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#ffffff"/>'
    )
    return "\n".join([head, _text(16, 28, title, size=16), *parts, "</svg>", ""])
