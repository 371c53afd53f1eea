"""The reduction: from each unit's values, in the relations of any engine, to moments per variant."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from counterpoint.config import Metric, outcome_names
from counterpoint.metrics.engines.exact import column_sums, exact_summary, number
from counterpoint.metrics.engines.records import micros
from counterpoint.metrics.engines.relations import Relations
from counterpoint.metrics.engines.thirds import Shape, cube_sum, linear_summary, shape_of
from counterpoint.metrics.rollup import BEFORE, BEFORE_DENOMINATOR, MetricRollup, QuantileArm, RollupQuestion
from counterpoint.stats import DENOMINATOR, METRIC, Summary, ValueCounts, quantile

_DAY = 86_400_000_000


def outcome_places(question: RollupQuestion) -> list[str]:
    """Return the outcomes that feed the metrics: their places are the numbers that stand for them in the relations."""
    return sorted({name for metric in question.metrics for name in outcome_names(metric) if name is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure kept of a unit: the sum of its outcomes of one name in one window, or whether there was one above 0.

    Attributes:
        alias: Its column.
        place: Of the name in `outcome_places`.
        low: Microseconds since the unit's first exposure from which outcomes count.
        high: From here on they do not.
        once: Whether it is 1 for any outcome above 0, instead of the sum in millionths.
    """

    alias: str
    place: int
    low: int
    high: int
    once: bool


def unit_figures(i: int, metric: Metric, question: RollupQuestion) -> list[Figure]:
    """Return the figures kept of one metric."""
    if metric.type == "quantile":
        return []
    names, window = outcome_places(question), metric.window_days * _DAY
    numerator, denominator = outcome_names(metric)
    found = [(f"x{i}", numerator, 0, window), (f"y{i}", denominator, 0, window)]
    if question.covariates:
        found += [(f"bx{i}", numerator, -window, 0), (f"by{i}", denominator, -window, 0)]
    return [
        Figure(alias=alias, place=names.index(name), low=low, high=high, once=metric.type == "proportion")
        for alias, name, low, high in found
        if name is not None
    ]


def unit_columns(i: int, metric: Metric, question: RollupQuestion) -> list[tuple[str, str]]:
    """Return (alias, aggregate over a unit's outcomes) of the figures kept of one metric."""
    longest = max(m.window_days for m in question.metrics) * _DAY

    def aggregate(figure: Figure) -> str:
        when = f"k = {figure.place} AND dt >= {figure.low} AND dt < {figure.high}"
        if not question.covariates and figure.high == longest:
            # Nothing else was joined: to ask again costs a tenth of the pass.
            when = f"k = {figure.place}"
        return f"max(CASE WHEN {when} THEN (v > 0)::BIGINT END)" if figure.once else f"sum(CASE WHEN {when} THEN v END)"

    return [(figure.alias, aggregate(figure)) for figure in unit_figures(i, metric, question)]


def reduced(on: Relations, question: RollupQuestion) -> dict[str, MetricRollup]:
    """Return the moments of every metric over matured units.

    Args:
        on: Holds `valued` (one row per counted unit: variant, segment, first_t, and the `unit_columns` of every metric
            in millionths, 0 where nothing happened), `counted` (uid, variant, first_t) and, for quantiles, `quantiled`
            (uid, k, dt, value).
        question: Its metrics and variants.
    """
    out: dict[str, MetricRollup] = {}
    for window in sorted({m.window_days for m in question.metrics}):
        matured = f"first_t + {window * _DAY} <= {micros(question.matured_at or question.now)}"
        immature = dict.fromkeys(question.variants, 0)
        immature |= dict(
            on.ask(f"SELECT variant, count(*) FROM valued WHERE NOT ({matured}) GROUP BY variant")  # noqa: S608 - quoted
        )
        indexed = [(i, m) for i, m in enumerate(question.metrics) if m.window_days == window]
        moments = _moments(on, question, indexed, matured)
        for i, metric in indexed:
            quantiles = _quantiles(on, metric, question, matured) if metric.type == "quantile" else {}
            arms, segments, linear = moments[i]
            out[metric.key] = MetricRollup(
                arms=arms, quantiles=quantiles, n_immature=immature, segments=segments, linear=linear
            )
    return {m.key: out[m.key] for m in question.metrics}


