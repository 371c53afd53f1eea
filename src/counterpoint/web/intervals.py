"""Intervals drawn as SVG: one row per effect on a common scale, and the axis above the rows."""

from counterpoint.web.scale import Scale
from counterpoint.web.scorecard import Figure, Row

HEIGHT = 30
_MIDDLE = HEIGHT / 2
_CAP = 5


def axis(scale: Scale) -> str:
    """Return the tick labels of `scale`, one in two where they would touch."""
    ticks = scale.ticks
    every = 1 if len(ticks) <= 9 else 2
    middle = len(ticks) // 2
    labels = "".join(
        f'<text x="{scale.x(tick)}" y="14" text-anchor="middle">{_tick(tick, scale.step)}</text>'
        for n, tick in enumerate(ticks)
        if (n - middle) % every == 0
    )
    return _svg(scale, 20, "axis", labels)


def interval(row: Row, scale: Scale) -> str:
    """Return one effect: a bar with caps, the estimate a diamond, shading past the margin.

    What does not fit on the scale ends in an arrow. An effect that could not be computed has only its grid. The
    drawing is decoration: the table cells beside it say the same in figures.
    """
    parts = [_grid(scale), _margin(row, scale)]
    if row.shown is not None:
        parts.append(_whisker(row.shown, scale))
    tone = row.reading.tone
    return _svg(scale, HEIGHT, f"interval {tone}", "".join(parts))


def _grid(scale: Scale) -> str:
    lines = (
        f'<line class="{"zero" if abs(tick) < scale.step / 2 else "tick"}" x1="{scale.x(tick)}" x2="{scale.x(tick)}"'
        f' y1="0" y2="{HEIGHT}"/>'
        for tick in scale.ticks
    )
    return "".join(lines)


def _margin(row: Row, scale: Scale) -> str:
    if row.margin is None or not scale.holds(row.margin):
        return ""
    # A metric for which lower is better gets worse to the right.
    edge = scale.x(-row.margin if row.higher_is_better else row.margin)
    left, right = (0.0, edge) if row.higher_is_better else (edge, scale.width)
    return (
        f'<rect class="past" x="{left}" y="1" width="{round(right - left, 2)}" height="{HEIGHT - 2}"/>'
        f'<line class="margin" x1="{edge}" x2="{edge}" y1="0" y2="{HEIGHT}"/>'
    )


def _whisker(shown: Figure, scale: Scale) -> str:
    left, right = scale.x(shown.lower), scale.x(shown.upper)
    parts = [f'<line class="bar" x1="{left}" x2="{right}" y1="{_MIDDLE}" y2="{_MIDDLE}"/>']
    parts.append(_end(left, scale.holds(shown.lower), -1))
    parts.append(_end(right, scale.holds(shown.upper), 1))
    if scale.holds(shown.estimate):
        x = scale.x(shown.estimate)
        parts.append(
            f'<path class="point" d="M{x - 5} {_MIDDLE}L{x} {_MIDDLE - 5}L{x + 5} {_MIDDLE}L{x} {_MIDDLE + 5}Z"/>'
        )
    return "".join(parts)


def _end(x: float, fits: bool, side: int) -> str:
    if fits:
        return f'<line class="bar" x1="{x}" x2="{x}" y1="{_MIDDLE - _CAP}" y2="{_MIDDLE + _CAP}"/>'
    tip, back = x - side, x - side * 8
    return f'<path class="arrow" d="M{back} {_MIDDLE - _CAP}L{tip} {_MIDDLE}L{back} {_MIDDLE + _CAP}"/>'


def _svg(scale: Scale, height: float, name: str, inside: str) -> str:
    box = f"0 0 {scale.width:g} {height:g}"
    return f'<svg class="{name}" viewBox="{box}" aria-hidden="true" focusable="false">{inside}</svg>'


def _tick(change: float, step: float) -> str:
    digits = 0 if step >= 0.01 - 1e-12 and abs(step * 100 - round(step * 100)) < 1e-9 else 1 if step >= 0.001 else 2
    if abs(change) < step / 2:
        return "0"
    return f"{'+' if change > 0 else '−'}{abs(change) * 100:.{digits}f}%"  # noqa: RUF001 - a minus sign, not a hyphen
