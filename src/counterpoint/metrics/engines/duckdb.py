"""The rollup on DuckDB: exposures joined to outcomes, summed per unit, reduced to moments per variant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import duckdb

from counterpoint.config import Metric, outcome_names
from counterpoint.events import EventLog, Exposure, Outcome, Served
from counterpoint.metrics.engines.exact import SCALE, column_sums, exact_summary
from counterpoint.metrics.engines.records import create_view, instant, micros, records_database, text
from counterpoint.metrics.engines.thirds import Shape, cube_sum, linear_summary, shape_of
from counterpoint.metrics.rollup import BEFORE, BEFORE_DENOMINATOR, MetricRollup, QuantileArm, Rollup, RollupQuestion
from counterpoint.stats import DENOMINATOR, METRIC, Summary, ValueCounts, quantile

_DAY = 86_400_000_000
_NO_SEGMENT = ""


def roll_up(log: EventLog, question: RollupQuestion) -> Rollup:
    """Return the sufficient statistics of one experiment: one pass over exposures, one over outcomes.

    Raises:
        CannotCompute: `metric_overflow` when values are too large to be summed exactly.
    """
    until = min(question.now, question.ended_at or question.now)
    longest = timedelta(days=max((m.window_days for m in question.metrics), default=1))
    before = longest if question.covariates else timedelta(0)
    with records_database() as db:
        columns = ("unit", "surface", "experiment", "variant", "snapshot", "request_id")
        create_view(db, log, Exposure, columns, since=question.started_at, until=until)
        outcomes = ("unit", "surface", "name", "value")
        create_view(db, log, Outcome, outcomes, since=question.started_at - before, until=question.now)
        if question.segment is not None:
            create_view(db, log, Served, ("unit", "surface", "attributes"), since=question.started_at, until=until)
        create_exposed(db, question)
        create_units(db, question)
        create_values(db, question)
        exposed, n_mixed, unknown, first, last = _exposed(db, question)
        return Rollup(
            exposed=exposed,
            daily=_daily(db, question),
            phases=_phases(db, question),
            n_mixed=n_mixed,
            unknown=unknown,
            first_exposure_at=None if first is None else instant(first),
            last_exposure_at=None if last is None else instant(last),
            snapshots=tuple(row[0] for row in db.execute("SELECT DISTINCT snapshot FROM met ORDER BY 1").fetchall()),
            metrics=reduce_metrics(db, question),
        )


def create_exposed(db: duckdb.DuckDBPyConnection, question: RollupQuestion) -> None:
    """Make the table `met`: every exposure to the experiment."""
    of_experiment = f"surface = {text(question.surface)} AND experiment = {text(question.experiment)}"
    db.execute(f"CREATE TEMP TABLE met AS SELECT unit, variant, t, snapshot FROM exposure WHERE {of_experiment}")  # noqa: S608 - quoted


def create_units(db: duckdb.DuckDBPyConnection, question: RollupQuestion) -> None:
    """Make the table `units` of `met`: each unit's variant, its first exposure, and whether it met several variants."""
    segment = f"'{_NO_SEGMENT}'"
    if question.segment is not None:
        found = f"arg_min(json_extract_string(attributes, {text('$.' + _json_key(question.segment))}), t)"
        segment = "coalesce(s.segment, 'unknown')"
        db.execute(
            f"""CREATE TEMP TABLE segments AS SELECT unit, {found} AS segment FROM served
                WHERE surface = {text(question.surface)} GROUP BY unit"""  # noqa: S608 - quoted
        )
    join = "" if question.segment is None else "LEFT JOIN segments s USING (unit)"
    db.execute(
        f"""CREATE TEMP TABLE units AS
            SELECT u.*, {segment} AS segment FROM (
              SELECT unit, min(variant) AS variant, min(t) AS first_t, min(variant) <> max(variant) AS mixed
              FROM met GROUP BY unit) u {join}"""  # noqa: S608 - quoted
    )


