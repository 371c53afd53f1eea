"""Every kind of bad input has a code, and the table of codes in docs/statistics.md says the same."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats import (
    Alternative,
    Correction,
    Inference,
    NormalPrior,
    RampPhase,
    Summary,
    ValueCounts,
    adequacy,
    adjust_p_values,
    compare_adjusted,
    compare_means,
    compare_proportions,
    compare_quantiles,
    compare_ratios,
    haybittle_peto_bounds,
    heterogeneity,
    information_path,
    posterior,
    proportions_n,
    risk_ratio,
    sample_ratio_test,
    sequential_sample_ratio_test,
    spending_bounds,
    wang_tsiatis_bounds,
    wilson_interval,
    z_test_power,
)

PAGE = Path(__file__).parents[2] / "docs/statistics.md"
A, B = Summary.from_arrays([1.0, 2.0, 4.0]), Summary.from_arrays([2.0, 3.0, 7.0])
FLAT = Summary.from_arrays([2.0, 2.0])
NOUGHT = Summary.from_arrays([1.0, 2.0], [0.0, 0.0])

CASES: list[tuple[str, Callable[[], object], str]] = [
    ("NaN", lambda: Summary.from_arrays([1.0, math.nan]), "not_finite"),
    ("NaN", lambda: Summary.from_sums(3, math.nan, 1.0), "not_finite"),
    ("NaN", lambda: ValueCounts.from_array([1.0, math.nan]), "not_finite"),
    ("NaN", lambda: adjust_p_values([0.1, math.nan], Correction.HOLM), "p_value_out_of_range"),
    ("infinities", lambda: Summary.from_arrays([1.0, math.inf]), "not_finite"),
    ("infinities", lambda: Summary(n=2, means=(math.inf,), cross=(1.0,)), "not_finite"),
    ("infinities", lambda: Inference(null=math.inf), "not_finite"),
    ("negative counts", lambda: Summary.from_counts(-1, 4), "negative_count"),
    ("negative counts", lambda: Summary.from_counts(5, 4), "count_above_units"),
    ("negative counts", lambda: sample_ratio_test([5, -1], [1, 1]), "negative_count"),
    ("negative counts", lambda: ValueCounts(values=(1.0,), counts=(-1,)), "negative_count"),
    ("one unit", lambda: compare_means(Summary.from_arrays([1.0]), A), "too_few_units"),
    ("one unit", lambda: compare_adjusted(Summary.from_arrays([1.0]), A), "no_covariates"),
    (
        "one unit",
        lambda: compare_quantiles(ValueCounts.from_array([1.0]), ValueCounts.from_array([2.0]), 0.5),
        "quantile_out_of_reach",
    ),
    ("zero variance", lambda: compare_means(FLAT, FLAT), "no_variation"),
    (
        "zero variance",
        lambda: compare_proportions(Summary.from_counts(0, 9), Summary.from_counts(0, 9)),
        "no_variation",
    ),
    ("zero variance", lambda: posterior(0.1, 0.0, NormalPrior()), "no_variation"),
    ("zero variance", lambda: heterogeneity([1.0, 2.0], [1.0, 0.0]), "std_error_not_positive"),
    ("zero variance", lambda: Summary.from_sums(3, 9.0, 1.0), "negative_variance"),
    ("zero control mean", lambda: compare_ratios(NOUGHT, NOUGHT), "zero_denominator"),
    ("zero control mean", lambda: risk_ratio(Summary.from_counts(0, 9), Summary.from_counts(3, 9)), "zero_successes"),
    ("weights of zero", lambda: sample_ratio_test([5, 5], [1, 0]), "weights_not_positive"),
    (
        "weights of zero",
        lambda: sequential_sample_ratio_test([RampPhase(weights=(0.0, 1.0), cumulative_counts=((1, 1),))]),
        "weights_not_positive",
    ),
    ("levels and powers", lambda: Inference(alpha=1.5), "share_out_of_range"),
    ("levels and powers", lambda: wilson_interval(3, 9, 0.0), "share_out_of_range"),
    ("levels and powers", lambda: z_test_power(0.1, 9, 9, 1.5, Alternative.TWO_SIDED), "share_out_of_range"),
    ("levels and powers", lambda: proportions_n(0.1, 0.2, 0.05, 1.0), "share_out_of_range"),
    ("looks out of order", lambda: spending_bounds([0.5, 0.4, 1.0]), "information_goes_backwards"),
    ("looks out of order", lambda: spending_bounds([]), "no_looks"),
    ("looks out of order", lambda: spending_bounds([0.5, 1.5]), "information_out_of_range"),
    ("information going backwards", lambda: information_path([100, 90], 200), "information_goes_backwards"),
    (
        "information going backwards",
        lambda: sequential_sample_ratio_test([RampPhase(weights=(1, 1), cumulative_counts=((9, 9), (8, 9)))]),
        "counts_go_backwards",
    ),
]


@pytest.mark.parametrize(("kind", "make", "code"), CASES)
def test_bad_input_is_a_named_error_and_never_a_number(kind: str, make: Callable[[], object], code: str) -> None:
    with pytest.raises((InvalidInput, CannotCompute)) as caught:
        make()
    assert caught.value.code == code, kind


def test_a_zero_control_mean_leaves_the_absolute_effect_and_a_note() -> None:
    effect = compare_means(Summary.from_arrays([-1.0, 1.0]), A)
    assert effect.relative_effect is None
    assert effect.notes == ("zero_control_mean",)


def test_heavy_tails_in_few_units_are_a_verdict() -> None:
    assert adequacy(Summary.from_counts(1, 300), Summary.from_counts(2, 300)).code == "too_few"


def test_the_documented_table_names_every_code_beside_its_kind() -> None:
    documented: dict[str, set[str]] = {}
    for row in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [c.strip() for c in row.strip("|").split("|")]
        if row.startswith("|") and len(cells) == 3:
            documented.setdefault(cells[0], set()).update(re.findall(r"`(\w+)`", cells[1]))
    for kind, _, code in CASES:
        assert code in documented.get(kind, set()), f"{kind}: {code}"


@pytest.mark.parametrize("delta", [1e308, -1e308, float("nan"), float("inf"), 6.0])
def test_a_shape_far_from_any_design_is_refused_and_not_searched_for_ever(delta: float) -> None:
    with pytest.raises(InvalidInput) as caught:
        wang_tsiatis_bounds([0.5, 1.0], delta=delta)
    assert caught.value.code == "bad_shape"


@pytest.mark.parametrize("interim_z", [0.0, 0.5, -1.0])
def test_interim_bounds_that_spend_more_than_alpha_leave_no_last_bound(interim_z: float) -> None:
    with pytest.raises(CannotCompute) as caught:
        haybittle_peto_bounds([0.5, 1.0], interim_z=interim_z)
    assert caught.value.code == "no_such_bounds"
