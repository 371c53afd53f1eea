"""Published and reference values come out within their tolerances."""

import json
import math
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from scipy import optimize, stats

from counterpoint.cli.main import main
from counterpoint.errors import InvalidInput
from counterpoint.stats.conformance import answer_cases, run_cases, supported_methods, unanswered_cases

GOLDEN = Path(__file__).parents[2] / "../shared/golden/golden_public.json"
SPECIAL = {"inf": math.inf, "-inf": -math.inf}


def load() -> dict[str, Any]:
    if not GOLDEN.exists():
        pytest.skip("the shared reference values are not beside this checkout")
    return json.loads(GOLDEN.read_text())


def differences(expected: Any, got: Any, tolerance: dict[str, Any], path: str) -> list[str]:
    if expected is None:
        return []
    if isinstance(expected, dict):
        return [d for k, v in expected.items() for d in differences(v, (got or {}).get(k), tolerance, f"{path}.{k}")]
    if isinstance(expected, list):
        if got is None or len(got) != len(expected):
            return [f"{path}: {got}"]
        pairs = enumerate(zip(expected, got, strict=True))
        return [d for i, (a, b) in pairs for d in differences(a, b, tolerance, f"{path}[{i}]")]
    if isinstance(expected, bool):
        return [] if got is expected or bool(got) == expected else [f"{path}: {got}"]
    want, have = SPECIAL.get(expected, expected), SPECIAL.get(got, got)
    if have is None:
        return [f"{path}: missing"]
    limit = max(tolerance.get("abs", 0), tolerance.get("rel", 0) * abs(want)) if math.isfinite(want) else 0
    return [] if want == have or abs(want - have) <= limit else [f"{path}: {have} is not {want}"]


def test_every_public_reference_value_is_met() -> None:
    document = load()
    answers = run_cases(document)
    wrong = [
        d
        for case in document["cases"]
        for d in differences(case["expected"], answers.get(case["id"]), case["tolerance"], case["id"])
    ]
    assert not wrong, "\n".join(wrong[:20])
    assert not unanswered_cases(document)


def test_a_method_that_is_not_offered_is_left_out_with_its_reason() -> None:
    document = {"cases": [{"id": "a", "method": "crystal_ball", "inputs": {}}]}
    assert run_cases(document) == {}
    assert unanswered_cases(document) == {"a": "no method crystal_ball"}


def test_a_case_that_cannot_be_computed_does_not_silence_the_others() -> None:
    flat = {"id": "flat", "method": "welch_t", "inputs": {"control": [1, 1], "treatment": [1, 1]}}
    fine = {"id": "fine", "method": "welch_t", "inputs": {"control": [1, 2], "treatment": [2, 4]}}
    broken = {"id": "broken", "method": "welch_t", "inputs": {"left": 1}}
    document = {"cases": [flat, fine, broken]}
    assert set(run_cases(document)) == {"fine"}
    assert set(unanswered_cases(document)) == {"flat", "broken"}


def test_a_document_without_cases_is_refused() -> None:
    with pytest.raises(InvalidInput):
        run_cases({})


FORMS = [
    ({"control": [1, 2, 3, 4, 6.5], "treatment": [2, 3, 5, 9]},),
    (
        {
            "control": {"n": 5, "sum": 16.5, "sum_sq": 72.25},
            "treatment": {"n": 4, "sum": 19.0, "sum_sq": 119.0},
        },
    ),
    (
        {
            "control": {"n": 5, "mean": 3.3, "var": 4.45},
            "treatment": {"n": 4, "mean": 4.75, "var": 9.583333333333334},
        },
    ),
    (
        {
            "groups": [
                {"name": "treatment", "n": 4, "sum": 19.0, "sum_sq": 119.0},
                {"name": "control", "n": 5, "sum": 16.5, "sum_sq": 72.25},
            ]
        },
    ),
]


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_every_form_of_input_gives_the_same_answer(alternative: str) -> None:
    cases = [
        {"id": str(i), "method": "welch_t", "inputs": {**form[0], "alternative": alternative}}
        for i, form in enumerate(FORMS)
    ]
    answers = list(run_cases({"cases": cases}).values())
    assert len(answers) == len(FORMS)
    for other in answers[1:]:
        for field in ("t", "df", "p_value"):
            assert other[field] == pytest.approx(answers[0][field], rel=1e-10)
    open_ends = {"two-sided": set(), "greater": {"ci_upper"}, "less": {"ci_lower"}}[alternative]
    assert {k for k in ("ci_lower", "ci_upper") if isinstance(answers[0][k], str)} == open_ends


