"""Bounds hold their alpha, plans keep their power, and looks out of order are refused."""

import math

import numpy as np
import pytest

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats import (
    Alternative,
    Spending,
    Summary,
    adjusted_estimate,
    always_valid,
    characteristics,
    compare_means,
    crossing_probability,
    effect_at_look,
    futility_plan,
    haybittle_peto_bounds,
    hoeffding_sequence,
    information_path,
    look_days,
    mixture_ratio,
    quantile_sequence_radius,
    repeated_p_value,
    share_sequence,
    spending_bounds,
    wang_tsiatis_bounds,
)

LOOKS = [[1.0], [0.5, 1.0], [0.1, 0.15, 0.9, 1.0], [k / 14 for k in range(1, 15)]]


@pytest.mark.parametrize("looks", LOOKS)
@pytest.mark.parametrize("family", list(Spending))
@pytest.mark.parametrize("sides", [1, 2])
def test_the_bounds_spend_exactly_what_the_family_allows(looks: list[float], family: Spending, sides: int) -> None:
    bounds = spending_bounds(looks, alpha=0.05, sides=sides, family=family)
    _, up = crossing_probability(bounds, 0.0)
    assert sides * np.cumsum(up) == pytest.approx(bounds.alpha_spent, abs=1e-8)
    assert bounds.alpha_spent[-1] == pytest.approx(0.05)


def test_a_plan_of_one_look_is_the_ordinary_test() -> None:
    for bounds in (spending_bounds([1.0]), wang_tsiatis_bounds([1.0]), haybittle_peto_bounds([1.0])):
        assert bounds.z == pytest.approx([1.959964], abs=1e-6)


def test_wang_tsiatis_between_pocock_and_obrien_fleming_is_the_published_one() -> None:
    # Jennison and Turnbull 2000, table 2.9: five looks, alpha 0.05, delta 0.25.
    assert wang_tsiatis_bounds([0.2, 0.4, 0.6, 0.8, 1.0], delta=0.25).z[-1] == pytest.approx(2.136, abs=1e-3)


@pytest.mark.parametrize("looks", [[0.2, 0.6, 1.0], [0.01, 0.0101, 1.0], [0.5, 0.5002, 1.0]])
def test_integration_holds_when_looks_crowd(looks: list[float]) -> None:
    bounds = wang_tsiatis_bounds(looks, delta=0.5)
    assert bounds.alpha_spent[-1] == pytest.approx(0.05, abs=1e-7)
    assert bounds.z[0] >= 1.9599


