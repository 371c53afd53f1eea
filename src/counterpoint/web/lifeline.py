"""The machine's time of a launch drawn as one bar, step by step; a table beside it says the same."""

from collections.abc import Sequence
from html import escape

from counterpoint.web.numbers import duration
from counterpoint.web.ports import Document

_WIDTH, _HEIGHT, _LEAST = 640.0, 36, 6.0


def machine_seconds(timeline: Sequence[Document]) -> float:
    """Return the machine's seconds from the text to the first stage going live, people's time apart."""
    total = 0.0
    for entry in timeline:
        total += entry["seconds"]
        if entry["state"] == "running":
            break
    return total


def lifeline(timeline: Sequence[Document]) -> str:
    """Return the bar of the steps up to the first stage; a step too short to see is drawn as wide as can be seen."""
    steps = []
    for entry in timeline:
        steps.append(entry)
        if entry["state"] == "running":
            break
    total = sum(entry["seconds"] for entry in steps)
    if not steps or total <= 0:
        return ""
    free = _WIDTH - _LEAST * len(steps)
    x, parts = 0.0, []
    for n, entry in enumerate(steps):
        width = _LEAST + free * entry["seconds"] / total
        title = escape(f"{entry['step']}: {duration(entry['seconds'])}")
        parts.append(
            f'<g><title>{title}</title><rect class="step step-{n % 4}" x="{x:.1f}" y="0" width="{width - 2:.1f}"'
            f' height="{_HEIGHT - 16}" rx="3"/>{_label(entry["step"], x, width)}</g>'
        )
        x += width
    return (
        f'<svg class="lifeline" viewBox="0 0 {_WIDTH:g} {_HEIGHT}" role="img"'
        f' aria-label="{escape(duration(total))} of machine time, step by step">{"".join(parts)}</svg>'
    )


def _label(step: str, x: float, width: float) -> str:
    if width < 8 * len(step):
        return ""
    return f'<text x="{x + 2:.1f}" y="{_HEIGHT - 4}">{escape(step)}</text>'
