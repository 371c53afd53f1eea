"""Switchbacks, holdouts, triggering, interactions, capping, shrinkage and strata do what they say, by simulation."""

import math

import numpy as np
import pytest

from counterpoint.stats import (
    ComparisonPlan,
    MetricModel,
    Period,
    Summary,
    ValueCounts,
    assign_periods,
    cap_at_quantile,
    capped,
    compare_means,
    compare_periods,
    compare_stratified,
    dilute,
    fit_prior,
    heterogeneity,
    holdout_effect,
    interaction,
    interaction_model,
    merge_counts,
    posterior,
    power,
    preference,
    rank_test,
    sample_size,
    team_draft,
)

pytestmark = pytest.mark.slow
ALPHA = 0.05


def within(hits: float, n: int, expected: float, *, exact: bool = False) -> None:
    rate, error = hits / n, math.sqrt(expected * (1 - expected) / n)
    assert rate <= expected + 4 * error, f"{rate:.4f} against {expected:.4f} + 4 * {error:.4f}"
    if exact:
        assert rate >= expected - 4 * error, f"{rate:.4f} against {expected:.4f} - 4 * {error:.4f}"


def test_a_switchback_keeps_alpha_where_rows_of_a_period_go_up_and_down_together() -> None:
    rng = np.random.default_rng(51)
    runs, hits, naive = 3000, 0, 0
    for _ in range(runs):
        plan = assign_periods([bool(c) for c in rng.integers(0, 2, 14)])
        hours = 1 + 0.3 * np.sin(np.arange(28)) + rng.normal(0, 0.2, 28)
        rows = rng.poisson(300, 28) + 1.0
        totals = rows * hours + rng.normal(0, np.sqrt(rows))
        periods = [Period(treated=t, total=float(s), rows=float(r)) for t, s, r in zip(plan, totals, rows, strict=True)]
        hits += compare_periods(periods).p_value < ALPHA
        sums = [sum(p.total for p in periods if p.treated == t) for t in (False, True)]
        counts = [sum(p.rows for p in periods if p.treated == t) for t in (False, True)]
        z = (sums[1] / counts[1] - sums[0] / counts[0]) / math.sqrt(1 / counts[0] + 1 / counts[1])
        naive += abs(z) > 1.96
    within(hits, runs, ALPHA)
    assert naive / runs > 0.3, "counting rows instead of periods would be badly wrong, or this test shows nothing"


def test_a_switchback_covers_its_effect() -> None:
    rng = np.random.default_rng(52)
    runs, missed = 2000, 0
    for _ in range(runs):
        plan = assign_periods([bool(c) for c in rng.integers(0, 2, 15)])
        hours = 1 + rng.normal(0, 0.2, 30) + 0.1 * np.array(plan)
        rows = rng.poisson(300, 30) + 1.0
        periods = [
            Period(treated=t, total=float(r * h), rows=float(r)) for t, h, r in zip(plan, hours, rows, strict=True)
        ]
        effect = compare_periods(periods)
        missed += not effect.ci_lower <= 0.1 <= effect.ci_upper
    within(missed, runs, ALPHA)


def test_a_holdout_has_the_power_its_design_promised() -> None:
    rng = np.random.default_rng(53)
    plan = ComparisonPlan(control_weight=0.05, treatment_weight=0.95)
    model = MetricModel(mean=10, variance=9)
    n = sample_size(model, plan, 0.02, 0.8)
    n1 = round(n * 0.05)
    n2 = round(n) - n1
    runs, hits = 4000, 0
    for _ in range(runs):
        arms = [
            Summary(n=m, means=(rng.normal(mean, 3 / math.sqrt(m)),), cross=(9.0 * rng.chisquare(m - 1),))
            for m, mean in ((n1, 10.0), (n2, 10.2))
        ]
        hits += holdout_effect(*arms).effect.p_value < ALPHA
    within(hits, runs, power(model, plan, n1 + n2, 0.02), exact=True)


def test_a_diluted_effect_covers_the_effect_on_everybody_and_beats_the_untriggered_analysis() -> None:
    rng = np.random.default_rng(54)
    runs, missed, found, blunt = 2000, 0, 0, 0
    for _ in range(runs):
        triggered, everybody, rest = [], [], []
        for shift in (0.0, 0.4):
            hit = rng.uniform(size=2000) < 0.15
            x = rng.normal(5, 2, 2000) + shift * hit
            triggered.append(Summary.from_arrays(x[hit]))
            everybody.append(Summary.from_arrays(x))
            rest.append(x[~hit])
        effect = compare_means(*triggered)
        spread = dilute(effect, (2000, 2000), float(np.concatenate(rest).mean())).diluted
        missed += not spread.ci_lower <= 0.4 * 0.15 <= spread.ci_upper
        found += effect.p_value < ALPHA
        blunt += compare_means(*everybody).p_value < ALPHA
    within(missed, runs, ALPHA * 1.1)
    assert found > 2 * blunt