@pytest.mark.parametrize(
    ("looks", "code"),
    [
        ([], "no_looks"),
        ([0.5, 0.4, 1.0], "information_goes_backwards"),
        ([0.5, 0.5], "information_goes_backwards"),
        ([0.5, 0.500001, 1.0], "information_goes_backwards"),
        ([0.0, 1.0], "information_out_of_range"),
        ([0.5, 1.2], "information_out_of_range"),
    ],
)
def test_looks_that_make_no_plan_are_refused(looks: list[float], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        spending_bounds(looks)
    assert caught.value.code == code


def test_the_published_cost_of_five_looks() -> None:
    # Jennison and Turnbull 2000, tables 2.4 and 2.2.
    assert characteristics(wang_tsiatis_bounds([0.2, 0.4, 0.6, 0.8, 1]), 0.9).inflation == pytest.approx(
        1.026, abs=1e-3
    )
    assert characteristics(wang_tsiatis_bounds([0.5, 1], delta=0.5), 0.8).inflation == pytest.approx(1.110, abs=1e-3)


def test_futility_spends_beta_at_the_designed_effect_and_costs_no_alpha() -> None:
    plan = futility_plan([0.3, 0.6, 1.0], alpha=0.025, beta=0.1, beta_family=Spending.HWANG_SHIH_DECANI)
    down, up = crossing_probability(plan.bounds, plan.drift)
    assert sum(up) == pytest.approx(0.9, abs=1e-6)
    assert np.cumsum(down) == pytest.approx(plan.beta_spent, abs=1e-6)
    efficacy = spending_bounds([0.3, 0.6, 1.0], alpha=0.025, sides=1)
    assert plan.bounds.z == pytest.approx(efficacy.z)


def effect(difference: float, n: int = 5000) -> object:
    def arm(mean: float) -> Summary:
        return Summary(n=n, means=(mean,), cross=(4.0 * (n - 1),))

    return compare_means(arm(10.0), arm(10.0 + difference))


def test_a_repeated_p_value_is_below_alpha_exactly_when_the_bound_is_crossed() -> None:
    bounds = spending_bounds([0.25, 0.5, 1.0])
    for look in (1, 2, 3):
        for away in (-0.05, 0.05):
            z = bounds.z[look - 1] + away
            assert (repeated_p_value(bounds, look, z) < 0.05) == (away > 0)


def test_a_repeated_interval_leaves_out_zero_exactly_when_the_bound_is_crossed() -> None:
    bounds = spending_bounds([0.5, 1.0])
    weak, strong = (effect_at_look(effect(d), bounds, 1) for d in (0.1, 0.13))  # type: ignore[arg-type]
    assert weak.ci_lower < 0 < strong.ci_lower
    assert weak.n_looks == 1
    assert weak.alpha_spent == pytest.approx(bounds.alpha_spent[0])


def test_stopping_early_pulls_the_estimate_back() -> None:
    bounds = spending_bounds([0.2, 0.6, 1.0], family=Spending.POCOCK)
    adjusted = adjusted_estimate(bounds, 2, 0.26, 0.1)
    assert 0 < adjusted.median_unbiased < 0.26
    assert adjusted.ci_lower < adjusted.median_unbiased < adjusted.ci_upper
    first = adjusted_estimate(bounds, 1, 0.3, 0.1)
    assert first.median_unbiased == pytest.approx(0.3, abs=1e-9)
    assert first.ci_lower == pytest.approx(0.3 - 1.959964 * 0.1, abs=1e-6)


def test_units_may_not_leave_between_looks() -> None:
    assert information_path([100, 400], 1000) == (0.1, 0.4)
    with pytest.raises(InvalidInput) as caught:
        information_path([400, 300], 1000)
    assert caught.value.code == "information_goes_backwards"


def test_a_schedule_within_the_metric_window_is_refused() -> None:
    assert look_days(21, 7, 2) == (14, 21)
    with pytest.raises(InvalidInput) as caught:
        look_days(7, 7, 1)
    assert caught.value.code == "schedule_within_window"


def test_nothing_is_said_before_the_burn_in() -> None:
    with pytest.raises(CannotCompute) as caught:
        always_valid(effect(0.1, n=50))  # type: ignore[arg-type]
    assert caught.value.code == "burn_in"


@pytest.mark.parametrize("side", list(Alternative))
def test_a_sequence_excludes_zero_exactly_when_its_p_value_is_below_alpha(side: Alternative) -> None:
    for difference in np.linspace(-0.3, 0.3, 31):
        watched = always_valid(effect(float(difference)), alternative=side)  # type: ignore[arg-type]
        assert (not watched.ci_lower <= 0 <= watched.ci_upper) == (watched.p_value < 0.05)


def test_the_mixture_ratio_is_the_integral_it_stands_for() -> None:
    d, s2, n, tau2 = 0.12, 2.2, 500, 0.01
    grid = np.linspace(-1, 1, 200_001)
    prior = np.exp(-(grid**2) / (2 * tau2)) / math.sqrt(2 * math.pi * tau2)
    ratio = float(np.trapezoid(prior * np.exp(n / s2 * (grid * d - grid**2 / 2)), grid))
    assert mixture_ratio(d, s2, n, tau2)[0] == pytest.approx(ratio, rel=1e-6)


def test_sequences_of_bounded_values_hold_the_truth_they_were_made_with() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, 4000) * (rng.uniform(size=4000) < 0.6)
    lower, upper = hoeffding_sequence(x)
    assert lower < 0.3 < upper
    lower, upper = share_sequence(int(x.sum()), x.size)
    assert lower < 0.3 < upper
    assert share_sequence(0, 20)[0] == 0.0
    assert share_sequence(20, 20)[1] == 1.0
    assert quantile_sequence_radius(0.5, 4000) < quantile_sequence_radius(0.5, 40_000)