_Arms = tuple[dict[str, Summary], dict[str, dict[str, Summary]], dict[str, Summary]]
_Cells = dict[tuple[str, str], tuple[int, list[int]]]
"""(variant, segment) -> units, and integer sums."""


def _moments(
    on: Relations, question: RollupQuestion, metrics: Sequence[tuple[int, Metric]], matured: str
) -> dict[int, _Arms]:
    aliases = {i: [alias for alias, _ in unit_columns(i, m, question)] for i, m in metrics}
    widths = {i: len(a) + len(a) * (len(a) + 1) // 2 for i, a in aliases.items()}
    aggregates = [s for i, _ in metrics for s in column_sums(on.sql, aliases[i])]
    cells = _cells(on, aggregates, matured)
    whole: dict[int, _Cells] = {}
    at = 0
    for i, _ in metrics:
        whole[i] = {key: (n, sums[at : at + widths[i]]) for key, (n, sums) in cells.items()}
        at += widths[i]
    columns = {i: _names(aliases[i], i) for i, _ in metrics}
    totals = {i: exact_summary(*_added(whole[i].values()), columns[i]) for i, m in metrics if _needs_third(m)}
    shapes = {i: shape for i, total in totals.items() if (shape := shape_of(total)) is not None}
    cubes = _cells(
        on,
        [
            cube_sum(on.sql, shape, f"x{i}", f"y{i}" if DENOMINATOR in columns[i] else None)
            for i, shape in shapes.items()
        ],
        matured,
    )
    third = {i: {key: (n, [sums[j]]) for key, (n, sums) in cubes.items()} for j, i in enumerate(shapes)}
    return {i: _arms(question, m, columns[i], whole[i], shapes.get(i), third.get(i, {})) for i, m in metrics}


def _needs_third(metric: Metric) -> bool:
    return metric.type in {"mean", "ratio"}


def _cells(on: Relations, aggregates: Sequence[str], matured: str) -> _Cells:
    wanted = "".join(f", {a}" for a in aggregates)
    rows = on.ask(
        f"SELECT variant, segment, count(*){wanted} FROM valued WHERE {matured} GROUP BY ALL ORDER BY ALL"  # noqa: S608 - quoted
    )
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


def _quantiles(on: Relations, metric: Metric, question: RollupQuestion, matured: str) -> dict[str, QuantileArm]:
    k = outcome_places(question).index(outcome_names(metric)[0])
    # Exact enough for any margin, and the counts stay small however many values there are.
    digits = on.sql.five_digits("value")
    kept = f"""SELECT c.variant, c.uid, {digits} AS q FROM quantiled j JOIN counted c ON j.uid = c.uid
               WHERE j.k = {k} AND j.dt >= 0 AND j.dt < {metric.window_days * _DAY} AND c.{matured}"""  # noqa: S608 - numbers
    values: dict[str, dict[float, int]] = defaultdict(dict)
    for variant, value, n in on.ask(f"SELECT variant, q, count(*) FROM ({kept}) GROUP BY ALL"):  # noqa: S608 - quoted
        values[variant][value] = n
    out = {}
    for variant, counts in values.items():
        found = ValueCounts.from_mapping(counts)
        at = quantile(found, metric.quantile or 0.5)
        ((n, *sums),) = on.ask(
            f"""SELECT count(*), {", ".join(column_sums(on.sql, ["below", "n"]))} FROM (
                  SELECT c.uid, count(*) FILTER (WHERE k.q <= {number(at)}) AS below, count(k.q) AS n
                  FROM counted c LEFT JOIN ({kept}) k ON c.uid = k.uid
                  WHERE c.variant = {on.sql.text(variant)} AND c.{matured} GROUP BY c.uid)"""  # noqa: S608 - quoted
        )
        out[variant] = QuantileArm(values=found, clusters=exact_summary(n, sums, (METRIC, DENOMINATOR), scale=1))
    return out