def named(cell: str) -> list[str]:
    """Return the method names that one cell of the published table abbreviates."""
    names: list[str] = []
    for word in re.split(r"\s*,\s*|\s+/\s+", cell):
        if word.startswith("_"):
            names.append(names[-1].rsplit("_", 1)[0] + word)
        elif word.startswith("-"):
            names.append(names[-1].rsplit("-", 1)[0] + word)
        elif (optional := re.fullmatch(r"(.+)\((.+)\)", word)) is not None:
            names += [optional[1], optional[1] + optional[2]]
        elif "/" in word:
            first, *others = word.split("/")
            stem = first.rsplit("_", 1)[0]
            names += [first, *(f"{stem}_{o}" if "_" not in o else o for o in others)]
        else:
            names.append(word)
    return names


def test_every_method_of_the_published_table_is_offered() -> None:
    table = GOLDEN.with_name("METHODS.md")
    if not table.exists():
        pytest.skip("the shared table of methods is not beside this checkout")
    cells = [row.split("|")[1].strip() for row in table.read_text().splitlines() if row.startswith("|")]
    names = [n for cell in cells[2:] if "always-valid" not in cell for n in named(cell)]
    assert len(names) > 60
    offered = supported_methods()
    missing = [n for n in names if not any(fnmatchcase(n, o) or fnmatchcase(o, n) for o in offered)]
    assert not missing


