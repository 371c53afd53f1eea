"""Sample ratio tests see mismatches, ramps do not look like one, and impossible counts are refused."""

import math

import pytest

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats import RampPhase, sample_ratio_test, sequential_sample_ratio_test


def test_the_textbook_mismatch_is_found() -> None:
    # Kohavi, Tang and Xu 2020, chapter 3.
    assert sample_ratio_test([821_588, 815_482], [1, 1]).mismatch


def test_a_ramp_is_not_a_mismatch_when_phases_are_told_apart() -> None:
    ten = RampPhase(weights=(0.9, 0.1), cumulative_counts=((9_000, 1_000),))
    half = RampPhase(weights=(0.5, 0.5), cumulative_counts=((5_000, 5_000), (20_000, 20_000)))
    assert not sequential_sample_ratio_test([ten, half]).mismatch
    blind = RampPhase(weights=(0.5, 0.5), cumulative_counts=((29_000, 21_000),))
    assert sequential_sample_ratio_test([blind]).mismatch


def test_evidence_of_an_earlier_phase_is_not_forgotten() -> None:
    broken = RampPhase(weights=(0.5, 0.5), cumulative_counts=((5_500, 4_500),))
    clean = RampPhase(weights=(0.5, 0.5), cumulative_counts=((5_000, 5_000),))
    assert sequential_sample_ratio_test([broken, clean]).mismatch
    assert sequential_sample_ratio_test([broken, clean]).counts == (10_500, 9_500)


def test_splitting_looks_finer_never_hides_a_mismatch() -> None:
    one = sequential_sample_ratio_test([RampPhase(weights=(1, 1), cumulative_counts=((5_600, 5_000),))])
    two = sequential_sample_ratio_test([RampPhase(weights=(1, 1), cumulative_counts=((300, 300), (5_600, 5_000)))])
    assert two.p_value <= one.p_value


@pytest.mark.parametrize(
    ("counts", "weights", "code"),
    [
        ([1, 2], [1, 0], "weights_not_positive"),
        ([1, 2], [1, math.nan], "weights_not_positive"),
        ([1], [1], "weights_not_positive"),
        ([1, -2], [1, 1], "negative_count"),
        ([1, 2, 3], [1, 1], "shapes_differ"),
    ],
)
def test_impossible_counts_and_weights_are_refused(counts: list[int], weights: list[float], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sample_ratio_test(counts, weights)
    assert caught.value.code == code


def test_no_units_are_no_verdict() -> None:
    with pytest.raises(CannotCompute):
        sample_ratio_test([0, 0], [1, 1])
    with pytest.raises(CannotCompute):
        sequential_sample_ratio_test([])


def test_counts_that_shrink_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        sequential_sample_ratio_test([RampPhase(weights=(1, 1), cumulative_counts=((50, 50), (40, 60)))])
    assert caught.value.code == "counts_go_backwards"
