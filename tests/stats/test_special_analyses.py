"""Triggering, novelty, interleaving, switchbacks, holdouts, shrinkage, winners and many cells at once."""

import math

import numpy as np
import pytest

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats import (
    Moments,
    NormalPrior,
    Period,
    Summary,
    ValueCounts,
    adequacy,
    assign_periods,
    balanced,
    cap_at_quantile,
    compare_many,
    compare_means,
    compare_periods,
    compare_ratios,
    correct_winner,
    cumulative_effect,
    dilute,
    equivalence,
    fit_prior,
    holdout_effect,
    interaction,
    moments_from_sums,
    non_inferiority,
    novelty,
    posterior,
    preference,
    race_of_means,
    race_of_shares,
    ratio_moments_from_sums,
    screen_interactions,
    team_draft,
)
from counterpoint.vocabulary import Direction


def arm(mean: float, n: int = 1000, sd: float = 2.0) -> Summary:
    return Summary(n=n, means=(mean,), cross=(sd**2 * (n - 1),))


def test_dilution_shrinks_effect_and_error_alike() -> None:
    triggered = compare_means(arm(10.0), arm(10.5))
    spread = dilute(triggered, (10_000, 10_000), untriggered_mean=4.0)
    assert spread.trigger_rate == 0.1
    assert spread.diluted.estimate == pytest.approx(0.05)
    assert spread.diluted.p_value == triggered.p_value
    assert spread.diluted.control_mean == pytest.approx(0.1 * 10 + 0.9 * 4)
    assert spread.diluted.relative_effect == pytest.approx(0.05 / 4.6)
    assert not spread.trigger_ratio.mismatch


def test_triggering_that_depends_on_the_arm_is_noticed() -> None:
    spread = dilute(compare_means(arm(10.0, n=1000), arm(10.5, n=1400)), (10_000, 10_000), untriggered_mean=4.0)
    assert spread.trigger_ratio.mismatch


def test_more_triggered_than_assigned_is_refused() -> None:
    with pytest.raises(InvalidInput):
        dilute(compare_means(arm(10.0), arm(10.5)), (500, 10_000), untriggered_mean=4.0)


def test_novelty_is_seen_only_when_the_effect_wears_off() -> None:
    days = list(range(1, 11))
    fading = novelty(days, [0.5 - 0.04 * d for d in days], [0.02] * 10)
    assert fading.wearing_off
    assert fading.slope == pytest.approx(-0.04)
    steady = novelty(days, [0.3] * 10, [0.02] * 10)
    assert not steady.wearing_off
    growing = novelty(days, [0.04 * d for d in days], [0.02] * 10)
    assert growing.p_value < 0.05
    assert not growing.wearing_off


def test_novelty_is_weighted_least_squares() -> None:
    rng = np.random.default_rng(1)
    days, errors = np.arange(8.0), rng.uniform(0.1, 0.5, 8)
    effects = rng.normal(size=8)
    x = np.column_stack([np.ones(8), days])
    v = np.outer(errors, errors) * (0.3 + 0.7 * np.eye(8))
    w = np.linalg.inv(v)
    cov = np.linalg.inv(x.T @ w @ x)
    ours = novelty(list(days), list(effects), list(errors), correlation=0.3)
    assert ours.slope == pytest.approx((cov @ x.T @ w @ effects)[1])
    assert ours.std_error == pytest.approx(math.sqrt(cov[1, 1]))


def test_a_team_draft_credits_each_item_to_the_ranker_that_picked_it() -> None:
    mixed = team_draft(["x", "y", "z"], ["y", "w", "x"], [True, False], 4)
    assert mixed.items == ("y", "x", "z", "w")
    assert mixed.teams == ("b", "a", "a", "b")
    same = team_draft(["x", "y"], ["x", "y"], [False], 2)
    assert same.items == ("x", "y")


def test_a_balanced_list_holds_equally_many_of_both_tops() -> None:
    mixed = balanced(["x", "y", "z"], ["y", "w", "x"], b_first=False, length=3)
    assert mixed.items == ("x", "y", "w")
    assert mixed.teams == ("a", "", "b")
    with pytest.raises(InvalidInput):
        balanced(["x", "x"], ["y"], b_first=True, length=2)


def test_preference_is_per_unit_and_leaves_out_the_undecided() -> None:
    found = preference([(1, 2), (0, 3), (0, 0), (2, 2), (0, 1)])
    assert found.n == 4
    assert found.advantage == pytest.approx((1 / 3 + 1 + 0 + 1) / 4)
    with pytest.raises(CannotCompute):
        preference([(0, 0), (1, 0)])


