"""What scipy and statsmodels compute on raw data, this room computes from sufficient statistics."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.stats import meta_analysis, multitest, power, proportion

from counterpoint.stats import (
    Alternative,
    Correction,
    Inference,
    Reference,
    Sandwich,
    Summary,
    ValueCounts,
    adjust_p_values,
    agreeing_level,
    agresti_caffo_interval,
    ancova,
    anova_n,
    assignment_dependence,
    chi_square_n,
    cluster_sums,
    compare_adjusted,
    compare_clustered,
    compare_lin,
    compare_proportions,
    compare_quantiles,
    compare_ratios,
    compare_stratified,
    fisher_exact,
    heterogeneity,
    interaction,
    newcombe_interval,
    quantile,
    quantile_interval,
    rank_test,
    risk_ratio,
    score_test,
    t_test_n,
    wilson_interval,
    winsorised,
    z_test_n,
)

RNG = np.random.default_rng(5)
COUNTS = [((200, 2010), (230, 2000)), ((48, 80), (56, 70)), ((3, 40), (9, 45))]
SIDES = {Alternative.TWO_SIDED: "two-sided", Alternative.GREATER: "larger", Alternative.LESS: "smaller"}


def pair(counts: tuple[tuple[int, int], tuple[int, int]]) -> tuple[Summary, Summary]:
    return Summary.from_counts(*counts[0]), Summary.from_counts(*counts[1])


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("side", list(Alternative))
def test_the_pooled_z_test_agrees(counts: tuple[tuple[int, int], tuple[int, int]], side: Alternative) -> None:
    (x1, n1), (x2, n2) = counts
    _, p = proportion.proportions_ztest([x2, x1], [n2, n1], alternative=SIDES[side])
    assert compare_proportions(*pair(counts), Inference(alternative=side)).p_value == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("counts", COUNTS)
def test_intervals_of_shares_agree(counts: tuple[tuple[int, int], tuple[int, int]]) -> None:
    (x1, n1), (x2, n2) = counts
    both = pair(counts)

    def theirs(method: str, compare: str = "diff") -> tuple[float, float]:
        return proportion.confint_proportions_2indep(x2, n2, x1, n1, method=method, compare=compare)

    assert newcombe_interval(*both) == pytest.approx(theirs("newcomb"), abs=1e-6)
    assert agresti_caffo_interval(*both) == pytest.approx(theirs("agresti-caffo"), abs=1e-9)
    wald = compare_proportions(*both)
    assert (wald.ci_lower, wald.ci_upper) == pytest.approx(theirs("wald"), abs=1e-9)
    assert risk_ratio(*both)[1:] == pytest.approx(theirs("log", "ratio"), rel=1e-9)
    assert wilson_interval(x1, n1) == pytest.approx(proportion.proportion_confint(x1, n1, method="wilson"), rel=1e-9)


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("null", [-0.1, -0.02, 0.0, 0.05])
def test_the_score_tests_variance_is_the_restricted_maximum_likelihood_one(
    counts: tuple[tuple[int, int], tuple[int, int]], null: float
) -> None:
    # Maximised directly: statsmodels 0.15.0 solves a cubic that misses this maximum when the arms differ in size.
    (x1, n1), (x2, n2) = counts

    def loss(p: float) -> float:
        return -float(stats.binom.logpmf(x1, n1, p) + stats.binom.logpmf(x2, n2, p + null))

    found = optimize.minimize_scalar(
        loss, bounds=(max(0, -null) + 1e-9, min(1, 1 - null) - 1e-9), method="bounded", options={"xatol": 1e-12}
    )
    p1, p2 = found.x, found.x + null
    z = (x2 / n2 - x1 / n1 - null) / math.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
    assert score_test(*pair(counts), null, Alternative.GREATER)[0] == pytest.approx(z, rel=1e-6)


@pytest.mark.parametrize("side", list(Alternative))
def test_fishers_exact_test_agrees(side: Alternative) -> None:
    odds, p = fisher_exact(*pair(COUNTS[2]), side)
    theirs = stats.fisher_exact([[9, 36], [3, 37]], alternative=str(side))
    assert (odds, p) == pytest.approx((theirs.statistic, theirs.pvalue))


@pytest.mark.parametrize("correction", list(Correction))
@pytest.mark.parametrize("m", [1, 2, 3, 8, 30])
def test_corrections_agree(correction: Correction, m: int) -> None:
    names = {"hochberg": "simes-hochberg", "bh": "fdr_bh", "by": "fdr_by", "holm_sidak": "holm-sidak"}
    p = np.random.default_rng(m).uniform(size=m) ** 3
    theirs = multitest.multipletests(p, method=names.get(str(correction), str(correction)))[1]
    assert adjust_p_values(list(p), correction) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("correction", list(Correction))
def test_a_corrected_interval_agrees_with_its_corrected_p_value(correction: Correction) -> None:
    p = [0.0004, 0.011, 0.013, 0.02, 0.04, 0.3]
    adjusted = adjust_p_values(p, correction)
    for i, own in enumerate(p):
        level = agreeing_level(p, i, 0.05, correction)
        assert (own <= level) == (adjusted[i] <= 0.05)


@pytest.mark.parametrize("side", list(Alternative))
@pytest.mark.parametrize("continuity", [True, False])
def test_ranks_from_counts_agree_with_ranks_of_raw_values(side: Alternative, continuity: bool) -> None:
    a, b = RNG.poisson(3, 70), RNG.poisson(3.5, 50)
    theirs = stats.mannwhitneyu(b, a, alternative=str(side), method="asymptotic", use_continuity=continuity)
    ours = rank_test(ValueCounts.from_array(a), ValueCounts.from_array(b), side, continuity=continuity)
    assert (ours.u_treatment, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-9)


def test_a_rank_test_of_equal_samples_has_p_value_one() -> None:
    same = ValueCounts.from_array([1, 2, 3])
    assert rank_test(same, same).p_value == 1


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 0.99])
def test_quantiles_of_counts_agree_with_numpy_and_scipy(p: float) -> None:
    x = RNG.poisson(20, 300).astype(float)
    counts = ValueCounts.from_array(x)
    ends = stats.quantile_test(x, q=0, p=p).confidence_interval(0.95)
    assert quantile(counts, p) == pytest.approx(np.quantile(x, p))
    lower, upper = quantile_interval(counts, p)
    assert lower == ends.low
    assert upper == ends.high or (math.isinf(upper) and np.isnan(ends.high))


def test_clustered_quantiles_have_wider_errors_when_units_repeat_themselves() -> None:
    base = RNG.normal(size=400)
    values = np.repeat(base, 5) + RNG.normal(0, 0.1, 2000)
    arms = [ValueCounts.from_array(values[:1000]), ValueCounts.from_array(values[1000:])]
    clusters = []
    for part, counts in ((values[:1000], arms[0]), (values[1000:], arms[1])):
        below = (part <= quantile(counts, 0.5)).reshape(200, 5).sum(axis=1)
        clusters.append(Summary.from_arrays(below, np.full(200, 5.0)))
    naive = compare_quantiles(*arms, 0.5)
    robust = compare_quantiles(*arms, 0.5, clusters=(clusters[0], clusters[1]))
    assert robust.std_error / naive.std_error == pytest.approx(math.sqrt(5), rel=0.1)


def regression_data(n: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(21)
    t = rng.integers(0, 2, n).astype(float)
    x1, x2 = rng.normal(size=n), rng.exponential(size=n)
    return 1 + 0.5 * t + x1 * (1 + t) - x2 + rng.normal(size=n) * (1 + t), t, x1, x2


@pytest.mark.parametrize("sandwich", [Sandwich.HC0, Sandwich.HC2])
def test_regression_adjustment_agrees(sandwich: Sandwich) -> None:
    y, t, x1, x2 = regression_data()
    c1, c2 = x1 - x1.mean(), x2 - x2.mean()
    lin = sm.OLS(y, sm.add_constant(np.column_stack([t, c1, c2, t * c1, t * c2]))).fit(cov_type=str(sandwich))
    ours = ancova(y, t, [x1, x2], sandwich=sandwich)
    assert (ours.effect, ours.std_error, ours.p_value) == pytest.approx((lin.params[1], lin.bse[1], lin.pvalues[1]))
    plain = sm.OLS(y, sm.add_constant(np.column_stack([t, x1, x2]))).fit(cov_type=str(sandwich))
    common = ancova(y, t, [x1, x2], sandwich=sandwich, interacted=False)
    assert (common.effect, common.std_error) == pytest.approx((plain.params[1], plain.bse[1]))


def test_lins_estimator_from_moments_is_lins_estimator() -> None:
    y, t, x1, x2 = regression_data(4000)
    arms = [Summary.from_arrays(y[t == a], covariates={"a": x1[t == a], "b": x2[t == a]}) for a in (0, 1)]
    rows = ancova(y, t, [x1, x2])
    moments = compare_lin(*arms)
    assert moments.estimate == pytest.approx(rows.effect, rel=1e-10)
    # Slopes differ by one in x1, whose mean is estimated too; HC2 takes it as known.
    assert moments.std_error**2 == pytest.approx(rows.std_error**2 + x1.var() / 4000, rel=0.02)


def test_cuped_narrows_as_much_as_the_covariate_explains() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=20_000)
    y = 0.8 * x + 0.6 * rng.normal(size=20_000)
    arms = [Summary.from_arrays(y[i::2], covariates={"pre": x[i::2]}) for i in (0, 1)]
    adjusted = compare_adjusted(*arms)
    assert adjusted.theta[0] == pytest.approx(0.8, abs=0.02)
    assert adjusted.std_error == pytest.approx(0.6 * math.sqrt(2 / 10_000), rel=0.03)


def test_covariates_that_repeat_each_other_adjust_like_one() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=500)
    y = x + rng.normal(size=500)
    one = [Summary.from_arrays(y[i::2], covariates={"a": x[i::2]}) for i in (0, 1)]
    two = [Summary.from_arrays(y[i::2], covariates={"a": x[i::2], "b": 2 * x[i::2]}) for i in (0, 1)]
    assert compare_adjusted(*two).estimate == pytest.approx(compare_adjusted(*one).estimate, rel=1e-9)


def test_cluster_sums_give_the_errors_of_clustered_rows() -> None:
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(40), rng.integers(1, 9, 40))
    t = (cluster % 2).astype(float)
    y = rng.normal(size=40)[cluster] + 0.3 * t + rng.normal(size=cluster.size)
    fit = sm.OLS(y, sm.add_constant(t)).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    ours = compare_clustered(cluster_sums(y[t == 0], cluster[t == 0]), cluster_sums(y[t == 1], cluster[t == 1]))
    assert (ours.estimate, ours.std_error, ours.p_value) == pytest.approx((fit.params[1], fit.bse[1], fit.pvalues[1]))


def test_the_interaction_is_that_of_a_saturated_regression() -> None:
    rng = np.random.default_rng(9)
    a, b = rng.integers(0, 2, 200), rng.integers(0, 2, 200)
    y = a + b + 0.5 * a * b + rng.normal(size=200) * (1 + a)
    fit = sm.OLS(y, sm.add_constant(np.column_stack([a, b, a * b]))).fit(cov_type="HC2")
    cells = {(i, j): Summary.from_arrays(y[(a == i) & (b == j)]) for i in (0, 1) for j in (0, 1)}
    ours = interaction(cells)
    assert (ours.interaction, ours.std_error) == pytest.approx((fit.params[3], fit.bse[3]))


def test_dependence_of_assignments_is_pearsons_chi_square() -> None:
    table = [[520, 480], [430, 570], [500, 500]]
    theirs = stats.chi2_contingency(table, correction=False)
    assert assignment_dependence(table) == pytest.approx((theirs.statistic, theirs.dof, theirs.pvalue))


def test_heterogeneity_agrees_with_meta_analysis() -> None:
    effects, errors = [0.1, 0.4, -0.2, 0.5], [0.1, 0.15, 0.12, 0.3]
    theirs = meta_analysis.combine_effects(np.array(effects), np.array(errors) ** 2, method_re="dl")
    ours = heterogeneity(effects, errors)
    assert ours.q == pytest.approx(theirs.q)
    assert ours.tau_squared == pytest.approx(theirs.tau2)
    assert ours.pooled == pytest.approx(theirs.mean_effect_fe)
    assert min(effects) < min(ours.shrunken)
    assert max(ours.shrunken) < max(effects)


def test_one_stratum_is_no_stratification() -> None:
    a, b = Summary.from_sums(500, 1000, 3100), Summary.from_sums(520, 1150, 3600)
    whole = compare_stratified([(a, b)])
    assert whole.effect == pytest.approx(b.mean() - a.mean())
    assert whole.std_error == pytest.approx(math.sqrt(a.variance() / 500 + b.variance() / 520))


def test_a_ratio_with_constant_denominator_is_a_mean() -> None:
    y = RNG.normal(5, 1, 100)
    ratio = compare_ratios(Summary.from_arrays(y[:50], np.full(50, 2.0)), Summary.from_arrays(y[50:], np.full(50, 2.0)))
    mean = stats.ttest_ind(y[50:] / 2, y[:50] / 2, equal_var=False)
    assert ratio.p_value == pytest.approx(mean.pvalue)


def test_winsorising_agrees() -> None:
    x = RNG.lognormal(size=41)
    theirs = np.asarray(stats.mstats.winsorize(x, limits=(3 / 41, 2 / 41)))
    ours = winsorised(x, 3, 2)
    assert (ours.mean(), ours.variance()) == pytest.approx((theirs.mean(), theirs.var(ddof=1)))


@pytest.mark.parametrize("side", list(Alternative))
@pytest.mark.parametrize("ratio", [1.0, 2.5])
def test_sample_sizes_agree(side: Alternative, ratio: float) -> None:
    sign = -1 if side == Alternative.LESS else 1
    asked = {"effect_size": 0.3 * sign, "alpha": 0.05, "power": 0.85, "ratio": ratio, "alternative": SIDES[side]}
    t = power.TTestIndPower().solve_power(**asked)
    z = power.NormalIndPower().solve_power(**asked)
    assert t_test_n(0.3 * sign, 0.05, 0.85, ratio=ratio, alternative=side) == pytest.approx(t, rel=1e-6)
    assert z_test_n(0.3 * sign, 0.05, 0.85, ratio=ratio, alternative=side) == pytest.approx(z, rel=1e-6)


def test_chi_square_and_anova_sizes_agree() -> None:
    chi = power.GofChisquarePower().solve_power(effect_size=0.1, alpha=0.01, power=0.9, n_bins=2)
    assert chi_square_n(0.1, 1, 0.01, 0.9) == pytest.approx(chi, rel=1e-6)
    anova = power.FTestAnovaPower().solve_power(effect_size=0.2, alpha=0.05, power=0.8, k_groups=3)
    assert anova_n(3, 0.2, 0.05, 0.8) * 3 == pytest.approx(anova, rel=1e-6)


def test_proportions_with_a_reference_of_their_own_ignore_the_asked_one() -> None:
    both = pair(COUNTS[0])
    assert compare_proportions(*both, Inference(reference=Reference.WELCH)) == compare_proportions(*both)
