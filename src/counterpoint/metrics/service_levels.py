"""Service levels of a surface: its error budgets, counted from the pages it served."""

from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import yaml

from counterpoint.errors import InvalidInput
from counterpoint.events import EventLog, Served
from counterpoint.metrics.engines.records import create_view, micros, records_database, text
from counterpoint.slo import BURN_WINDOWS, Counts, ErrorBudget, Objective, parse_objectives

_DAY_S = 86_400


def load_objectives(path: Path | None = None) -> tuple[Objective, ...]:
    """Return the objectives of a YAML file; the platform's own when None.

    Raises:
        InvalidInput: `unreadable_file`, `malformed_objective` or `duplicate_objective`.
    """
    source = files("counterpoint.slo").joinpath("objectives.yaml") if path is None else path
    try:
        documents = list(yaml.safe_load_all(source.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        first = str(error).splitlines()[0]
        raise InvalidInput(
            "unreadable_file", f"the objectives cannot be read ({first})", where=str(source), fix="give a YAML file"
        ) from error
    return parse_objectives(documents)


def error_budgets(
    log: EventLog, surface: str, now: datetime, objectives: tuple[Objective, ...]
) -> tuple[ErrorBudget, ...]:
    """Return where each objective stands on one surface; forced pages do not count.

    Args:
        log: Where the served records are.
        surface: Whose pages.
        now: The windows end here.
        objectives: What must hold.
    """
    if not objectives:
        return ()
    lengths = sorted({w for pair in BURN_WINDOWS for w in (pair.long_s, pair.short_s)})
    longest = max(o.window_days for o in objectives)
    columns = []
    for objective in objectives:
        good = _GOOD[objective.indicator].format(threshold=objective.threshold_ms)
        for window_s in (objective.window_days * _DAY_S, *lengths):
            inside = f"t >= {micros(now) - window_s * 1_000_000}"
            columns += [f"count(*) FILTER ({inside} AND {good})", f"count(*) FILTER ({inside})"]
    with records_database() as db:
        fields = ("surface", "status", "latency_ms", "forced")
        create_view(db, log, Served, fields, since=now - timedelta(days=longest), until=now)
        sql = f"SELECT {', '.join(columns)} FROM served WHERE surface = {text(surface)} AND NOT forced"  # noqa: S608 - quoted
        cells = iter(db.execute(sql).fetchone() or ())
    out = []
    for objective in objectives:
        whole, *recent = (Counts(good=next(cells), total=next(cells)) for _ in range(1 + len(lengths)))
        out.append(ErrorBudget(objective=objective, whole=whole, recent=dict(zip(lengths, recent, strict=True))))
    return tuple(out)


_GOOD = {"availability": "status <> 'fallback'", "latency": "latency_ms <= {threshold}"}
