"""Tests of one look keep their alpha, intervals their coverage, and designs their power, by simulation."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from counterpoint.stats import (
    Alternative,
    ComparisonPlan,
    Effect,
    Inference,
    MetricModel,
    Relative,
    Summary,
    ValueCounts,
    adequacy,
    compare_adjusted,
    compare_clustered,
    compare_lin,
    compare_many,
    compare_means,
    compare_proportions,
    compare_quantiles,
    compare_ratios,
    compare_stratified,
    heterogeneity,
    interaction,
    model_of_share,
    moments_from_sums,
    novelty,
    power,
    preference,
    rank_test,
    sample_size,
    score_test,
    screen_interactions,
)

pytestmark = pytest.mark.slow
ALPHA = 0.05
Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
SHAPES: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(10, 3, shape),
    "lognormal": lambda rng, shape: rng.lognormal(0, 1, shape),
    "zero_inflated": lambda rng, shape: rng.exponential(5, shape) * (rng.uniform(size=shape) < 0.1),
    "counts": lambda rng, shape: rng.negative_binomial(1, 0.2, shape).astype(float),
}


def within(hits: float, n: int, expected: float, *, exact: bool = False, sds: float = 4.0) -> None:
    """Fail when a rate exceeds the expected one by four standard errors, or misses it either way when exact."""
    rate, error = hits / n, math.sqrt(expected * (1 - expected) / n)
    assert rate <= expected + sds * error, f"{rate:.4f} against {expected:.4f} + {sds} * {error:.4f}"
    if exact:
        assert rate >= expected - sds * error, f"{rate:.4f} against {expected:.4f} - {sds} * {error:.4f}"


def moments_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.full(x.shape[0], x.shape[1]), x.sum(axis=1), (x * x).sum(axis=1)


@pytest.mark.parametrize(
    ("shape", "n1", "n2"),
    [
        ("normal", 40, 25),
        ("normal", 10, 10),
        ("counts", 800, 700),
        ("lognormal", 1500, 1500),
        ("zero_inflated", 2000, 2000),
    ],
)
def test_welch_keeps_alpha_and_covers_the_truth(shape: str, n1: int, n2: int) -> None:
    rng = np.random.default_rng([1, n1, n2])
    runs = 6000
    a, b = SHAPES[shape](rng, (runs, n1)), SHAPES[shape](rng, (runs, n2))
    found = compare_many(moments_from_sums(*moments_of(a)), moments_from_sums(*moments_of(b)))
    within(int((found.p_value < ALPHA).sum()), runs, ALPHA, exact=shape == "normal" and n1 > 10)
    within(int(((found.ci_lower > 0) | (found.ci_upper < 0)).sum()), runs, ALPHA)


@pytest.mark.parametrize("convention", [Relative.DELTA, Relative.LOG, Relative.FIELLER])
def test_relative_intervals_cover_the_true_lift(convention: Relative) -> None:
    rng = np.random.default_rng(2)
    runs, n, missed = 4000, 300, 0
    a, b = rng.gamma(2, 5, (runs, n)), rng.gamma(2, 5 * 1.1, (runs, n))
    for x, y in zip(a, b, strict=True):
        effect = compare_means(Summary.from_arrays(x), Summary.from_arrays(y), Inference(relative=convention))
        assert effect.relative_ci_lower is not None
        assert effect.relative_ci_upper is not None
        missed += not effect.relative_ci_lower <= 0.1 <= effect.relative_ci_upper
    within(missed, runs, ALPHA, exact=convention == Relative.FIELLER)


def rejections(make: Callable[[np.random.Generator], Effect], seed: int, runs: int) -> int:
    rng = np.random.default_rng(seed)
    return sum(make(rng).p_value < ALPHA for _ in range(runs))


def test_shares_keep_alpha_at_small_counts_and_uneven_splits() -> None:
    runs = 20_000
    rng = np.random.default_rng(3)
    x, y = rng.binomial(3000, 0.02, runs), rng.binomial(1000, 0.02, runs)
    hits = sum(
        compare_proportions(Summary.from_counts(int(i), 3000), Summary.from_counts(int(j), 1000)).p_value < ALPHA
        for i, j in zip(x, y, strict=True)
    )
    within(hits, runs, ALPHA)


def test_the_score_test_keeps_alpha_at_its_margin() -> None:
    runs = 10_000
    rng = np.random.default_rng(4)
    x, y = rng.binomial(300, 0.2, runs), rng.binomial(200, 0.15, runs)
    hits = sum(
        score_test(Summary.from_counts(int(i), 300), Summary.from_counts(int(j), 200), -0.05, Alternative.GREATER)[1]
        < ALPHA
        for i, j in zip(x, y, strict=True)
    )
    within(hits, runs, ALPHA)


def test_correlated_ratios_keep_alpha() -> None:
    def make(rng: np.random.Generator) -> Effect:
        arms = []
        for n in (500, 400):
            d = rng.poisson(rng.gamma(2, 3, n)) + 1.0
            y = rng.binomial(d.astype(int), rng.beta(2, 5, n)).astype(float)
            arms.append(Summary.from_arrays(y, d))
        return compare_ratios(*arms)

    within(rejections(make, 5, 4000), 4000, ALPHA, exact=True)


@pytest.mark.parametrize("method", [compare_adjusted, compare_lin])
def test_adjustment_keeps_alpha_where_slopes_differ_and_splits_are_uneven(method: Callable[..., Effect]) -> None:
    def make(rng: np.random.Generator) -> Effect:
        arms = []
        for n, slope in ((400, 1.0), (200, 2.0)):
            x = rng.normal(size=n)
            arms.append(Summary.from_arrays(slope * x + rng.normal(size=n), covariates={"pre": x}))
        return method(*arms)

    within(rejections(make, 6, 4000), 4000, ALPHA, exact=method is compare_lin)


def test_clustered_errors_keep_alpha_where_rows_repeat_their_unit() -> None:
    def make(rng: np.random.Generator) -> Effect:
        arms = []
        for _ in range(2):
            rows = rng.poisson(5, 80) + 1.0
            arms.append(Summary.from_arrays(rows * rng.normal(size=80), rows))
        return compare_clustered(*arms)

    within(rejections(make, 7, 4000), 4000, ALPHA)


def test_stratified_effects_keep_alpha() -> None:
    rng = np.random.default_rng(8)
    runs, hits = 3000, 0
    for _ in range(runs):
        sizes = rng.multinomial(600, [0.5, 0.3, 0.2, 0, 0, 0][:3], 2)
        strata = [
            tuple(Summary.from_arrays(rng.normal(4 * s, 1 + s, int(sizes[a, s]))) for a in (0, 1)) for s in range(3)
        ]
        hits += compare_stratified([(a, b) for a, b in strata]).p_value < ALPHA
    within(hits, runs, ALPHA, exact=True)


def test_ranks_keep_alpha_with_ties_and_heavy_tails() -> None:
    rng = np.random.default_rng(9)
    runs, hits = 3000, 0
    for _ in range(runs):
        a, b = np.round(rng.lognormal(0, 2, 60)), np.round(rng.lognormal(0, 2, 90))
        hits += rank_test(ValueCounts.from_array(a), ValueCounts.from_array(b)).p_value < ALPHA
    within(hits, runs, ALPHA)


def test_quantiles_keep_alpha_for_independent_and_for_clustered_values() -> None:
    rng = np.random.default_rng(10)
    runs, plain, clustered = 1200, 0, 0
    for _ in range(runs):
        values, clusters = [], []
        for _arm in range(2):
            base = rng.lognormal(size=200)
            rows = np.repeat(base, 4) * rng.lognormal(0, 0.3, 800)
            counts = ValueCounts.from_array(rows)
            cut = np.quantile(rows, 0.8)
            clusters.append(Summary.from_arrays((rows <= cut).reshape(200, 4).sum(axis=1), np.full(200, 4.0)))
            values.append(counts)
        clustered += compare_quantiles(*values, 0.8, clusters=(clusters[0], clusters[1])).p_value < ALPHA
        singles = [ValueCounts.from_array(rng.lognormal(size=500)) for _arm in range(2)]
        plain += compare_quantiles(*singles, 0.8).p_value < ALPHA
    within(plain, runs, ALPHA)
    within(clustered, runs, ALPHA)


def test_heterogeneity_interaction_and_novelty_keep_alpha() -> None:
    rng = np.random.default_rng(11)
    runs = 4000
    q = cross = trend = 0
    for _ in range(runs):
        errors = rng.uniform(0.1, 0.4, 6)
        q += heterogeneity(list(rng.normal(0.2, errors)), list(errors)).p_value < ALPHA
        cells = {(i, j): Summary.from_arrays(rng.exponential(1 + i + j, 150) - i - j) for i in (0, 1) for j in (0, 1)}
        cross += interaction(cells).p_value < ALPHA
        shared = rng.normal(0, math.sqrt(0.4))
        daily = rng.normal(0, math.sqrt(0.6), 10) + shared
        trend += novelty(list(range(10)), list(daily), [1.0] * 10, correlation=0.4).p_value < ALPHA
    within(q, runs, ALPHA, exact=True)
    within(cross, runs, ALPHA)
    within(trend, runs, ALPHA, exact=True)


def test_screened_interactions_keep_their_false_discovery_rate() -> None:
    rng = np.random.default_rng(12)
    shares = []
    for _ in range(2000):
        real = np.arange(45) < 5
        z = rng.normal(size=45) + 4.0 * real
        p = [math.erfc(abs(v) / math.sqrt(2)) for v in z]
        found = np.array(screen_interactions(p, 0.1))
        shares.append((found & ~real).sum() / max(found.sum(), 1))
    assert np.mean(shares) <= 0.1 + 4 * np.std(shares) / math.sqrt(2000)


def test_interleaving_without_preference_prefers_nobody() -> None:
    rng = np.random.default_rng(13)
    runs, hits = 3000, 0
    for _ in range(runs):
        clicks = rng.poisson(1.5, 120)
        b = rng.binomial(clicks, rng.beta(2, 2, 120))
        hits += preference(list(zip(clicks - b, b, strict=True))).p_value < ALPHA
    within(hits, runs, ALPHA)


@pytest.mark.parametrize("target", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_a_design_of_means_has_the_power_it_promised(target: float, weight: float) -> None:
    rng = np.random.default_rng([14, int(100 * target)])
    plan = ComparisonPlan(treatment_weight=weight)
    n = sample_size(MetricModel(mean=10, variance=9), plan, 0.05, target)
    n1 = round(n / (1 + weight))
    n2 = round(n - n1)
    runs = 5000
    a, b = rng.normal(10, 3, (runs, n1)), rng.normal(10.5, 3, (runs, n2))
    found = compare_many(moments_from_sums(*moments_of(a)), moments_from_sums(*moments_of(b)))
    promised = power(MetricModel(mean=10, variance=9), plan, n1 + n2, 0.05)
    within(int((found.p_value < ALPHA).sum()), runs, promised, exact=True, sds=4.5)


def test_a_design_of_shares_has_the_power_it_promised() -> None:
    rng = np.random.default_rng(15)
    plan = ComparisonPlan(pooled_null=True)
    n = sample_size(model_of_share(0.1), plan, 0.1, 0.8)
    half, runs = round(n / 2), 10_000
    x, y = rng.binomial(half, 0.1, runs), rng.binomial(half, 0.11, runs)
    hits = sum(
        compare_proportions(Summary.from_counts(int(i), half), Summary.from_counts(int(j), half)).p_value < ALPHA
        for i, j in zip(x, y, strict=True)
    )
    within(hits, runs, 0.8, exact=True)


@pytest.mark.parametrize(
    ("zeros", "sigma", "n1", "n2"),
    [
        (0.0, 1.0, 300, 300),
        (0.0, 2.0, 500, 2000),
        (0.99, 1.0, 2000, 2000),
        (0.99, 1.0, 20_000, 5_000),
        (0.9, 0.5, 4000, 1000),
    ],
)
def test_what_is_called_adequate_keeps_alpha_and_the_rest_is_too_few(
    zeros: float, sigma: float, n1: int, n2: int
) -> None:
    rng = np.random.default_rng([16, n1, n2])
    runs, read, hits = 1500, 0, 0
    for _ in range(runs):
        arms = []
        for n in (n1, n2):
            kept = rng.binomial(n, 1 - zeros)
            x = np.zeros(n)
            x[:kept] = rng.lognormal(0, sigma, kept)
            arms.append(Summary.from_arrays(x))
        if not adequacy(*arms).adequate:
            continue
        read += 1
        hits += compare_means(*arms).p_value < ALPHA
    if read > 100:
        within(hits, read, ALPHA)
    else:
        assert read < runs / 10
