"""Means agree with scipy on raw data, and refuse what determines no difference."""

import numpy as np
import pytest
from scipy import stats

from counterpoint.errors import CannotCompute
from counterpoint.stats import (
    Alternative,
    Inference,
    Reference,
    Relative,
    Summary,
    at_level,
    compare_means,
    excludes_null,
)

RNG = np.random.default_rng(11)
CONTROL, TREATMENT = RNG.normal(10, 3, 80), RNG.normal(11, 5, 60)
A, B = Summary.from_arrays(CONTROL), Summary.from_arrays(TREATMENT)


@pytest.mark.parametrize("alternative", list(Alternative))
@pytest.mark.parametrize("pooled", [False, True])
def test_student_and_welch_agree_with_scipy(alternative: Alternative, pooled: bool) -> None:
    reference = Reference.POOLED if pooled else Reference.WELCH
    ours = compare_means(A, B, Inference(alternative=alternative, reference=reference))
    theirs = stats.ttest_ind(TREATMENT, CONTROL, equal_var=pooled, alternative=str(alternative))
    ends = theirs.confidence_interval()
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
    assert (ours.ci_lower, ours.ci_upper) == pytest.approx((ends.low, ends.high), rel=1e-9)
    assert ours.df == pytest.approx(theirs.df)


def test_an_interval_leaves_out_the_null_exactly_when_the_test_rejects() -> None:
    for shift in np.linspace(-2, 2, 41):
        effect = compare_means(A, Summary.from_arrays(CONTROL + shift + RNG.normal(0, 1, 80)))
        assert excludes_null(effect) == (effect.p_value < 0.05)


def test_relative_conventions_agree_when_the_control_mean_is_sharp() -> None:
    big = Summary.from_sums(10**8, 10**9, 10**10 + 10**8)
    other = Summary.from_sums(10**8, 1.01e9, 1.0201e10 + 10**8)
    ends = [compare_means(big, other, Inference(relative=r)) for r in (Relative.DELTA, Relative.LOG, Relative.FIELLER)]
    for effect in ends:
        assert effect.relative_effect == pytest.approx(0.01)
        assert effect.relative_ci_lower == pytest.approx(ends[0].relative_ci_lower, abs=1e-7)
        assert effect.relative_ci_upper == pytest.approx(ends[0].relative_ci_upper, abs=1e-7)


def test_fieller_is_unbounded_when_the_control_mean_may_be_zero() -> None:
    noisy = Summary.from_arrays([-5.0, 5.0, 1.0, -0.5])
    effect = compare_means(noisy, B, Inference(relative=Relative.FIELLER))
    assert effect.relative_ci_upper == float("inf")
    assert "relative_interval_unbounded" in effect.notes


@pytest.mark.parametrize("relative", list(Relative))
def test_a_rise_from_a_negative_mean_is_a_positive_relative_effect(relative: Relative) -> None:
    down, up = Summary.from_arrays(CONTROL - 40), Summary.from_arrays(CONTROL - 35)
    effect = compare_means(down, up, Inference(relative=relative))
    assert effect.relative_effect is not None
    assert effect.relative_ci_lower is not None
    assert effect.relative_ci_upper is not None
    assert 0 < effect.relative_ci_lower < effect.relative_effect < effect.relative_ci_upper


def test_a_zero_control_mean_gives_no_relative_effect_and_says_so() -> None:
    effect = compare_means(Summary.from_arrays([-1.0, 1.0, 0.0]), A)
    assert effect.relative_effect is None
    assert effect.notes == ("zero_control_mean",)


def test_another_level_moves_only_the_intervals() -> None:
    effect = compare_means(A, B)
    strict = at_level(effect, 0.01, correction="bonferroni(5)")
    again = compare_means(A, B, Inference(alpha=0.01))
    assert (strict.ci_lower, strict.ci_upper, strict.relative_ci_lower) == (
        again.ci_lower,
        again.ci_upper,
        again.relative_ci_lower,
    )
    assert strict.p_value == effect.p_value
    assert strict.corrections == ("bonferroni(5)",)


@pytest.mark.parametrize(
    ("control", "treatment", "code"),
    [
        (Summary.from_arrays([1.0]), B, "too_few_units"),
        (A, Summary.empty(), "too_few_units"),
        (Summary.from_arrays([2.0, 2.0]), Summary.from_arrays([3.0, 3.0]), "no_variation"),
    ],
)
def test_what_determines_no_difference_is_named(control: Summary, treatment: Summary, code: str) -> None:
    with pytest.raises(CannotCompute) as caught:
        compare_means(control, treatment)
    assert caught.value.code == code
