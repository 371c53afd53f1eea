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
