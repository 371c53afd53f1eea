"""Reference methods keep to their conventions where samples are tiny, shares are all or nothing, and levels extreme."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats import proportion
from statsmodels.stats.power import TTestIndPower

from counterpoint.stats.conformance import run_cases

COUNTS = [(0, 10, 3, 12), (5, 5, 4, 6), (3, 3, 0, 4), (1, 1000, 5, 900), (48, 80, 56, 70)]
SIDES = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}


def answer_to(method: str, **inputs: Any) -> dict[str, Any]:
    return run_cases({"cases": [{"id": "it", "method": method, "inputs": inputs}]})["it"]


def arms(counts: tuple[int, int, int, int]) -> dict[str, Any]:
    x1, n1, x2, n2 = counts
    return {"control": {"x": x1, "n": n1}, "treatment": {"x": x2, "n": n2}}


@pytest.mark.parametrize(("counts", "side"), list(itertools.product(COUNTS, SIDES)))
def test_the_pooled_test_answers_for_all_or_nothing_too(counts: tuple[int, int, int, int], side: str) -> None:
    x1, n1, x2, n2 = counts
    z, p = proportion.proportions_ztest([x2, x1], [n2, n1], alternative=SIDES[side])
    found = answer_to("two_proportion_z_pooled", **arms(counts), alternative=side)
    assert (found["z"], found["p_value"]) == pytest.approx((z, p), rel=1e-9)
    assert found["diff"] == pytest.approx(x2 / n2 - x1 / n1)


@pytest.mark.parametrize(("counts", "alpha"), list(itertools.product(COUNTS, [0.001, 0.05, 0.5])))
def test_score_intervals_hold_their_formula_at_the_edges(counts: tuple[int, int, int, int], alpha: float) -> None:
    x1, n1, x2, n2 = counts
    for name in ("newcomb", "agresti-caffo"):
        want = proportion.confint_proportions_2indep(x2, n2, x1, n1, method=name, compare="diff", alpha=alpha)
        found = answer_to("newcombe_and_agresti_caffo_ci", **arms(counts), alpha=alpha)
        key = {"newcomb": "newcombe", "agresti-caffo": "agresti_caffo"}[name]
        assert found[key] == pytest.approx(list(want), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("sizes", "side"), list(itertools.product([(2, 3), (3, 2), (200, 7)], SIDES)))
def test_tiny_and_uneven_samples_read_as_scipy_reads_them(sizes: tuple[int, int], side: str) -> None:
    draw = np.random.default_rng(17)
    control, treatment = (draw.lognormal(size=n).round(2) for n in sizes)
    for method, equal in (("welch_t", False), ("student_t_pooled", True)):
        want = stats.ttest_ind(treatment, control, equal_var=equal, alternative=side)
        ends = want.confidence_interval(0.999)
        found = answer_to(method, control=control.tolist(), treatment=treatment.tolist(), alternative=side, alpha=0.001)
        assert (found["t"], found["df"], found["p_value"]) == pytest.approx(
            (want.statistic, want.df, want.pvalue), rel=1e-9
        )
        got = [float(found[k]) for k in ("ci_lower", "ci_upper")]
        assert got == pytest.approx([ends.low, ends.high], rel=1e-8)


@pytest.mark.parametrize("side", SIDES)
def test_ranks_with_ties_keep_their_correction(side: str) -> None:
    control, treatment = [0, 0, 1, 1, 1, 2, 5], [0, 1, 1, 3, 3, 3]
    for continuity in (True, False):
        want = stats.mannwhitneyu(treatment, control, alternative=side, method="asymptotic", use_continuity=continuity)
        found = answer_to(
            "mann_whitney_u", control=control, treatment=treatment, alternative=side, continuity=continuity
        )
        assert (found["u_treatment"], found["p_value"]) == pytest.approx((want.statistic, want.pvalue), rel=1e-9)


def test_a_large_effect_needs_less_than_two_units_in_the_smaller_arm_and_says_so() -> None:
    want = TTestIndPower().solve_power(2.0, None, 0.2, 0.5, 0.5, "two-sided")
    found = answer_to("t_test_two_sample_n_ratio", effect_size_d=2.0, alpha=0.2, power=0.5, ratio=0.5)
    assert found["n_per_group"] == pytest.approx(float(want), rel=1e-5)


def test_cohens_h_is_that_of_the_first_share_over_the_second() -> None:
    found = answer_to("cohen_h_n", p1=0.1, p2=0.05, alpha=0.05, power=0.8, alternative="two-sided")
    assert found["h"] == pytest.approx(proportion.proportion_effectsize(0.1, 0.05), rel=1e-12)
    z = stats.norm.isf(0.025) + stats.norm.isf(0.2)
    # Both tails count, so the sum of quantiles is all but exact here.
    assert found["n_per_group"] == pytest.approx(2 * (z / found["h"]) ** 2, rel=1e-5)


def test_forty_looks_spend_exactly_the_level() -> None:
    looks = [(k / 40) ** 1.5 for k in range(1, 41)]
    for kind, extra in (("asOF", {}), ("asP", {}), ("asKD", {"rho": 3.0}), ("asHSD", {"gamma": 2.0})):
        found = answer_to(f"bounds_{kind}", information_fractions=looks, alpha=0.01, sides=1, **extra)
        assert found["cumulative_alpha_spent"][-1] == pytest.approx(0.01, abs=1e-8)
        assert len(found["z_bounds"]) == 40 and all(math.isfinite(z) for z in found["z_bounds"])


def test_pococks_constant_is_that_of_a_direct_integral_at_two_looks() -> None:
    def crossing(c: float) -> float:
        both = stats.multivariate_normal(cov=[[1, math.sqrt(0.3)], [math.sqrt(0.3), 1]])
        inside = both.cdf([c, c], lower_limit=[-c, -c])
        return float(1 - inside)

    want = optimize.brentq(lambda c: crossing(c) - 0.02, 2, 4)
    found = answer_to("bounds_P", information_fractions=[0.3, 1.0], alpha=0.02, sides=2)
    assert found["z_bounds"] == pytest.approx([want, want], abs=1e-4)


def test_a_step_wise_correction_is_planned_at_the_level_and_power_as_given() -> None:
    rows = [{"binary": True, "avg": 0.7, "var": 0.21, "mde": 0.00617, "nim": None, "preference": "increase"}]
    margins = [{"binary": False, "avg": 4.56, "var": 2.13, "mde": None, "nim": 0.01, "preference": "increase"}]
    given = {"metrics": rows + margins, "alpha": 0.01, "power": 0.8, "treatment_weights": [1, 1]}
    method = "multi_metric_sample_size_treatment_weights"
    found = answer_to(method, **given, decision_rule="holm")
    total = stats.norm.isf(0.01) + stats.norm.isf(0.2)
    of_margin = 4 * total**2 * 2.13 / (0.01 * 4.56) ** 2
    assert found["required_sample_size_metric"][1] == pytest.approx(of_margin, rel=1e-3)
    assert found["adjusted_power"] == pytest.approx(0.8)
    aware = answer_to(method, **given, decision_rule="spot-1-bonferroni")
    assert aware["required_sample_size_metric"][1] > 1.2 * of_margin
    assert aware["adjusted_power"] == pytest.approx(0.9)


def test_covariates_are_read_in_every_form_and_never_left_out_in_silence() -> None:
    draw = np.random.default_rng(5)
    x, treatment = draw.normal(size=(2, 60)), [i % 2 for i in range(60)]
    y = (x.sum(axis=0) + treatment + draw.normal(size=60)).tolist()
    columns, rows = x.tolist(), x.T.tolist()
    by_name = {"covariates": {"a": columns[0], "b": columns[1]}}
    forms = [{"x1": columns[0], "x2": columns[1]}, {"covariates": rows}, {"X": columns}, by_name]
    for method in ("ols_ancova_HC0", "ols_ancova_HC2", "lin_2013_fully_interacted_HC2"):
        found = [answer_to(method, y=y, treatment=treatment, **form)["std_err"] for form in forms]
        assert found == pytest.approx([found[0]] * len(forms), rel=1e-12)
        without = {"cases": [{"id": "it", "method": method, "inputs": {"y": y, "treatment": treatment}}]}
        assert run_cases(without) == {}


def test_columns_of_a_ratio_may_bear_the_words_of_the_case() -> None:
    draw = np.random.default_rng(8)
    words = [("num", "den", "num_pre", "den_pre"), ("clicks", "views", "clicks_pre", "views_pre")]
    words += [("m_post", "d_post", "m_pre", "d_pre")]
    samples = [draw.gamma(3, size=(4, n)) + 1 for n in (40, 50)]
    for method in ("ratio_of_means_delta_cuped_ratio_covariate", "ratio_of_means_delta_welch", "ratio_linearised_HC0"):
        width = 4 if "cuped" in method else 2
        found = []
        for names in words:
            both = [dict(zip(names[:width], s.tolist(), strict=False)) for s in samples]
            found.append(answer_to(method, control=both[0], treatment=both[1])["std_err"])
        assert found == pytest.approx([found[0]] * len(words), rel=1e-12)


def test_a_table_of_counts_is_read_row_by_row() -> None:
    want = stats.fisher_exact([[8, 2], [1, 5]])
    found = answer_to("fisher_exact", table=[[8, 2], [1, 5]])
    assert (found["odds_ratio"], found["p_value"]) == pytest.approx((want.statistic, want.pvalue))
    assert answer_to("fisher_exact", control={"x": 1, "n": 6}, treatment={"x": 8, "n": 10}) == found
