"""The course drawn as SVG: a line and a band for each treatment, the looks planned, and what is not yet observed."""

import math
from collections.abc import Iterator
from html import escape

from counterpoint.web.course import Course, Look
from counterpoint.web.numbers import signed_percent
from counterpoint.web.plot import ChangeAxis, DayAxis, Frame, change_axis, spread_out
from counterpoint.web.scorecard import Figure

_ROOM_FOR_WORDS = 92.0
_APART = 15.0
_BAR = 9.0
_MOST_OF_A_BOUND = 2.5
_DASHES = ("", "6 3", "2 3", "8 3 2 3")


def course_svg(course: Course, frame: Frame) -> str:
    """Return the chart; decoration, because the controls over it and the table below it say the same.

    Bands are cut at the plot's edge, and a look without a figure leaves a gap.
    """
    days = DayAxis(days=course.days, frame=frame)
    changes = change_axis(_extents(course), frame, n_ticks=6 if frame.width > 400 else 4)
    series = [(variant, letter) for variant, letter in course.letters.items()]
    clip = f"plot-{frame.width:g}"
    parts = [
        f'<clipPath id="{clip}"><rect x="{frame.left}" y="{frame.top}" width="{_r(frame.plot_width)}"'
        f' height="{_r(frame.plot_height)}"/></clipPath>',
        _unobserved(course, days, frame),
        _grid(changes, frame),
        f'<g clip-path="url(#{clip})">',
        *(_band(course, variant, letter, days, changes) for variant, letter in series),
        *(_line(course, variant, letter, n, days, changes) for n, (variant, letter) in enumerate(series)),
        "</g>",
        _planned(course, days, frame),
        _day_labels(days, frame),
        _ends(course, changes, frame),
    ]
    box = f"0 0 {frame.width:g} {frame.height:g}"
    return f'<svg class="course" viewBox="{box}" aria-hidden="true" focusable="false">{"".join(parts)}</svg>'