def create_values(db: duckdb.DuckDBPyConnection, question: RollupQuestion) -> None:
    """Make the table `valued`: each counted unit's metrics in millionths, 0 where nothing happened."""
    declared = ", ".join(map(text, question.variants))
    # Numbers in place of unit and name: what is joined is small, and grouping by it is fast.
    db.execute(
        f"""CREATE TEMP TABLE counted AS
            SELECT row_number() OVER ()::INTEGER AS uid, unit, variant, segment, first_t
            FROM units WHERE NOT mixed AND variant IN ({declared})"""  # noqa: S608 - quoted
    )
    names_of = _names_of(question)
    names = ", ".join(map(text, names_of)) or "''"
    longest = max((m.window_days for m in question.metrics), default=0) * _DAY
    earliest = -longest if question.covariates else 0
    db.execute(f"CREATE TEMP TYPE outcome_name AS ENUM ({names})")
    # A view: what is joined is summed as it streams by, and takes no memory however many events there are.
    db.execute(
        f"""CREATE TEMP VIEW joined AS
            SELECT u.uid, enum_code(try_cast(o.name AS outcome_name))::SMALLINT AS k, o.t - u.first_t AS dt, o.value,
                   round(o.value * {SCALE})::BIGINT AS v
            FROM outcome o JOIN counted u ON o.unit = u.unit
            WHERE o.surface = {text(question.surface)} AND o.name IN ({names})
              AND o.t - u.first_t >= {earliest} AND o.t - u.first_t < {longest}"""  # noqa: S608 - quoted
    )
    # Quantiles need their values one by one, more than once; nothing else is kept.
    kept = [names_of.index(outcome_names(m)[0]) for m in question.metrics if m.type == "quantile"]
    if kept:
        places = ", ".join(map(str, kept))
        db.execute(f"CREATE TEMP TABLE quantiled AS SELECT uid, k, dt, value FROM joined WHERE k IN ({places})")  # noqa: S608 - numbers
    columns = [c for i, metric in enumerate(question.metrics) for c in _columns(i, metric, question)]
    # One pass over what was joined, for every metric and window at once.
    sums = "".join(f", {aggregate} AS {a}" for a, aggregate in columns)
    db.execute(f"CREATE TEMP TABLE summed AS SELECT uid{sums} FROM joined GROUP BY uid")  # noqa: S608 - quoted
    db.execute(
        f"""CREATE TEMP TABLE valued AS
            SELECT c.variant, c.segment, c.first_t{"".join(f", coalesce(p.{a}, 0) AS {a}" for a, _ in columns)}
            FROM counted c LEFT JOIN summed p ON c.uid = p.uid"""  # noqa: S608 - quoted
    )


def _names_of(question: RollupQuestion) -> list[str]:
    return sorted({name for metric in question.metrics for name in outcome_names(metric) if name is not None})


def _columns(i: int, metric: Metric, question: RollupQuestion) -> list[tuple[str, str]]:
    """Return (alias, aggregate over a unit's outcomes) of the figures kept of one metric."""
    if metric.type == "quantile":
        return []
    names, window = _names_of(question), metric.window_days * _DAY
    numerator, denominator = outcome_names(metric)
    after, before = f"dt >= 0 AND dt < {window}", f"dt < 0 AND dt >= -{window}"
    if not question.covariates and window == max(m.window_days for m in question.metrics) * _DAY:
        # Nothing else was joined: to ask again costs a tenth of the pass.
        after = "true"
    found = [(f"x{i}", numerator, after), (f"y{i}", denominator, after)]
    if question.covariates:
        found += [(f"bx{i}", numerator, before), (f"by{i}", denominator, before)]
    how = (
        "max(CASE WHEN {} THEN (v > 0)::BIGINT END)" if metric.type == "proportion" else "sum(CASE WHEN {} THEN v END)"
    )
    return [
        (alias, how.format(f"k = {names.index(name)} AND {when}")) for alias, name, when in found if name is not None
    ]


def reduce_metrics(db: duckdb.DuckDBPyConnection, question: RollupQuestion) -> dict[str, MetricRollup]:
    """Return the moments of every metric over matured units."""
    out: dict[str, MetricRollup] = {}
    for window in sorted({m.window_days for m in question.metrics}):
        matured = f"first_t + {window * _DAY} <= {micros(question.matured_at or question.now)}"
        immature = dict.fromkeys(question.variants, 0)
        immature |= dict(
            db.execute(f"SELECT variant, count(*) FROM valued WHERE NOT ({matured}) GROUP BY variant").fetchall()  # noqa: S608 - quoted
        )
        indexed = [(i, m) for i, m in enumerate(question.metrics) if m.window_days == window]
        moments = _moments(db, question, indexed, matured)
        for i, metric in indexed:
            quantiles = _quantiles(db, metric, question, matured) if metric.type == "quantile" else {}
            arms, segments, linear = moments[i]
            out[metric.key] = MetricRollup(
                arms=arms, quantiles=quantiles, n_immature=immature, segments=segments, linear=linear
            )
    return {m.key: out[m.key] for m in question.metrics}


