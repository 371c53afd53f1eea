"""The report of a table as text: what `counterpoint analyze` prints for a person."""

from collections.abc import Sequence

from counterpoint.metrics.measures import Unmeasured
from counterpoint.metrics.table_report import Comparison, Split, TableReport
from counterpoint.stats import Effect
from counterpoint.vocabulary import Severity

_MOST_SPLITS = 10
_SAID = {
    "ok": "as intended",
    "warning": "WARNING: sample ratio mismatch suspected; look for lost units before trusting the results",
    "mismatch": "SAMPLE RATIO MISMATCH: do not trust the results until it is explained",
}


def table_text(report: TableReport) -> str:
    """Return the scorecard of a table, for a terminal of 100 columns or more."""
    level = f"{100 * (1 - report.alpha):g} %"
    lines = [f"{report.source}: {report.n_rows:,} rows", "", "Split"]
    unlikely = [s for s in report.splits if s.verdict != "ok"]
    shown = report.splits if len(report.splits) <= _MOST_SPLITS else unlikely
    lines += [f"  {_split(split)}" for split in shown]
    if len(shown) < len(report.splits):
        lines.append(f"  {len(report.splits) - len(shown)} more splits: {_SAID['ok']}")
    lines += ["", f"Treatment minus control, {level} intervals, for one look at the end fixed in advance"]
    lines += _table([_cells(c) for c in report.comparisons], report)
    notes = [f for f in report.findings if f.code != "sample_ratio_mismatch"]
    if notes:
        lines += ["", *(f"{_SEVERITY[f.severity]}: {f.message}" for f in notes)]
    few = [c for c in report.comparisons if c.verdict == "too_few"]
    lines += [f"Too few for an interval: {_name(c)} ({c.caution})" for c in few[:_MOST_SPLITS]]
    if len(few) > _MOST_SPLITS:
        lines.append(f"and {len(few) - _MOST_SPLITS} more")
    if len(report.comparisons) > 1:
        lines += ["", f"{len(report.comparisons)} comparisons, not corrected for their number."]
    return "\n".join(lines)


_SEVERITY = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "Note"}


def _split(split: Split) -> str:
    counts = "   ".join(f"{name} {n:,}" for name, n in split.counts.items())
    head = counts if split.experiment is None else f"{split.experiment}: {counts}"
    if split.p_value is None:
        return f"{head}   cannot compute: {split.reason}"
    return f"{head}   p {_p(split.p_value)}   {_SAID[split.verdict]}"


def _table(rows: Sequence[tuple[str, ...]], report: TableReport) -> list[str]:
    header: tuple[str, ...] = (
        "metric",
        "variant",
        report.comparisons[0].control if report.comparisons else "",
        "treatment",
    )
    header += ("difference", "interval", "relative", "p")
    aligned = [row for row in rows if len(row) == len(header)]
    widths = [max(len(row[i]) for row in (header, *aligned)) for i in range(len(header))]
    out = []
    for row in (header, *rows):
        if len(row) == len(header):
            out.append("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        else:
            out.append(f"  {row[0].ljust(widths[0])}  {row[1].ljust(widths[1])}  {row[2]}")
    return out


def _cells(comparison: Comparison) -> tuple[str, ...]:
    name = _name(comparison)
    result = comparison.result
    if isinstance(result, Unmeasured):
        return name, comparison.variant, f"cannot compute: {result.reason}"
    show = _percent if comparison.type == "proportion" else _number
    difference = _points if comparison.type == "proportion" else _signed
    interval = f"[{difference(result.ci_lower)}, {difference(result.ci_upper)}]"
    readable = comparison.verdict == "readable"
    return (
        name,
        comparison.variant,
        show(result.control_mean),
        show(result.treatment_mean),
        difference(result.estimate),
        interval if readable else "too few",
        _relative(result),
        _p(result.p_value) if readable else "",
    )


def _name(comparison: Comparison) -> str:
    name = comparison.metric if comparison.segment is None else f"{comparison.metric} [{comparison.segment}]"
    return name if comparison.experiment is None else f"{comparison.experiment} {name}"


def _relative(effect: Effect) -> str:
    return "" if effect.relative_effect is None else f"{100 * effect.relative_effect:+.2f} %"


def _percent(x: float) -> str:
    return f"{100 * x:.2f} %"


def _points(x: float) -> str:
    return f"{100 * x:+.2f} pp"


def _number(x: float) -> str:
    return f"{x:,.5g}"


def _signed(x: float) -> str:
    return f"{x:+,.4g}"


def _p(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.1e}" if p > 0 else "< 1e-300"
