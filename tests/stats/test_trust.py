"""Quality tests notice bias before exposure, lost exposures and results too good to be true."""

import math

import numpy as np
import pytest

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats import (
    Correction,
    Inference,
    NormalPrior,
    RampPhase,
    Summary,
    ValueCounts,
    adjust_p_values,
    always_valid,
    compare_adjusted,
    compare_means,
    compare_proportions,
    compare_ratios,
    exposure_loss,
    false_positive_rate,
    heterogeneity,
    posterior,
    pre_exposure_bias,
    sequential_sample_ratio_test,
    too_good_to_be_true,
)


def arms(shift: float) -> tuple[Summary, Summary]:
    rng = np.random.default_rng(1)
    a, b = rng.normal(10, 2, 5000), rng.normal(10 + shift, 2, 5000)
    return (
        Summary.from_arrays(rng.normal(size=5000), covariates={"pre": a}),
        Summary.from_arrays(rng.normal(size=5000), covariates={"pre": b}),
    )


def test_a_difference_before_exposure_fails_the_check() -> None:
    assert pre_exposure_bias(*arms(0.0), "pre").passed
    failed = pre_exposure_bias(*arms(0.5), "pre")
    assert not failed.passed
    assert "before exposure by +" in failed.detail


def test_exposures_lost_by_one_variant_fail_the_check() -> None:
    assert exposure_loss((10_000, 10_000), (9_900, 9_905)).passed
    assert not exposure_loss((10_000, 10_000), (9_900, 9_700)).passed
    assert exposure_loss((10, 10), (10, 10)).passed


def test_an_effect_unlike_the_history_raises_twymans_alarm() -> None:
    history = NormalPrior(mean=0.0, variance=0.01**2)
    small = compare_means(Summary.from_sums(10_000, 1e5, 1.04e6), Summary.from_sums(10_000, 1.01e5, 1.06e6))
    large = compare_means(Summary.from_sums(10_000, 1e5, 1.04e6), Summary.from_sums(10_000, 1.3e5, 1.73e6))
    assert too_good_to_be_true(small, history).passed
    assert not too_good_to_be_true(large, history).passed
    with pytest.raises(InvalidInput):
        too_good_to_be_true(small, NormalPrior())


def test_the_false_positive_rate_of_aa_runs_comes_with_its_error() -> None:
    rate, error = false_positive_rate([0.01, 0.2, 0.5, 0.9])
    assert rate == 0.25
    assert error == pytest.approx(math.sqrt(0.05 * 0.95 / 4))


FINE = Summary.from_arrays([1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Inference(alpha=math.nan), "share_out_of_range"),
        (lambda: Inference(alpha=1.0), "share_out_of_range"),
        (lambda: Inference(null=math.inf), "not_finite"),
        (lambda: compare_means(Summary.from_arrays([1.0]), FINE), "too_few_units"),
        (lambda: compare_proportions(FINE, FINE), "not_a_proportion"),
        (lambda: compare_proportions(Summary.from_counts(0, 9), Summary.from_counts(0, 9)), "no_variation"),
        (lambda: compare_ratios(FINE, FINE), "unknown_column"),
        (lambda: compare_ratios(*[Summary.from_arrays([1.0, 2], [0.0, 0])] * 2), "zero_denominator"),
        (lambda: compare_adjusted(FINE, FINE), "no_covariates"),
        (lambda: ValueCounts(values=(2.0, 1.0), counts=(1, 1)), "values_not_increasing"),
        (lambda: ValueCounts(values=(1.0,), counts=(-1,)), "negative_count"),
        (lambda: ValueCounts(values=(math.nan,), counts=(1,)), "not_finite"),
        (lambda: adjust_p_values([0.5, math.nan], Correction.BH), "p_value_out_of_range"),
        (lambda: adjust_p_values([1.5], Correction.HOLM), "p_value_out_of_range"),
        (lambda: heterogeneity([1.0, 2.0], [1.0, 0.0]), "std_error_not_positive"),
        (lambda: heterogeneity([1.0], [1.0]), "too_few_segments"),
        (lambda: posterior(0.1, 0.0, NormalPrior()), "no_variation"),
        (lambda: NormalPrior(variance=0.0), "variance_not_positive"),
        (lambda: always_valid(compare_means(FINE, FINE), burn_in=0, tuning_n=math.nan), "tuning_out_of_range"),
        (
            lambda: sequential_sample_ratio_test([RampPhase(weights=(0.0, 1.0), cumulative_counts=((1, 1),))]),
            "weights_not_positive",
        ),
        (lambda: exposure_loss((10, 10), (11, 10)), "count_above_units"),
    ],
)
def test_bad_input_has_a_name_and_never_a_number(make: object, code: str) -> None:
    with pytest.raises((InvalidInput, CannotCompute)) as caught:
        make()  # type: ignore[operator]
    assert caught.value.code == code
