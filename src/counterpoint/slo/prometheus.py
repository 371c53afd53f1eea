"""Prometheus rules: the recording and alerting rules that follow from the objectives."""

from collections.abc import Sequence

from counterpoint.slo.budget import BURN_WINDOWS, BurnWindow
from counterpoint.slo.objectives import Objective

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def prometheus_rules(objectives: Sequence[Objective]) -> str:
    """Return a rules file (YAML): the share of bad events per window, and multi-window burn-rate alerts."""
    lines = ["# Made from the objectives; change those instead.", "groups:"]
    for objective in objectives:
        lines += _group(objective)
    return "\n".join(lines) + "\n"


def _group(objective: Objective) -> list[str]:
    lines = [f"  - name: slo-{objective.key}", "    rules:"]
    windows = sorted(
        {w for pair in BURN_WINDOWS for w in (pair.long_s, pair.short_s)} | {objective.window_days * 86_400}
    )
    for window in windows:
        lines += [
            f"      - record: {_recorded(window)}",
            f"        expr: {_quoted(_bad_share(objective, _duration(window)))}",
            f"        labels: {{slo: {_quoted(objective.key)}}}",
        ]
    for pair in BURN_WINDOWS:
        lines += _alert(objective, pair)
    return lines


def _alert(objective: Objective, pair: BurnWindow) -> list[str]:
    # The allowed share is written out, so that a reader of the rules file sees the threshold itself.
    limit = f"{pair.rate * (1 - objective.target):.10g}"
    chosen = f'{{slo="{objective.key}"}}'
    expr = f"{_recorded(pair.long_s)}{chosen} >= {limit} and {_recorded(pair.short_s)}{chosen} >= {limit}"
    summary = f"{objective.key} burns its error budget at {pair.rate:g} times the allowed rate or faster"
    labels = f"slo: {_quoted(objective.key)}, severity: {pair.severity}"
    return [
        f"      - alert: CounterpointBudgetBurn{_duration(pair.long_s).capitalize()}",
        f"        expr: {_quoted(expr)}",
        f"        labels: {{{labels}}}",
        f"        annotations: {{summary: {_quoted(summary)}, description: {_quoted(objective.description)}}}",
    ]


def _bad_share(objective: Objective, duration: str) -> str:
    good, total = (f"sum(rate({query}[{duration}]))" for query in (objective.good, objective.total))
    return f"1 - {good} / {total}"


def _recorded(window_s: int) -> str:
    return f"counterpoint:slo_bad:share_{_duration(window_s)}"


def _duration(window_s: int) -> str:
    size, unit = next((size, unit) for size, unit in _UNITS if window_s % size == 0)
    return f"{window_s // size}{unit}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