def test_an_interaction_has_the_power_its_design_promised() -> None:
    rng = np.random.default_rng(55)
    model = MetricModel(mean=10, variance=9)
    n = sample_size(interaction_model(model), ComparisonPlan(), 0.05, 0.8)
    cell = round(n / 4)
    runs, hits = 1500, 0
    for _ in range(runs):
        cells = {
            (i, j): Summary.from_arrays(rng.normal(10 + 0.3 * i - 0.2 * j + 0.5 * i * j, 3, cell))
            for i in (0, 1)
            for j in (0, 1)
        }
        hits += interaction(cells).p_value < ALPHA
    within(hits, runs, 0.8, exact=True)


def test_a_cap_from_both_arms_keeps_alpha_and_finds_more_in_heavy_tails() -> None:
    rng = np.random.default_rng(56)
    runs, null, sharp, blunt = 800, 0, 0, 0
    for _ in range(runs):
        raw = [rng.lognormal(0, 1.5, 800).round(3) for _ in range(2)]
        counts = [ValueCounts.from_array(x) for x in raw]
        cap, _ = cap_at_quantile(merge_counts(*counts), 0.98)
        null += compare_means(*(capped(c, cap) for c in counts)).p_value < ALPHA
        moved = [counts[0], ValueCounts.from_array((raw[1] * 1.2).round(3))]
        cap, _ = cap_at_quantile(merge_counts(*moved), 0.98)
        sharp += compare_means(*(capped(c, cap) for c in moved)).p_value < ALPHA
        blunt += compare_means(*(Summary.from_arrays(x) for x in (raw[0], raw[1] * 1.2))).p_value < ALPHA
    within(null, runs, ALPHA)
    assert sharp > 1.3 * blunt


def test_shrunken_segments_are_nearer_the_truth_than_measured_ones() -> None:
    rng = np.random.default_rng(57)
    measured, drawn = 0.0, 0.0
    for _ in range(1000):
        truth = rng.normal(0.02, 0.01, 12)
        errors = rng.uniform(0.01, 0.04, 12)
        seen = rng.normal(truth, errors)
        found = heterogeneity(list(seen), list(errors))
        measured += float(((seen - truth) ** 2).sum())
        drawn += float(((np.array(found.shrunken) - truth) ** 2).sum())
    assert drawn < 0.5 * measured


def test_a_prior_fitted_to_history_improves_the_next_experiments() -> None:
    rng = np.random.default_rng(58)
    errors = rng.uniform(0.01, 0.03, 300)
    truth = rng.normal(0.0, 0.015, 300)
    prior = fit_prior(list(rng.normal(truth, errors)[:150]), list(errors[:150]))
    seen = rng.normal(truth, errors)[150:]
    readings = [posterior(float(x), float(s), prior) for x, s in zip(seen, errors[150:], strict=True)]
    drawn = np.array([r.mean for r in readings])
    assert ((drawn - truth[150:]) ** 2).mean() < 0.7 * ((seen - truth[150:]) ** 2).mean()
    inside = sum(r.ci_lower <= t <= r.ci_upper for r, t in zip(readings, truth[150:], strict=True))
    within(150 - inside, 150, ALPHA)


def test_strata_narrow_the_error_they_report() -> None:
    rng = np.random.default_rng(59)
    runs, found, plain = 1500, [], []
    stated = 0.0
    for _ in range(runs):
        s = rng.integers(0, 3, (2, 600))
        y = 4.0 * s + rng.normal(size=(2, 600))
        pairs = [tuple(Summary.from_arrays(y[a][s[a] == k]) for a in (0, 1)) for k in range(3)]
        effect = compare_stratified([(a, b) for a, b in pairs])
        found.append(effect.effect)
        plain.append(float(y[1].mean() - y[0].mean()))
        stated += effect.std_error / runs
    assert np.std(found) == pytest.approx(stated, rel=0.08)
    assert np.std(found) < 0.4 * np.std(plain)


def test_a_better_ranker_wins_the_team_draft_and_an_equal_one_does_not() -> None:
    rng = np.random.default_rng(60)
    truth = rng.uniform(size=40)

    def duel(noise_a: float, noise_b: float) -> float:
        credits_ = []
        for _ in range(400):
            a, b = (list(np.argsort(-(truth + rng.normal(0, s, 40)))) for s in (noise_a, noise_b))
            mixed = team_draft(a, b, [bool(c) for c in rng.integers(0, 2, 5)], 10)
            clicks = rng.uniform(size=10) < truth[list(mixed.items)] * 0.5
            credits_.append(
                tuple(float(sum(c for c, t in zip(clicks, mixed.teams, strict=True) if t == w)) for w in "ab")
            )
        return preference(credits_).p_value  # type: ignore[arg-type]

    assert sum(duel(0.8, 0.1) < ALPHA for _ in range(20)) >= 18
    within(sum(duel(0.4, 0.4) < ALPHA for _ in range(150)), 150, ALPHA)


def test_ranks_find_shifts_that_means_miss_in_heavy_tails() -> None:
    rng = np.random.default_rng(61)
    ranks = means = 0
    for _ in range(300):
        a, b = rng.standard_cauchy(200), rng.standard_cauchy(200) + 0.6
        ranks += rank_test(ValueCounts.from_array(a), ValueCounts.from_array(b)).p_value < ALPHA
        means += compare_means(Summary.from_arrays(a), Summary.from_arrays(b)).p_value < ALPHA
    assert ranks > 3 * means