def test_switchback_pairs_get_both_arms() -> None:
    plan = assign_periods([True, False, True])
    assert plan == (True, False, False, True, True, False)


def test_a_switchback_compares_rows_but_counts_periods() -> None:
    rng = np.random.default_rng(3)
    level = rng.normal(0, 1, 40)
    periods = [
        Period(treated=t, total=100 * (10 + lv + 0.5 * t), rows=100.0)
        for t, lv in zip(assign_periods([bool(c) for c in rng.integers(0, 2, 20)]), level, strict=True)
    ]
    effect = compare_periods(periods)
    assert effect.std_error == pytest.approx(math.sqrt(2 / 20), rel=0.25)
    assert effect.df < 40
    with pytest.raises(CannotCompute):
        compare_periods(periods[:2])


def test_a_holdout_says_what_is_left_of_the_promise() -> None:
    reading = holdout_effect(arm(10.0, n=50_000), arm(10.3, n=50_000), promised=0.06)
    assert reading.effect.relative_effect == pytest.approx(0.03)
    assert reading.kept == pytest.approx(0.5)


def test_a_flat_prior_changes_nothing_and_a_sharp_one_everything() -> None:
    flat = posterior(0.03, 0.02, NormalPrior())
    assert (flat.mean, flat.sd) == pytest.approx((0.03, 0.02))
    sharp = posterior(0.03, 0.02, NormalPrior(mean=0.0, variance=1e-8))
    assert abs(sharp.mean) < 1e-5
    worse = posterior(0.03, 0.02, NormalPrior(), direction=Direction.DECREASE)
    assert worse.chance_to_win == pytest.approx(1 - flat.chance_to_win)
    assert worse.risk_choosing_treatment == pytest.approx(flat.risk_choosing_control)


def test_the_prior_of_history_recovers_the_spread_of_true_effects() -> None:
    rng = np.random.default_rng(6)
    errors = rng.uniform(0.005, 0.02, 400)
    truth = rng.normal(0.002, 0.01, 400)
    prior = fit_prior(list(truth + rng.normal(0, errors)), list(errors))
    assert prior.mean == pytest.approx(0.002, abs=0.002)
    assert prior.variance == pytest.approx(1e-4, rel=0.3)
    with pytest.raises(CannotCompute):
        fit_prior([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])


def test_the_race_of_shares_adds_up_and_agrees_with_drawing() -> None:
    race = race_of_shares([200, 230, 210], [2010, 2000, 1990])
    assert sum(race.chance_best) == pytest.approx(1, abs=1e-9)
    rng = np.random.default_rng(9)
    draws = np.stack([rng.beta(1 + x, 1 + n - x, 400_000) for x, n in ((200, 2010), (230, 2000), (210, 1990))])
    best = np.bincount(draws.argmax(axis=0), minlength=3) / 400_000
    assert race.chance_best == pytest.approx(best, abs=0.004)
    assert race.expected_loss == pytest.approx((draws.max(axis=0) - draws).mean(axis=1), rel=0.02)


def test_the_race_of_means_is_that_of_one_pair_and_of_many() -> None:
    pair = race_of_means([10.0, 10.3], [0.1, 0.2])
    effect = posterior(0.3, math.hypot(0.1, 0.2), NormalPrior())
    assert pair.chance_best[1] == pytest.approx(effect.chance_to_win, rel=1e-10)
    assert pair.expected_loss == pytest.approx((effect.risk_choosing_control, effect.risk_choosing_treatment), rel=1e-9)
    many = race_of_means([10.0, 10.3, 9.0], [0.1, 0.2, 0.5], direction=Direction.DECREASE)
    assert sum(many.chance_best) == pytest.approx(1, abs=1e-9)
    assert max(many.chance_best) == many.chance_best[2]
    assert many.posterior_mean == pytest.approx((10.0, 10.3, 9.0))


def test_a_winner_that_barely_won_is_worth_least() -> None:
    barely, clearly = correct_winner(1.97, 1.0, 1.96), correct_winner(6.0, 1.0, 1.96)
    assert barely.corrected == 0.0
    assert clearly.corrected == pytest.approx(6.0, rel=1e-3)
    assert clearly.ci_lower == pytest.approx(6 - 1.96, abs=0.02)
    naive, corrected, error = cumulative_effect([(1.97, 1.0, 1.96), (6.0, 1.0, 1.96)])
    assert corrected < naive
    assert error == pytest.approx(math.sqrt(2))
    with pytest.raises(InvalidInput):
        correct_winner(1.0, 1.0, 1.96)