def _extents(course: Course) -> Iterator[float]:
    """Yield what has to fit: every estimate, and the bounds of the newer half of the looks, unless they say nothing."""
    figures = [figure for look in course.looks for figure in look.figures.values() if figure is not None]
    newer = [figure for look in course.looks[len(course.looks) // 2 :] for figure in look.figures.values() if figure]
    yield from (figure.estimate for figure in figures)
    largest = max((abs(figure.estimate) for figure in figures), default=0.0)
    narrowest = min((figure.upper - figure.lower for figure in newer), default=0.0)
    # A bound many times as far out as any effect would squeeze the effects into a line; it is cut instead.
    most = _MOST_OF_A_BOUND * max(largest, narrowest / 2 if math.isfinite(narrowest) else 0.0)
    yield from (max(-most, min(most, bound)) for figure in newer for bound in (figure.lower, figure.upper))


def _runs(course: Course, variant: str) -> Iterator[list[tuple[Look, Figure]]]:
    """Yield stretches of looks in a row that have a figure."""
    run: list[tuple[Look, Figure]] = []
    for look in course.looks:
        figure = look.figures.get(variant)
        if figure is not None:
            run.append((look, figure))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _band(course: Course, variant: str, letter: str, days: DayAxis, changes: ChangeAxis) -> str:
    out = []
    for run in _runs(course, variant):
        if len(run) == 1:
            look, figure = run[0]
            x = _r(days.x(look.day) + _beside(course, variant))
            out.append(
                f'<line class="alone tint-{letter}" x1="{x}" x2="{x}" y1="{_y(figure.upper, changes)}"'
                f' y2="{_y(figure.lower, changes)}"/>'
            )
            continue
        above = [f"{days.x(look.day)} {_y(figure.upper, changes)}" for look, figure in run]
        below = [f"{days.x(look.day)} {_y(figure.lower, changes)}" for look, figure in reversed(run)]
        out.append(f'<path class="band tint-{letter}" d="M{"L".join((*above, *below))}Z"/>')
    return "".join(out)


def _beside(course: Course, variant: str) -> float:
    """Return how far a bar stands from its day: on top of each other, bars of one look would hide each other."""
    return _BAR * (list(course.letters).index(variant) - (len(course.letters) - 1) / 2)


def _y(change: float, changes: ChangeAxis) -> float:
    """Return where a bound stands, outside the plot too: a band that is cut keeps its slope up to the edge."""
    reach = changes.high - changes.low
    held = min(max(change, changes.low - 2 * reach), changes.high + 2 * reach)
    share = (held - changes.low) / reach
    return _r(changes.frame.top + (1 - share) * changes.frame.plot_height)


def _line(course: Course, variant: str, letter: str, n: int, days: DayAxis, changes: ChangeAxis) -> str:
    dashes = _DASHES[n % len(_DASHES)]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    out, last, alone = [], None, False
    for run in _runs(course, variant):
        places = [f"{days.x(look.day)} {changes.y(figure.estimate)}" for look, figure in run]
        if len(places) > 1:
            out.append(f'<path class="line tint-{letter}"{dashed} d="M{"L".join(places)}"/>')
        last, alone = run[-1], len(run) == 1
    if last is not None:
        x, y = _r(days.x(last[0].day) + (_beside(course, variant) if alone else 0.0)), changes.y(last[1].estimate)
        out.append(f'<circle class="newest tint-{letter}" cx="{x}" cy="{y}" r="4"/>')
    return "".join(out)


def _unobserved(course: Course, days: DayAxis, frame: Frame) -> str:
    edge = frame.left + frame.plot_width
    newest = course.looks[-1].day if course.looks else 0.0
    out = []
    first = days.x(course.looks[0].day) if course.looks else frame.left
    if first > frame.left + 1:
        out.append(_shade(frame.left, first, f"first {course.window_days} days", frame))
    start = days.x(newest) if course.looks else frame.left
    if edge - start > 1:
        out.append(_shade(start, edge, "not observed: it ended" if course.ended else "not yet observed", frame))
    return "".join(out)


def _shade(left: float, right: float, words: str, frame: Frame) -> str:
    said = ""
    if right - left >= _ROOM_FOR_WORDS:
        said = f'<text x="{_r((left + right) / 2)}" y="{frame.top + 14}" text-anchor="middle">{escape(words)}</text>'
    return (
        f'<rect class="unobserved" x="{_r(left)}" y="{frame.top}" width="{_r(right - left)}"'
        f' height="{_r(frame.plot_height)}"/>{said}'
    )


def _grid(changes: ChangeAxis, frame: Frame) -> str:
    right = _r(frame.left + frame.plot_width)
    out = []
    for tick in changes.ticks:
        y, name = changes.y(tick), "zero" if abs(tick) < changes.step / 2 else "tick"
        out.append(f'<line class="{name}" x1="{frame.left}" x2="{right}" y1="{y}" y2="{y}"/>')
        out.append(
            f'<text x="{frame.left - 6}" y="{_r(y + 4)}" text-anchor="end">{tick_text(tick, changes.step)}</text>'
        )
    return "".join(out)


def tick_text(change: float, step: float, *, signed: bool = True) -> str:
    """Return the label of a tick, with the digits that its step needs."""
    whole = abs(step * 100 - round(step * 100)) < 1e-9
    digits = 0 if whole else 1 if step >= 0.001 else 2
    if abs(change) < step / 2:
        return "0%"
    sign = ("+" if change > 0 else "\N{MINUS SIGN}") if signed else ""
    return f"{sign}{abs(change) * 100:,.{digits}f}%"


def _day_labels(days: DayAxis, frame: Frame) -> str:
    words = [f"day {day}" if n == 0 or frame.width > 400 else str(day) for n, day in enumerate(days.ticks)]
    return "".join(
        f'<text x="{days.x(day)}" y="{frame.height - 8}" text-anchor="middle">{text}</text>'
        for day, text in zip(days.ticks, words, strict=True)
    )


def _planned(course: Course, days: DayAxis, frame: Frame) -> str:
    base, newest = frame.top + frame.plot_height, course.looks[-1].day if course.looks else 0.0
    return "".join(
        f'<line class="look {"taken" if day <= newest else "to-come"}" x1="{days.x(day)}" x2="{days.x(day)}"'
        f' y1="{_r(base - 3)}" y2="{_r(base + 4)}"/>'
        for day in course.planned_looks
    )


def _ends(course: Course, changes: ChangeAxis, frame: Frame) -> str:
    """Return each treatment's letter and newest value at the right edge, moved apart where they would touch."""
    if not course.looks:
        return ""
    known = [
        (letter, figure)
        for variant, letter in course.letters.items()
        if (figure := course.looks[-1].figures.get(variant))
    ]
    places = spread_out(
        [changes.y(figure.estimate) + 4 for _, figure in known],
        _APART,
        low=frame.top + 8,
        high=frame.top + frame.plot_height,
    )
    x = _r(frame.left + frame.plot_width + 7)
    return "".join(
        f'<text class="end tint-{letter}" x="{x}" y="{y}">{letter}'
        f"{' ' + signed_percent(figure.estimate) if frame.width > 400 else ''}</text>"
        for (letter, figure), y in zip(known, places, strict=True)
    )


def _r(length: float) -> float:
    return round(length, 2)
