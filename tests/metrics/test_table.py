"""Analysing a table gives the figures that the reference gives, and never a figure that the data do not hold."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from counterpoint.errors import CounterpointError, InvalidInput
from counterpoint.metrics import TableReport, analyze_table, table_text

SHARED = Path(__file__).parents[2] / "../shared/data"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(columns: Mapping[str, Sequence[Any]], name: str = "users.parquet") -> Path:
        path = tmp_path / name
        table = pa.table(dict(columns))
        if name.endswith(".parquet"):
            pq.write_table(table, path)
        else:
            path.write_text(_csv(columns))
        return path

    return _write


def _csv(columns: Mapping[str, Sequence[Any]]) -> str:
    rows = [columns.keys(), *zip(*columns.values(), strict=True)]
    return "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows)


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the reference data are not beside this checkout")
    return path


def two_arms(n: int = 400) -> dict[str, Sequence[Any]]:
    rng = np.random.default_rng(20261122)
    variant = ["control", "treatment"] * (n // 2)
    return {
        "user": [f"u{i}" for i in range(n)],
        "variant": variant,
        "minutes": [float(x) for x in rng.lognormal(3, 1, n)],
        "clicks": [int(x) for x in rng.poisson(2, n)],
        "views": [int(x) for x in rng.poisson(9, n) + 1],
        "kept": [bool(x) for x in rng.random(n) < 0.4],
    }


def arms(columns: Mapping[str, Sequence[Any]], name: str) -> tuple[np.ndarray, np.ndarray]:
    values, variant = np.array(columns[name], dtype=float), np.array(columns["variant"])
    return values[variant == "control"], values[variant == "treatment"]


def only(report: TableReport) -> dict[str, Any]:
    (comparison,) = report.as_document()["comparisons"]
    return dict(comparison)


def test_cookie_cats_gives_the_published_figures_and_the_split_warning() -> None:
    path = shared("terms_to_confirm/cookie_cats.parquet")
    expected = json.loads(shared("expected.json").read_text())["cookie_cats"]["recomputed"]
    report = analyze_table(path, variant="version", control="gate_30", metrics=["retention_7", "sum_gamerounds"])
    document = report.as_document()
    retention, rounds = document["comparisons"]
    assert retention["control_mean"] == pytest.approx(expected["retention_7"]["p_c"], abs=1e-12)
    assert retention["estimate"] == pytest.approx(expected["retention_7"]["diff"], abs=1e-12)
    assert retention["p_value"] == pytest.approx(expected["retention_7"]["p_pooled"], rel=1e-9)
    assert [retention["ci_lower"], retention["ci_upper"]] == pytest.approx(expected["retention_7"]["ci95_unpooled"])
    for field, key in (
        ("estimate", "diff"),
        ("std_error", "se"),
        ("p_value", "p"),
        ("df", "df"),
        ("relative_effect", "rel"),
    ):
        assert rounds[field] == pytest.approx(expected["sum_gamerounds_all"][key], rel=1e-9)
    assert document["srm"]["p_value"] == pytest.approx(expected["srm_p"], rel=1e-9)
    assert document["srm"]["verdict"] == "warning"
    text = table_text(report)
    assert "19.02 %" in text
    assert "18.20 %" in text
    assert "0.0016" in text
    assert "WARNING: sample ratio mismatch suspected" in text


def test_ready_summaries_are_read_at_their_last_checkpoint() -> None:
    path = shared("ab_tests/asos_experiments_a.parquet")
    expected = json.loads(shared("expected.json").read_text())["asos_a"]["recomputed"]
    document = analyze_table(path).as_document()
    assert document["n_rows"] == expected["rows"]
    assert len(document["comparisons"]) == expected["series"]
    found = {(c["experiment"], c["variant"], c["metric"]): c for c in document["comparisons"]}
    for case in expected["last_checkpoint"]:
        comparison = found[case["experiment_id"], str(case["variant_id"]), str(case["metric_id"])]
        assert comparison["estimate"] == pytest.approx(case["diff"], rel=1e-9)
        assert comparison["std_error"] == pytest.approx(case["se"], rel=1e-9)
        assert comparison["p_value"] == pytest.approx(case["p"], rel=1e-3, abs=1e-12)
    lost = {(s["experiment"], list(s["counts"])[1]) for s in document["splits"] if s["p_value"] < 0.001}
    assert lost == {(s["experiment_id"], str(s["variant_id"])) for s in expected["srm_p_below_0.001_vs_50_50"]}


@pytest.mark.parametrize("name", ["users.parquet", "users.csv"])
def test_a_mean_is_compared_by_welch_and_a_proportion_by_pooled_z(write: Write, name: str) -> None:
    columns = two_arms()
    report = analyze_table(write(columns, name), variant="variant", control="control", metrics=["minutes", "kept"])
    minutes, kept = report.as_document()["comparisons"]
    c, t = arms(columns, "minutes")
    assert minutes["p_value"] == pytest.approx(stats.ttest_ind(t, c, equal_var=False).pvalue, rel=1e-9)
    c, t = arms(columns, "kept")
    pooled = np.concatenate([c, t]).mean()
    z = (t.mean() - c.mean()) / math.sqrt(pooled * (1 - pooled) * (1 / c.size + 1 / t.size))
    assert kept["type"] == "proportion"
    assert kept["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)


def test_a_ratio_has_the_error_of_the_delta_method(write: Write) -> None:
    columns = two_arms()
    found = only(analyze_table(write(columns), variant="variant", control="control", metrics=["clicks:ratio/views"]))
    variance = 0.0
    for x, y in zip(arms(columns, "clicks"), arms(columns, "views"), strict=True):
        r = x.mean() / y.mean()
        variance += (x - r * y).var(ddof=1) / y.mean() ** 2 / x.size
    assert found["metric"] == "clicks/views"
    assert found["std_error"] == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_rows_are_added_up_to_units_before_they_are_compared(write: Write) -> None:
    columns = two_arms(200)
    split = {k: [v for x in columns[k] for v in (x, x)] for k in ("user", "variant")}
    halves = {
        "minutes": [v for x in columns["minutes"] for v in (x / 4, 3 * x / 4)],
        "clicks": [v for x in columns["clicks"] for v in (x, 0)],
        "views": [v for x in columns["views"] for v in (x - 1, 1)],
        "kept": [v for x in columns["kept"] for v in (False, x)],
    }
    metrics = ["minutes", "kept", "clicks:ratio/views", "kept:mean"]
    whole = analyze_table(write(columns), variant="variant", control="control", metrics=metrics)
    parts = analyze_table(
        write(split | halves, "rows.parquet"), unit="user", variant="variant", control="control", metrics=metrics
    )
    for one, other in zip(whole.comparisons, parts.comparisons, strict=True):
        for field, value in one.as_document().items():
            if isinstance(value, float):
                assert other.as_document()[field] == pytest.approx(value, rel=1e-9)


def test_a_unit_in_two_variants_is_left_out_and_counted(write: Write) -> None:
    columns = two_arms(100)
    spoiled = {k: [*v, v[0]] for k, v in columns.items()} | {"variant": [*columns["variant"], "treatment"]}
    report = analyze_table(write(spoiled), unit="user", variant="variant", control="control", metrics=["minutes"])
    assert (only(report)["n_control"], only(report)["n_treatment"]) == (49, 50)
    assert [f.code for f in report.findings] == ["mixed_units"]


def test_rows_without_variant_or_unit_are_left_out_and_counted(write: Write) -> None:
    columns = two_arms(100)
    columns |= {"variant": [None, *columns["variant"][1:]], "user": [*columns["user"][:-1], None]}
    report = analyze_table(write(columns), unit="user", variant="variant", control="control", metrics=["minutes"])
    assert (only(report)["n_control"], only(report)["n_treatment"]) == (49, 49)
    assert report.findings[0].facts["n"] == 2


def test_variant_values_are_text_whatever_their_type(write: Write) -> None:
    columns = two_arms(100) | {"arm": [0, 1] * 50}
    found = only(analyze_table(write(columns), variant="arm", control="0", metrics=["minutes"]))
    assert found["variant"] == "1"


def test_a_weighted_split_is_tested_against_its_weights(write: Write) -> None:
    columns = two_arms(300) | {"variant": (["control"] * 2 + ["treatment"]) * 100}
    ask = {"variant": "variant", "control": "control", "metrics": ["minutes"]}
    assert analyze_table(write(columns), **ask).splits[0].verdict == "mismatch"
    weighted = analyze_table(write(columns), **ask, weights={"treatment": 1, "control": 2})
    assert weighted.splits[0].p_value == pytest.approx(1.0)
    for weights, code in (
        ({"control": 1}, "missing_weight"),
        ({"control": 1, "treatment": 1, "x": 1}, "unknown_variant"),
    ):
        with pytest.raises(InvalidInput) as caught:
            analyze_table(write(columns), **ask, weights=weights)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("change", "metric", "code"),
    [
        ({"minutes": [1.0] * 100}, "minutes", "no_variation"),
        ({"minutes": [float("nan"), *[1.0, 2.0] * 49, 1.0]}, "minutes", "not_finite"),
        ({"minutes": [*[1.0, 2.0] * 49, 1.0, float("inf")]}, "minutes", "not_finite"),
        ({"minutes": [None, *[1.0, 2.0] * 49, 1.0]}, "minutes", "missing_values"),
        ({"views": [0] * 100}, "clicks:ratio/views", "zero_denominator"),
        ({}, "clicks:proportion", "not_a_proportion"),
        ({"variant": ["control"] * 99 + ["treatment"]}, "minutes", "too_few_units"),
    ],
)
@pytest.mark.parametrize("unit", [None, "user"])
def test_what_cannot_be_computed_has_a_reason_and_no_figures(
    write: Write, change: dict[str, Any], metric: str, code: str, unit: str | None
) -> None:
    path = write(two_arms(100) | change)
    report = analyze_table(path, unit=unit, variant="variant", control="control", metrics=[metric, "kept:mean"])
    found = report.as_document()["comparisons"][0]
    assert found["reason"]["code"] == code
    assert {found[k] for k in ("estimate", "std_error", "ci_lower", "ci_upper", "p_value", "relative_effect")} == {None}
    assert "cannot compute" in table_text(report)
    json.dumps(report.as_document(), allow_nan=False)


@pytest.mark.parametrize(
    ("ask", "code", "said"),
    [
        ({"variant": "varaint"}, "unknown_column", "did you mean 'variant'"),
        ({"unit": "usr"}, "unknown_column", "--unit"),
        ({"metrics": ["minuts"]}, "unknown_column", "did you mean 'minutes'"),
        ({"metrics": ["clicks:ratio/vews"]}, "unknown_column", "did you mean 'views'"),
        ({"metrics": ["clicks:median"]}, "unknown_metric_type", "COLUMN:mean"),
        ({"metrics": ["clicks:ratio"]}, "unknown_metric_type", "COLUMN:mean"),
        ({"metrics": ["user"]}, "not_numeric", "VARCHAR"),
        ({"variant": "user", "control": "u1"}, "too_many_variants", "--variant"),
        ({"control": "kontrol"}, "unknown_control", "'control', 'treatment'"),
        ({"control": None}, "missing_option", "--control"),
        ({"metrics": []}, "missing_option", "--metric"),
        ({"alpha": 1.5}, "share_out_of_range", "alpha"),
    ],
)
def test_a_wrong_question_is_answered_with_where_and_what_to_do(
    write: Write, ask: dict[str, Any], code: str, said: str
) -> None:
    asked = {"variant": "variant", "control": "control", "metrics": ["minutes"]} | ask
    with pytest.raises(InvalidInput) as caught:
        analyze_table(write(two_arms(200)), **asked)
    assert caught.value.code == code
    assert said in caught.value.sentence


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("gone.parquet", None, "missing_file"),
        ("torn.parquet", b"PAR1 and no more", "unreadable_file"),
        ("empty.csv", b"", "empty_file"),
        ("header.csv", b"user,variant,minutes\n", "empty_file"),
        ("binary.csv", bytes(range(256)) * 50, None),
        ("table.xlsx", b"PK", "unknown_format"),
    ],
)
def test_a_file_that_is_no_table_is_one_clear_error(
    tmp_path: Path, name: str, content: bytes | None, code: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CounterpointError) as caught:
        analyze_table(tmp_path / name, variant="variant", control="control", metrics=["minutes"])
    assert code is None or caught.value.code == code


def test_a_table_with_one_variant_has_nothing_to_compare(write: Write) -> None:
    with pytest.raises(CounterpointError) as caught:
        analyze_table(
            write(two_arms(20) | {"variant": ["control"] * 20}),
            variant="variant",
            control="control",
            metrics=["minutes"],
        )
    assert caught.value.code == "no_treatment"


def test_strange_column_and_file_names_are_only_names(write: Write, tmp_path: Path) -> None:
    columns = {'a "b"; drop': two_arms(20)["minutes"], "it's": two_arms(20)["variant"], "x:mean": [1, 2, 3, 4] * 5}
    (tmp_path / "it's [1]*").mkdir()
    found = analyze_table(
        write(columns, "it's [1]*/t.parquet"), variant="it's", control="control", metrics=['a "b"; drop', "x:mean"]
    )
    assert [c.metric for c in found.comparisons] == ['a "b"; drop', "x:mean"]


def test_values_far_from_zero_keep_their_variance(write: Write) -> None:
    columns = two_arms(200)
    far = [1e9 + x for x in columns["minutes"]]
    near, moved = (
        only(analyze_table(write(columns | {"minutes": m}), variant="variant", control="control", metrics=["minutes"]))
        for m in (columns["minutes"], far)
    )
    assert moved["std_error"] == pytest.approx(near["std_error"], rel=1e-7)


def test_few_units_are_shown_without_an_interval_to_read(write: Write) -> None:
    path = write({"variant": ["control"] * 9 + ["treatment"] * 9, "minutes": [float(i * i) for i in range(18)]})
    report = analyze_table(path, variant="variant", control="control", metrics=["minutes"])
    row = only(report)
    assert row["verdict"] == "too_few"
    assert "at least 30" in row["caution"]
    text = table_text(report)
    assert "too few" in text
    assert f"{row['p_value']:.4f}" not in text


def test_relative_intervals_leave_out_zero_exactly_when_the_absolute_ones_do(write: Write) -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        minutes = [*rng.normal(5, 4, 200), *rng.normal(5.9, 4, 200)]
        path = write({"variant": ["control"] * 200 + ["treatment"] * 200, "minutes": list(map(float, minutes))})
        row = only(analyze_table(path, variant="variant", control="control", metrics=["minutes"]))
        assert row["relative"] == "fieller"
        assert (row["relative_ci_lower"] <= 0 <= row["relative_ci_upper"]) == (row["ci_lower"] <= 0 <= row["ci_upper"])


def test_a_gap_is_found_whether_or_not_the_files_statistics_tell_of_it(tmp_path: Path) -> None:
    gap = "CASE WHEN range <> 7 THEN range % 5 END"
    rows = f"SELECT 'v' || range % 2 AS variant, {gap} AS a, range % 3 AS b FROM range(200)"
    for options in ("", ", ROW_GROUP_SIZE 2048"):
        path = tmp_path / f"gap{len(options)}.parquet"
        duckdb.sql(f"COPY ({rows}) TO '{path}' (FORMAT parquet{options})")
        report = analyze_table(path, variant="variant", control="v0", metrics=["a", "b"])
        found = {each["metric"]: each["reason"] for each in report.as_document()["comparisons"]}
        assert found["a"]["code"] == "missing_values"
        assert found["b"] is None


def test_variants_that_lie_far_apart_in_a_sorted_file_keep_their_digits(tmp_path: Path) -> None:
    rng = np.random.default_rng(41)
    near, far = rng.normal(0, 1, 3000), rng.normal(2e7, 1, 3000)
    path = tmp_path / "sorted.parquet"
    table = pa.table({"variant": ["a"] * 3000 + ["b"] * 3000, "x": np.concatenate([near, far])})
    pq.write_table(table, path)
    (row,) = analyze_table(path, variant="variant", control="a", metrics=["x"]).as_document()["comparisons"]
    want = math.sqrt(near.var(ddof=1) / 3000 + far.var(ddof=1) / 3000)
    assert row["std_error"] == pytest.approx(want, rel=1e-7)
