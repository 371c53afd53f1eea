"""Segments of a table are read in the same pass as all of it, and say what each segment's own table would say."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from counterpoint.errors import InvalidInput
from counterpoint.metrics import TableReport, analyze_table, table_text

METRICS = ["minutes", "kept", "clicks:ratio/views"]


def _table(n: int = 900) -> pa.Table:
    rng = np.random.default_rng(4)
    return pa.table(
        {
            "user": [f"u{i}" for i in range(n)],
            "arm": [("a", "b", "c")[i % 3] for i in range(n)],
            "country": [(None, "SE", "BR", "IN")[int(k)] for k in rng.integers(0, 4, n)],
            "minutes": rng.gamma(2, 10, n) + 1e6,
            "kept": rng.random(n) < 0.4,
            "clicks": rng.poisson(2, n),
            "views": rng.poisson(9, n) + 1,
        }
    )


def _analyze(table: pa.Table, path: Path, **options: str) -> TableReport:
    pq.write_table(table, path)
    return analyze_table(path, variant="arm", control="a", metrics=METRICS, **options)


def _figures(report: TableReport, segment: str | None = None) -> list[float]:
    rows = [c.as_document() for c in report.comparisons if c.segment == segment]
    names = ("n_control", "n_treatment", "estimate", "std_error", "p_value", "ci_lower", "relative_ci_upper")
    return [row[name] for row in rows for name in names]


@pytest.mark.parametrize("options", [{}, {"unit": "user"}])
def test_a_segment_says_what_its_own_table_says_and_all_of_them_what_the_whole_says(
    options: dict[str, str], tmp_path: Path
) -> None:
    table = _table()
    both = _analyze(table, tmp_path / "users.parquet", segment="country", **options)
    whole = _analyze(table, tmp_path / "users.parquet", **options)
    assert _figures(both) == pytest.approx(_figures(whole), rel=1e-9)
    assert {c.segment for c in both.comparisons} == {None, "(none)", "SE", "BR", "IN"}
    for country in ("SE", "BR", "IN"):
        own = table.filter(pc.equal(table["country"], country))
        alone = _analyze(own, tmp_path / "own.parquet", **options)
        assert _figures(both, country) == pytest.approx(_figures(alone), rel=1e-9)
    assert "minutes [SE]" in table_text(both)


def test_a_unit_whose_rows_name_several_segments_is_in_none_of_them(tmp_path: Path) -> None:
    table = _table(300)
    moved = table.set_column(2, "country", pa.array(["SE"] * 300))
    rows = pa.concat_tables([moved, moved.slice(0, 30).set_column(2, "country", pa.array(["BR"] * 30))])
    report = _analyze(rows, tmp_path / "rows.parquet", unit="user", segment="country")
    units = {c.segment: c.n_control for c in report.comparisons}
    assert units == {None: 100, "SE": 90, "(several)": 10}


def test_a_segment_without_control_units_has_reasons_and_a_column_of_many_values_is_refused(tmp_path: Path) -> None:
    table = _table(600)
    lonely = table.set_column(2, "country", pc.if_else(pc.equal(table["arm"], "b"), "X", "Y"))
    report = _analyze(lonely, tmp_path / "lonely.parquet", segment="country")
    assert {c.verdict for c in report.comparisons if c.segment == "X"} == {"cannot_compute"}
    with pytest.raises(InvalidInput) as caught:
        _analyze(table, tmp_path / "users.parquet", segment="user")
    assert caught.value.code == "too_many_segments"
    with pytest.raises(InvalidInput, match="no column 'land'"):
        _analyze(table, tmp_path / "users.parquet", segment="land")