def answer_to(method: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return run_cases({"cases": [{"id": "it", "method": method, "inputs": inputs}]})["it"]


@pytest.mark.parametrize("method", ["welch_t", "relative_lift_delta_method_welch_df"])
def test_counts_keep_the_variance_of_a_proportion_in_methods_for_means(method: str) -> None:
    (x1, n1), (x2, n2) = (60, 300), (90, 290)
    found = answer_to(method, {"control": {"x": x1, "n": n1}, "treatment": {"x": x2, "n": n2}})
    p1, p2 = x1 / n1, x2 / n2
    v1, v2 = p1 * (1 - p1) / n1, p2 * (1 - p2) / n2
    want = v1 + v2 if method == "welch_t" else v2 / p1**2 + p2**2 * v1 / p1**4
    assert found["std_err"] == pytest.approx(math.sqrt(want), rel=1e-12)


@pytest.mark.parametrize("null", [-0.05, 0.02])
@pytest.mark.parametrize("counts", [(200, 2010, 230, 2000), (40, 200, 150, 420), (170, 200, 300, 400)])
def test_the_score_test_restricts_the_shares_where_their_likelihood_is_largest(
    counts: tuple[int, int, int, int], null: float
) -> None:
    x1, n1, x2, n2 = counts

    def unlikely(q: float) -> float:
        r = q + null
        return -float(stats.binom.logpmf(x1, n1, q) + stats.binom.logpmf(x2, n2, r))

    low, high = max(0.0, -null) + 1e-9, min(1.0, 1 - null) - 1e-9
    q = float(optimize.minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x)
    r = q + null
    z = (x2 / n2 - x1 / n1 - null) / math.sqrt(q * (1 - q) / n1 + r * (1 - r) / n2)
    inputs = {"control": {"x": x1, "n": n1}, "treatment": {"x": x2, "n": n2}}
    asked = {"margin": abs(null), "alternative": "greater" if null < 0 else "less"}
    assert answer_to("proportion_ni_score_FM", {**inputs, **asked})["z"] == pytest.approx(z, rel=1e-6)


def test_clusters_that_straddle_the_arms_are_read_by_least_squares() -> None:
    y, treated, cluster = [1.0, 2.5, 2.0, 4.0, 3.0, 5.5], [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2]
    found = answer_to("ols_cluster_robust_CR1", {"y": y, "treatment": treated, "cluster": cluster})
    gaps = [1.5, 2.0, 2.5]
    assert found["effect"] == pytest.approx(2.0)
    # Within a cluster only the spread of the gaps is left: sum (gap - mean)^2 / 9, times G/(G-1) (n-1)/(n-k).
    spread = sum((g - 2.0) ** 2 for g in gaps) / 9 * (3 / 2) * (5 / 4)
    assert found["std_err"] == pytest.approx(math.sqrt(spread), rel=1e-9)


MEANS = {"control": [1.0, 2.0, 4.0], "treatment": [2.0, 3.0, 7.0]}
BAD_CASES = [
    ("welch_t", {**MEANS, "control": [1.0, math.nan, 2.0]}, "not_finite"),
    ("welch_t", {**MEANS, "control": [1.0, math.inf]}, "not_finite"),
    ("welch_t", {**MEANS, "control": [1.0]}, "too_few_units"),
    ("welch_t", {"control": [2.0, 2.0], "treatment": [2.0, 2.0]}, "no_variation"),
    ("relative_lift_delta_method", {**MEANS, "control": [-1.0, 1.0]}, "zero_control_mean"),
    ("wilson_ci", {"x": -1, "n": 4}, "negative_count"),
    ("two_proportion_z_pooled", {"control": {"x": 5, "n": 4}, "treatment": {"x": 1, "n": 4}}, "count_above_units"),
    ("chi_square", {"counts": [5, 5], "weights": [1, 0]}, "weights_not_positive"),
    ("chi_square", {"counts": [5, -5], "weights": [1, 1]}, "negative_count"),
    ("bounds_asOF", {"information_fractions": [0.5, 0.4, 1.0], "alpha": 0.05}, "information_goes_backwards"),
    ("bounds_asOF", {"information_fractions": [], "alpha": 0.05}, "no_looks"),
    ("p_adjust_all", {"p_values": [0.1, math.nan]}, "not_finite"),
    ("p_adjust_all", {"p_values": [0.1, 1.5]}, "p_value_out_of_range"),
    ("t_test_mde", {"n_per_group": 9, "alpha": 0.05, "power": 0.8, "sd": -1}, "std_error_not_positive"),
    ("quantile_double_stitching_bound", {"p": 0.5, "n": -1, "alpha": 0.05}, "no_units"),
    ("z_test_power", {"effect_size_d": 0.1, "n_per_group": 100, "alpha": 1.5}, "share_out_of_range"),
]


@pytest.mark.parametrize(("method", "inputs", "code"), BAD_CASES)
def test_bad_input_is_left_out_of_the_answers_with_its_code(method: str, inputs: dict[str, Any], code: str) -> None:
    document = {"cases": [{"id": "bad", "method": method, "inputs": inputs}]}
    answers, reasons = answer_cases(document)
    assert answers == {}
    assert f"[{code}]" in reasons["bad"]


def test_the_parameters_of_a_prior_are_no_levels() -> None:
    inputs = {"arms": [{"x": 2, "n": 9}, {"x": 4, "n": 9}], "prior": {"alpha": 1, "beta": 1}}
    assert sum(answer_to("beta_binomial_prob_best_and_loss", inputs)["prob_best"]) == pytest.approx(1)


def test_the_command_says_on_the_side_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = tmp_path / "cases.json"
    bad = {"id": "flat", "method": "welch_t", "inputs": {"control": [1, 1], "treatment": [1, 1]}}
    cases.write_text(json.dumps({"cases": [bad, {"id": "fine", "method": "welch_t", "inputs": MEANS}]}))
    assert main(["conformance", "stats", str(cases)]) == 0
    printed = capsys.readouterr()
    assert set(json.loads(printed.out)) == {"fine"}
    assert "flat: left out" in printed.err
    assert "[no_variation]" in printed.err
