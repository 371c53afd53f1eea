"""Laws of the statistics room, for any data."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.errors import CannotCompute
from counterpoint.stats import (
    Alternative,
    ComparisonPlan,
    Correction,
    Inference,
    MetricModel,
    Spending,
    Summary,
    ValueCounts,
    adjust_p_values,
    always_valid,
    compare_means,
    detectable_effect,
    excludes_null,
    merge,
    merge_all,
    merge_counts,
    power,
    quantile,
    rank_test,
    sample_size,
    spending_bounds,
    spent,
)

finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
samples = st.lists(finite, min_size=2, max_size=30)
shares = st.floats(0.01, 0.99)


def close(a: Summary, b: Summary) -> None:
    scale = 1 + max(map(abs, a.means))
    spread = max(a.cross[0], scale**2)
    assert a.n == b.n
    assert a.means == pytest.approx(b.means, rel=1e-12, abs=1e-12 * scale)
    assert a.cross == pytest.approx(b.cross, rel=1e-12, abs=1e-12 * spread * a.n)


@given(st.lists(samples, min_size=2, max_size=4))
def test_summaries_merge_in_any_order_to_the_same(parts: list[list[float]]) -> None:
    summaries = [Summary.from_arrays(p, covariates={"x": p[::-1]}) for p in parts]
    first = merge_all(summaries)
    for order in itertools.permutations(summaries):
        close(first, merge_all(order))


@given(samples, samples, samples)
def test_merging_is_associative(a: list[float], b: list[float], c: list[float]) -> None:
    x, y, z = (Summary.from_arrays(s) for s in (a, b, c))
    close(merge(merge(x, y), z), merge(x, merge(y, z)))


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.integers(0, 40))
def test_value_counts_merge_to_the_counts_of_everything(values: list[int], cut: int) -> None:
    parts = [ValueCounts.from_array(v) for v in (values[:cut], values[cut:]) if v]
    whole = parts[0] if len(parts) == 1 else merge_counts(*parts)
    assert whole == ValueCounts.from_array(values)
    assert min(values) <= quantile(whole, 0.5) <= max(values)


@given(samples, samples, st.sampled_from(list(Alternative)), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_interval_and_the_p_value_never_disagree(
    a: list[float], b: list[float], side: Alternative, alpha: float
) -> None:
    try:
        effect = compare_means(Summary.from_arrays(a), Summary.from_arrays(b), Inference(alpha=alpha, alternative=side))
    except CannotCompute:
        return
    if abs(effect.p_value - alpha) > 1e-9:
        assert excludes_null(effect) == (effect.p_value < alpha)


@given(samples, samples)
def test_swapping_the_arms_turns_the_effect_round(a: list[float], b: list[float]) -> None:
    try:
        one = compare_means(Summary.from_arrays(a), Summary.from_arrays(b))
    except CannotCompute:
        return
    other = compare_means(Summary.from_arrays(b), Summary.from_arrays(a))
    assert other.estimate == pytest.approx(-one.estimate)
    assert other.p_value == pytest.approx(one.p_value)
    assert other.ci_lower == pytest.approx(-one.ci_upper)


@given(samples, samples)
def test_a_sequence_is_never_narrower_than_the_test_of_one_look(a: list[float], b: list[float]) -> None:
    try:
        effect = compare_means(Summary.from_arrays(a * 20), Summary.from_arrays(b * 20))
    except CannotCompute:
        return
    watched = always_valid(effect, burn_in=0)
    assert watched.ci_lower <= effect.ci_lower
    assert watched.ci_upper >= effect.ci_upper
    # Far beyond any level in use Student's tails are heavier than those of a mixture of normals.
    assert watched.p_value >= effect.p_value or effect.p_value < 1e-12


@given(samples, samples)
def test_ranks_know_only_the_order_of_values(a: list[float], b: list[float]) -> None:
    try:
        plain = rank_test(ValueCounts.from_array(a), ValueCounts.from_array(b))
    except CannotCompute:
        return
    moved = rank_test(ValueCounts.from_array([3 * x + 1 for x in a]), ValueCounts.from_array([3 * x + 1 for x in b]))
    assert moved == plain


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.sampled_from(list(Correction)))
def test_corrections_raise_p_values_and_keep_their_order(p: list[float], correction: Correction) -> None:
    adjusted = adjust_p_values(p, correction)
    assert all(q >= x - 1e-12 for x, q in zip(p, adjusted, strict=True))
    assert all(q <= 1 for q in adjusted)
    for (x, q), (y, r) in itertools.combinations(zip(p, adjusted, strict=True), 2):
        if x < y:
            assert q <= r + 1e-12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_each_correction_is_as_strict_as_the_theory_says(p: list[float]) -> None:
    found = {c: adjust_p_values(p, c) for c in Correction}
    for i in range(len(p)):
        assert found[Correction.BONFERRONI][i] >= found[Correction.HOLM][i] - 1e-12
        assert found[Correction.HOLM][i] >= found[Correction.HOCHBERG][i] - 1e-12
        assert found[Correction.HOCHBERG][i] >= found[Correction.HOMMEL][i] - 1e-12
        assert found[Correction.HOMMEL][i] >= found[Correction.BH][i] - 1e-12
        assert found[Correction.BY][i] >= found[Correction.BH][i] - 1e-12


@given(st.sampled_from(list(Spending)), st.floats(0.001, 0.2), st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_spending_never_gives_back_and_ends_at_alpha(family: Spending, alpha: float, times: list[float]) -> None:
    path = [spent(family, t, alpha) for t in sorted(times)]
    assert all(a <= b + 1e-15 for a, b in itertools.pairwise(path))
    assert spent(family, 1.0, alpha) == alpha
    assert spent(family, 0.0, alpha) == 0


@settings(max_examples=25)
@given(st.lists(st.integers(1, 999), min_size=1, max_size=5, unique=True), st.sampled_from([1, 2]))
def test_a_look_more_never_lowers_a_later_bound(looks: list[int], sides: int) -> None:
    times = [t / 1000 for t in sorted(looks)] + [1.0]
    whole = spending_bounds(times, sides=sides)
    without = spending_bounds(times[1:], sides=sides)
    assert whole.z[-1] >= without.z[-1] - 1e-6


@settings(max_examples=60)
@given(shares, st.floats(0.002, 0.5), st.floats(0.1, 10), st.sampled_from(list(Alternative)))
def test_power_size_and_effect_invert_each_other(
    target: float, effect: float, weight: float, side: Alternative
) -> None:
    model = MetricModel(mean=3.0, variance=7.0)
    plan = ComparisonPlan(alpha=0.005, alternative=side, treatment_weight=weight)
    signed = -effect if side == Alternative.LESS else effect
    n = sample_size(model, plan, signed, target)
    if power(model, plan, n, signed) > target + 1e-6:
        return  # a handful of units already suffices
    assert power(model, plan, n, signed) == pytest.approx(target, abs=1e-6)
    assert detectable_effect(model, plan, n, target) == pytest.approx(signed, rel=1e-4)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_counts_and_arrays_of_zeros_and_ones_are_one(successes: int, n: int) -> None:
    if successes > n:
        return
    summary = Summary.from_counts(successes, n)
    p = successes / n
    assert math.isclose(summary.cross[0], n * p * (1 - p), rel_tol=1e-12)
