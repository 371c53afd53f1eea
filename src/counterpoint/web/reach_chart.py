"""What an experiment can still detect: the curve by day as SVG, and the sentence that goes with it."""

from counterpoint.web.course import day_text
from counterpoint.web.course_chart import tick_text
from counterpoint.web.numbers import percent
from counterpoint.web.plot import ChangeAxis, DayAxis, Frame, change_axis
from counterpoint.web.ports import Document

FRAME = Frame(width=320.0, height=190.0, left=38.0, right=12.0, bottom=24.0)
_READABLE = 8.0


def reach_svg(course: Document) -> str:
    """Return the curve with the planned change and today's; empty when there are fewer than two days to draw."""
    found = [(float(each["day"]), float(each["change"])) for each in course["detectable"]["by_day"]]
    if len(found) < 2:
        return ""
    mde = course["mde"]
    # The first days detect nothing that anybody means; the curve enters from above.
    smallest = min(change for _, change in found)
    top = max(min(max(change for _, change in found), _READABLE * smallest), 1.3 * (mde or 0.0))
    days = DayAxis(days=course["days"], frame=FRAME)
    changes = change_axis([0.0, top], FRAME, n_ticks=5)
    right = FRAME.left + FRAME.plot_width
    parts = []
    for tick in changes.ticks:
        y = changes.y(tick)
        parts.append(f'<line class="tick" x1="{FRAME.left}" x2="{right}" y1="{y}" y2="{y}"/>')
        label = tick_text(tick, changes.step, signed=False)
        parts.append(f'<text x="{FRAME.left - 5}" y="{round(y + 4, 2)}" text-anchor="end">{label}</text>')
    for n, day in enumerate(days.ticks):
        words = f"day {day}" if n == 0 else str(day)
        parts.append(f'<text x="{days.x(day)}" y="{FRAME.height - 7}" text-anchor="middle">{words}</text>')
    shown = [(day, change) for day, change in found if change <= changes.high]
    places = "L".join(f"{days.x(day)} {changes.y(change)}" for day, change in shown)
    parts.append(f'<path class="line tint-A" d="M{places}"/>')
    if mde:
        planned_y = changes.y(mde)
        parts.append(f'<line class="planned" x1="{FRAME.left}" x2="{right}" y1="{planned_y}" y2="{planned_y}"/>')
        parts.append(
            f'<text class="planned-text" x="{FRAME.left + 4}" y="{round(planned_y - 5, 2)}">'
            f"planned {percent(mde)}</text>"
        )
    parts.append(_today(course, days, changes))
    box = f"0 0 {FRAME.width:g} {FRAME.height:g}"
    return f'<svg class="reach" viewBox="{box}" aria-hidden="true" focusable="false">{"".join(parts)}</svg>'


def _today(course: Document, days: DayAxis, changes: ChangeAxis) -> str:
    today = course["detectable"]["today"]
    if today is None or today["change"] > changes.high:
        return ""
    x, y, base = days.x(today["day"]), changes.y(today["change"]), FRAME.top + FRAME.plot_height
    anchor = "start" if x < FRAME.left + 0.7 * FRAME.plot_width else "end"
    # The curve falls to the right: above the point there is room to the right, and high above it to the left.
    above = y - 9 if anchor == "start" else max(y - 34, FRAME.top + 12)
    return (
        f'<line class="now" x1="{x}" x2="{x}" y1="{FRAME.top}" y2="{base}"/>'
        f'<circle class="newest tint-A" cx="{x}" cy="{y}" r="4"/>'
        f'<text class="end tint-A" x="{x + (6 if anchor == "start" else -6)}" y="{round(above, 2)}"'
        f' text-anchor="{anchor}">today {today["change"] * 100:.3g}%</text>'
    )


def reach_sentences(course: Document) -> list[str]:
    """Return what the experiment finds now and at its end, against what was planned."""
    found = course["detectable"]
    if found["reason"] is not None:
        return [f"Not known: {found['reason']['message']}."]
    end, today = found["by_day"][-1], found["today"]
    power = percent(found["power"])
    said = [f"Smallest true change in {course['metric']} found with {power} power, by the day on which it ends."]
    if today is not None and today["day"] < end["day"]:
        said.append(f"Ended on day {day_text(today['day'])}, it finds {percent_text(today['change'])}.")
    mde = course["mde"]
    if mde:
        enough = end["change"] <= mde
        verdict = "as small as planned" if enough else f"larger than the planned {percent(mde)}"
        said.append(f"By day {day_text(end['day'])} it finds {percent_text(end['change'])}, {verdict}.")
    else:
        said.append(f"By day {day_text(end['day'])} it finds {percent_text(end['change'])}.")
    said.append(f"The spread is that of {found['source']}.")
    return said


def percent_text(change: float) -> str:
    """Return a change to three digits."""
    return f"{change * 100:.3g} %"