_Arms = tuple[dict[str, Summary], dict[str, dict[str, Summary]], dict[str, Summary]]
_Cells = dict[tuple[str, str], tuple[int, list[int]]]
"""(variant, segment) -> units, and integer sums."""


def _moments(
    db: duckdb.DuckDBPyConnection, question: RollupQuestion, metrics: Sequence[tuple[int, Metric]], matured: str
) -> dict[int, _Arms]:
    aliases = {i: [alias for alias, _ in _columns(i, m, question)] for i, m in metrics}
    widths = {i: len(a) + len(a) * (len(a) + 1) // 2 for i, a in aliases.items()}
    aggregates = [s for i, _ in metrics for s in column_sums(aliases[i])]
    cells = _cells(db, aggregates, matured)
    whole: dict[int, _Cells] = {}
    at = 0
    for i, _ in metrics:
        whole[i] = {key: (n, sums[at : at + widths[i]]) for key, (n, sums) in cells.items()}
        at += widths[i]
    columns = {i: _names(aliases[i], i) for i, _ in metrics}
    totals = {i: exact_summary(*_added(whole[i].values()), columns[i]) for i, m in metrics if _needs_third(m)}
    shapes = {i: shape for i, total in totals.items() if (shape := shape_of(total)) is not None}
    cubes = _cells(
        db,
        [cube_sum(shape, f"x{i}", f"y{i}" if DENOMINATOR in columns[i] else None) for i, shape in shapes.items()],
        matured,
    )
    third = {i: {key: (n, [sums[j]]) for key, (n, sums) in cubes.items()} for j, i in enumerate(shapes)}
    return {i: _arms(question, m, columns[i], whole[i], shapes.get(i), third.get(i, {})) for i, m in metrics}


def _needs_third(metric: Metric) -> bool:
    return metric.type in {"mean", "ratio"}


def _cells(db: duckdb.DuckDBPyConnection, aggregates: Sequence[str], matured: str) -> _Cells:
    wanted = "".join(f", {a}" for a in aggregates)
    rows = db.execute(
        f"SELECT variant, segment, count(*){wanted} FROM valued WHERE {matured} GROUP BY ALL ORDER BY ALL"  # noqa: S608 - quoted
    ).fetchall()
    return {(row[0], row[1]): (row[2], [int(x) for x in row[3:]]) for row in rows}


def _added(cells: Iterable[tuple[int, list[int]]]) -> tuple[int, list[int]]:
    """Return units and sums of several cells together, still whole numbers: exact however the rows were grouped."""
    listed = list(cells)
    return sum(n for n, _ in listed), [sum(column) for column in zip(*(sums for _, sums in listed), strict=True)]


def _arms(
    question: RollupQuestion,
    metric: Metric,
    columns: tuple[str, ...],
    cells: _Cells,
    shape: Shape | None,
    third: _Cells,
) -> _Arms:
    if not columns:
        return {}, {}, {}
    arms, linear = {}, {}
    for variant in question.variants:
        own = [key for key in cells if key[0] == variant]
        arms[variant] = _summary(metric, *_added(cells[key] for key in own), columns) if own else Summary.empty(columns)
        if shape is not None and own:
            linear[variant] = linear_summary(arms[variant], shape, _added(third[key] for key in own)[1][0])
    if metric.type == "mean":
        arms |= {variant: replace(arms[variant], third=found.third) for variant, found in linear.items()}
    segments: dict[str, dict[str, Summary]] = defaultdict(dict)
    if question.segment is not None:
        for (variant, segment), (n, sums) in cells.items():
            segments[segment][variant] = _summary(metric, n, sums, columns)
    return arms, dict(segments), linear if metric.type == "ratio" and len(linear) == len(arms) else {}


def _summary(metric: Metric, n: int, sums: list[int], columns: tuple[str, ...]) -> Summary:
    if metric.type != "proportion":
        return exact_summary(n, sums, columns)
    counted = exact_summary(n, sums, columns, scale=1)
    return replace(counted, third=Summary.from_counts(sums[0], n).third)


def _names(aliases: Sequence[str], i: int) -> tuple[str, ...]:
    meaning = {f"x{i}": METRIC, f"y{i}": DENOMINATOR, f"bx{i}": BEFORE, f"by{i}": BEFORE_DENOMINATOR}
    return tuple(meaning[a] for a in aliases)


def _quantiles(
    db: duckdb.DuckDBPyConnection, metric: Metric, question: RollupQuestion, matured: str
) -> dict[str, QuantileArm]:
    k = _names_of(question).index(outcome_names(metric)[0])
    # Five significant digits: exact enough for any margin, and the counts stay small however many values there are.
    digits = "round(value, CASE WHEN value = 0 THEN 0 ELSE 4 - floor(log10(abs(value)))::INTEGER END)"
    kept = f"""SELECT c.variant, c.uid, {digits} AS q FROM quantiled j JOIN counted c ON j.uid = c.uid
               WHERE j.k = {k} AND j.dt >= 0 AND j.dt < {metric.window_days * _DAY} AND c.{matured}"""  # noqa: S608 - numbers
    values: dict[str, dict[float, int]] = defaultdict(dict)
    for variant, value, n in db.execute(f"SELECT variant, q, count(*) FROM ({kept}) GROUP BY ALL").fetchall():  # noqa: S608 - quoted
        values[variant][value] = n
    out = {}
    for variant, counts in values.items():
        found = ValueCounts.from_mapping(counts)
        at = quantile(found, metric.quantile or 0.5)
        n, *sums = _one(
            db,
            f"""SELECT count(*), {", ".join(column_sums(["below", "n"]))} FROM (
                  SELECT c.uid, count(*) FILTER (k.q <= {at!r}) AS below, count(k.q) AS n
                  FROM counted c LEFT JOIN ({kept}) k ON c.uid = k.uid
                  WHERE c.variant = {text(variant)} AND c.{matured} GROUP BY c.uid)""",  # noqa: S608 - quoted
        )
        out[variant] = QuantileArm(values=found, clusters=exact_summary(n, sums, (METRIC, DENOMINATOR), scale=1))
    return out


def _exposed(
    db: duckdb.DuckDBPyConnection, question: RollupQuestion
) -> tuple[dict[str, int], int, dict[str, int], int | None, int | None]:
    exposed: Mapping[str, int] = dict(db.execute("SELECT variant, count(*) FROM counted GROUP BY variant").fetchall())
    n_mixed, first, last = _one(db, "SELECT count(*) FILTER (mixed), min(first_t), max(first_t) FROM units")
    found = db.execute("SELECT variant, count(DISTINCT unit) FROM met GROUP BY variant ORDER BY variant").fetchall()
    unknown = {v: n for v, n in found if v not in question.variants}
    return {v: exposed.get(v, 0) for v in question.variants}, n_mixed, unknown, first, last


def _daily(db: duckdb.DuckDBPyConnection, question: RollupQuestion) -> tuple[tuple[int, ...], ...]:
    return _cumulated(db, question, micros(question.started_at), None)


def _phases(db: duckdb.DuckDBPyConnection, question: RollupQuestion) -> tuple[tuple[tuple[int, ...], ...], ...]:
    starts = [micros(at) for at in question.phase_starts] or [micros(question.started_at)]
    # What came before the first phase belongs to it: a clock may be a little off.
    return tuple(
        _cumulated(db, question, start, (None if i == 0 else start, starts[i + 1] if i + 1 < len(starts) else None))
        for i, start in enumerate(starts)
    )


def _cumulated(
    db: duckdb.DuckDBPyConnection, question: RollupQuestion, start: int, within: tuple[int | None, int | None] | None
) -> tuple[tuple[int, ...], ...]:
    low, high = within or (None, None)
    limits = [f"first_t >= {low}"] * (low is not None) + [f"first_t < {high}"] * (high is not None)
    where = f" WHERE {' AND '.join(limits)}" if limits else ""
    day = f"greatest((first_t - {start}) // {_DAY}, 0)"
    rows = db.execute(f"SELECT {day} AS day, variant, count(*) FROM counted{where} GROUP BY ALL").fetchall()  # noqa: S608 - numbers
    by_day: dict[int, dict[str, int]] = defaultdict(dict)
    for which, variant, n in rows:
        by_day[which][variant] = n
    running, out = dict.fromkeys(question.variants, 0), []
    for which in range(max(by_day, default=-1) + 1):
        running = {v: n + by_day[which].get(v, 0) for v, n in running.items()}
        out.append(tuple(running.values()))
    return tuple(out)


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = db.execute(sql).fetchone()
    return row or ()


def _json_key(key: str) -> str:
    return '"' + key.replace('"', '\\"') + '"'