def test_margins_are_tested_one_sided_toward_harm() -> None:
    effect = compare_means(arm(10.0, n=20_000), arm(9.99, n=20_000))
    assert non_inferiority(effect, 0.01, Direction.INCREASE).p_value < 0.05
    assert non_inferiority(effect, 0.0001, Direction.INCREASE).p_value > 0.05
    assert non_inferiority(effect, 0.01, Direction.DECREASE).ci_lower == -math.inf
    both = equivalence(effect, -0.1, 0.1)
    assert both.p_value == max(both.p_lower, both.p_upper) < 0.05


def test_many_cells_agree_with_single_comparisons() -> None:
    rng = np.random.default_rng(4)
    n = rng.integers(2, 5000, (2, 200))
    mean, sd = rng.normal(3, 1, (2, 200)), rng.uniform(0.5, 3, (2, 200))
    sums = n * mean
    squares = sd**2 * (n - 1) + n * mean**2
    many = compare_many(moments_from_sums(n[0], sums[0], squares[0]), moments_from_sums(n[1], sums[1], squares[1]))
    for i in range(200):
        one = compare_means(*(Summary.from_sums(int(n[a, i]), sums[a, i], squares[a, i]) for a in (0, 1)))
        assert many.p_value[i] == pytest.approx(one.p_value, rel=1e-7)
        assert many.relative_ci_lower[i] == pytest.approx(one.relative_ci_lower, rel=1e-7)


def test_many_ratios_agree_with_single_ones() -> None:
    rng = np.random.default_rng(5)
    sides = []
    arms = []
    for _ in range(2):
        d = rng.poisson(5, 300) + 1.0
        y = rng.binomial(d.astype(int), 0.3).astype(float)
        arms.append(Summary.from_arrays(y, d))
        sides.append(ratio_moments_from_sums([300], ([y.sum()], [d.sum()]), ([y @ y], [y @ d], [d @ d])))
    assert compare_many(*sides).p_value[0] == pytest.approx(compare_ratios(*arms).p_value, rel=1e-9)


def test_cells_that_cannot_be_computed_hold_no_number() -> None:
    n = np.array([1.0, 10.0, 10.0, 10.0])
    mean = np.array([1.0, 1.0, np.nan, 0.0])
    variance = np.array([1.0, 0.0, 1.0, 1.0])
    cells = Moments(n=n, mean=mean, variance=variance)
    found = compare_many(cells, cells)
    assert list(found.code) == ["too_few_units", "no_variation", "not_finite", ""]
    assert np.isnan(found.p_value[:3]).all()
    assert found.p_value[3] == 1.0
    assert np.isnan(found.relative_effect[3])


def test_caps_come_from_counts_as_from_rows() -> None:
    x = np.random.default_rng(8).poisson(5, 500).astype(float)
    cap, summary = cap_at_quantile(ValueCounts.from_array(x), 0.95)
    assert cap == np.quantile(x, 0.95)
    assert summary.variance() == pytest.approx(np.minimum(x, cap).var(ddof=1))


def test_interactions_are_screened_with_false_discovery_control() -> None:
    assert screen_interactions([0.001, 0.02, 0.9, 0.5]) == (True, True, False, False)
    assert screen_interactions([0.03, 0.6, 0.9, 0.5]) == (False, False, False, False)
    with pytest.raises(InvalidInput):
        interaction({(0, 0): arm(1.0)})


def test_too_few_is_a_verdict_for_tiny_rare_and_heavy_tailed_metrics() -> None:
    rng = np.random.default_rng(10)
    assert adequacy(arm(10, n=12), arm(10, n=900)).code == "too_few"
    rare = adequacy(Summary.from_counts(2, 1000), Summary.from_counts(4, 1000), binary=True)
    assert rare.code == "too_few"
    assert rare.units_needed is not None
    assert rare.units_needed > 1000
    heavy = [Summary.from_arrays(rng.lognormal(0, 2.5, 400)) for _ in range(2)]
    assert adequacy(*heavy).code == "too_few"
    assert adequacy(arm(10), arm(10)).adequate
    assert adequacy(Summary.from_counts(100, 1000), Summary.from_counts(90, 1000), binary=True).adequate


def test_without_a_third_moment_the_spread_of_a_positive_metric_bounds_its_skewness() -> None:
    x = np.zeros(1000)
    x[:5] = 100.0
    known = Summary.from_arrays(x)
    unknown = Summary.from_sums(1000, x.sum(), (x * x).sum())
    assert known.skewness == pytest.approx(14.036, abs=1e-3)
    assert adequacy(unknown, unknown).code == adequacy(known, known).code == "too_few"
