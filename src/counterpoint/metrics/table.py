"""Analyse a table of users: a Parquet or CSV file with a variant and metrics, in one pass over it."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.metrics.engines.duckdb_table import open_table
from counterpoint.metrics.engines.tables import Cell, OpenTable, Table, TableMoments
from counterpoint.metrics.measures import Measure, MeasureType, Unmeasured, compare
from counterpoint.metrics.ready_summaries import analyze_summaries, holds_summaries
from counterpoint.metrics.split import split_findings, split_of
from counterpoint.metrics.table_report import Comparison, TableReport
from counterpoint.stats import Inference, Relative
from counterpoint.vocabulary import Finding, Severity

MAX_VARIANTS = 100
_TYPES: dict[str, MeasureType] = {"mean": "mean", "proportion": "proportion"}


def analyze_table(
    path: Path,
    *,
    variant: str | None = None,
    control: str | None = None,
    metrics: Sequence[str] = (),
    unit: str | None = None,
    segment: str | None = None,
    weights: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    engine: OpenTable = open_table,
) -> TableReport:
    """Return the split and every metric of every variant against control.

    A table of sufficient statistics (columns `count_c`, `count_t`, `mean_c`, `mean_t`, `variance_c`, `variance_t`) is
    recognised as such and needs none of the options.

    Args:
        path: A Parquet or CSV file.
        variant: Column that names each row's variant.
        control: The value of that column that is compared against, as text.
        metrics: `COLUMN`, `COLUMN:mean`, `COLUMN:proportion` or `COLUMN:ratio/DENOMINATOR`; without a type, yes-or-no
            columns are proportions and the others means.
        unit: Column that names the randomised unit, when a unit has several rows: they are added up first (for a
            proportion: any). Units with rows in two variants are left out and counted. Without it a row is a unit.
        segment: Column of few values by which every comparison is made again, in the same pass over the file.
        weights: Intended split, any scale; equal when not given.
        alpha: Level of tests and intervals, in (0, 1).
        engine: Who reads the file.

    Raises:
        InvalidInput: What cannot be read or is not in the file, with where and what to do.
        CannotCompute: `no_treatment` when there is nothing to compare.

    Estimand: Treatment minus control per unit; one look, at an end fixed in advance.
    """
    inference = Inference(alpha=alpha, relative=Relative.FIELLER)
    table = engine(path)
    try:
        if holds_summaries(table):
            return analyze_summaries(table, metrics=metrics, weights=weights, inference=inference)
        if variant is None or control is None or not metrics:
            missing = "variant" if variant is None else "control" if control is None else "metric"
            raise InvalidInput(
                "missing_option",
                f"no {missing} was named",
                where=f"--{missing}",
                fix=f"its columns are {_list(table.columns)}",
            )
        for name, option in ((variant, "--variant"), (unit, "--unit"), (segment, "--segment")):
            if name is not None:
                _require_column(table, name, option)
        measures = _measures(table, metrics)
        moments = table.moments(unit=unit, variant=variant, measures=measures, segment=segment)
        return _report(moments, measures, control, weights=weights, inference=inference, path=path)
    finally:
        table.close()


def _report(
    moments: TableMoments,
    measures: Sequence[Measure],
    control: str,
    *,
    weights: Mapping[str, float] | None,
    inference: Inference,
    path: Path,
) -> TableReport:
    names = list(moments.variants)
    if control not in moments.variants:
        raise InvalidInput(
            "unknown_control",
            f"no row has the variant {control!r}",
            where="--control",
            fix=f"it is one of {_list(names)}",
        )
    treatments = [name for name in names if name != control]
    if not treatments:
        raise CannotCompute(
            "no_treatment",
            f"every row is in {control!r}",
            where=str(path),
            fix="give a table with at least two variants",
        )
    if len(names) > MAX_VARIANTS:
        raise InvalidInput(
            "too_many_variants",
            f"{len(names):,} different variants",
            where="--variant",
            fix="name the column of the variant",
        )
    comparisons = _comparisons(moments.variants, measures, control, treatments, inference)
    for segment, cells in moments.segments.items():
        comparisons += _comparisons(cells, measures, control, treatments, inference, segment=segment)
    counts = {name: moments.variants[name][0] for name in (control, *treatments)}
    split = split_of(counts, weights)
    return TableReport(
        source=path.name,
        n_rows=moments.n_rows,
        alpha=inference.alpha,
        splits=(split,),
        comparisons=tuple(comparisons),
        findings=(*_left_out(moments), *split_findings(split)),
    )


def _comparisons(
    cells: Mapping[str, Cell],
    measures: Sequence[Measure],
    control: str,
    treatments: Sequence[str],
    inference: Inference,
    *,
    segment: str | None = None,
) -> list[Comparison]:
    nobody = 0, {m.key: Unmeasured(code="too_few_units", reason="no unit of the segment is in it") for m in measures}
    n_control, of_control = cells.get(control, nobody)
    out = []
    for measure in measures:
        for name in treatments:
            n, of_variant = cells.get(name, nobody)
            compared = compare(measure.type, of_control[measure.key], of_variant[measure.key], inference)
            out.append(
                Comparison(
                    segment=segment,
                    metric=measure.key,
                    type=measure.type,
                    variant=name,
                    control=control,
                    n_control=n_control,
                    n_treatment=n,
                    result=compared.result,
                    caution=compared.caution,
                )
            )
    return out


def _left_out(moments: TableMoments) -> tuple[Finding, ...]:
    out = []
    if n := moments.n_units_mixed:
        message = f"{n:,} units have rows in more than one variant and were left out; find out how they got there."
        out.append(Finding(code="mixed_units", severity=Severity.WARNING, path="unit", message=message, facts={"n": n}))
    if n := moments.n_rows_unplaced:
        message = (
            f"{n:,} rows have no variant or no unit and were left out; losing units unequally biases every figure."
        )
        out.append(
            Finding(code="unplaced_rows", severity=Severity.WARNING, path="variant", message=message, facts={"n": n})
        )
    return tuple(out)


def _measures(table: Table, texts: Sequence[str]) -> list[Measure]:
    out: dict[str, Measure] = {}
    for text in dict.fromkeys(texts):
        measure = _measure(table, text)
        # One column may be asked for twice, as a mean and as a proportion; then the text tells them apart.
        key = text if measure.key in out else measure.key
        out[key] = replace(measure, key=key)
    return list(out.values())


def _measure(table: Table, text: str) -> Measure:
    column, _, kind = text.rpartition(":")
    if text in table.columns or not column:
        column, kind = text, ""
    _require_number(table, column)
    if not kind:
        return Measure(key=column, type="proportion" if table.is_boolean(column) else "mean", numerator=column)
    if kind in _TYPES:
        return Measure(key=column, type=_TYPES[kind], numerator=column)
    name, _, denominator = kind.partition("/")
    if name != "ratio" or not denominator:
        raise InvalidInput(
            "unknown_metric_type",
            f"{kind!r} is no type of a metric",
            where=f"--metric {text}",
            fix="write COLUMN, COLUMN:mean, COLUMN:proportion or COLUMN:ratio/DENOMINATOR",
        )
    _require_number(table, denominator)
    return Measure(key=f"{column}/{denominator}", type="ratio", numerator=column, denominator=denominator)


def _require_column(table: Table, name: str, option: str) -> None:
    if name not in table.columns:
        near = difflib.get_close_matches(name, table.columns, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise InvalidInput(
            "unknown_column",
            f"{table.path.name} has no column {name!r}",
            where=option,
            fix=f"{meant}its columns are {_list(list(table.columns))}",
            facts={"columns": list(table.columns)},
        )


def _require_number(table: Table, name: str) -> None:
    _require_column(table, name, "--metric")
    if not table.is_number(name):
        raise InvalidInput(
            "not_numeric",
            f"column {name!r} holds {table.columns[name]}, not numbers",
            where="--metric",
            fix="give a column of numbers, or of yes and no",
        )


def _list(names: Sequence[str] | Mapping[str, str]) -> str:
    listed = [repr(n) for n in names]
    return ", ".join(listed[:20]) + (f" and {len(listed) - 20} more" if len(listed) > 20 else "")
