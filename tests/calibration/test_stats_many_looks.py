"""Looking every day keeps the error of what was made for looking, and ruins what was not, by simulation."""

import math

import numpy as np
import pytest

from counterpoint.stats import (
    ComparisonPlan,
    MetricModel,
    RampPhase,
    Spending,
    Summary,
    ValueCounts,
    adjusted_estimate,
    always_valid,
    characteristics,
    compare_adjusted,
    compare_means,
    compare_quantiles,
    crossing_probability,
    effect_at_look,
    futility_plan,
    mixture_ratio,
    power,
    sample_ratio_test,
    sample_size,
    sequential_sample_ratio_test,
    share_sequence,
    spending_bounds,
    wang_tsiatis_bounds,
    watched_power,
)

pytestmark = pytest.mark.slow
ALPHA = 0.05
SHAPES = {
    "normal": lambda rng, shape: rng.normal(10, 3, shape),
    "lognormal": lambda rng, shape: rng.lognormal(0, 1, shape),
    "zero_inflated": lambda rng, shape: rng.exponential(5, shape) * (rng.uniform(size=shape) < 0.1),
}


def within(hits: float, n: int, expected: float, *, exact: bool = False) -> None:
    rate, error = hits / n, math.sqrt(expected * (1 - expected) / n)
    assert rate <= expected + 4 * error, f"{rate:.4f} against {expected:.4f} + 4 * {error:.4f}"
    if exact:
        assert rate >= expected - 4 * error, f"{rate:.4f} against {expected:.4f} - 4 * {error:.4f}"


def cumulative(rng: np.random.Generator, shape: str, days: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return n, sum and sum of squares after each day of one arm."""
    x = SHAPES[shape](rng, sum(days))
    ends = np.cumsum(days)
    return ends, np.cumsum(x)[ends - 1], np.cumsum(x * x)[ends - 1]


def looks(rng: np.random.Generator, shape: str, a: list[int], b: list[int]) -> list[tuple[Summary, Summary]]:
    pairs = [cumulative(rng, shape, d) for d in (a, b)]
    return [
        tuple(Summary.from_sums(int(n[k]), float(s[k]), float(q[k])) for n, s, q in pairs)  # type: ignore[misc]
        for k in range(len(a))
    ]


@pytest.mark.parametrize("shape", list(SHAPES))
def test_daily_looks_at_a_sequence_keep_alpha_and_at_a_plain_test_do_not(shape: str) -> None:
    rng = np.random.default_rng(21)
    runs, stopped, peeked = 1200, 0, 0
    # A ramp: treatment gets a ninth of the traffic first, then half of it.
    a, b = [450] * 5 + [250] * 15, [50] * 5 + [250] * 15
    for _ in range(runs):
        effects = [compare_means(*pair) for pair in looks(rng, shape, a, b)]
        stopped += any(
            always_valid(e, tuning_n=5000, burn_in=1000).p_value < ALPHA for e in effects if e.n_control >= 950
        )
        peeked += any(e.p_value < ALPHA for e in effects)
    within(stopped, runs, ALPHA)
    assert peeked / runs > 3 * ALPHA


def test_sequences_of_adjusted_means_and_of_quantiles_keep_alpha() -> None:
    rng = np.random.default_rng(22)
    runs, adjusted, quantiles = 400, 0, 0
    for _ in range(runs):
        x = rng.lognormal(size=(2, 3000))
        y = x + rng.lognormal(size=(2, 3000))
        seen = [500, 1000, 1500, 2000, 2500, 3000]
        found = [
            compare_adjusted(*(Summary.from_arrays(y[a, :n], covariates={"pre": x[a, :n]}) for a in (0, 1)))
            for n in seen
        ]
        adjusted += any(always_valid(e).p_value < ALPHA for e in found)
        tails = [compare_quantiles(*(ValueCounts.from_array(y[a, :n].round(3)) for a in (0, 1)), 0.9) for n in seen]
        quantiles += any(always_valid(e).p_value < ALPHA for e in tails)
    within(adjusted, runs, ALPHA)
    within(quantiles, runs, ALPHA)


@pytest.mark.parametrize("family", list(Spending))
def test_group_sequential_looks_spend_exactly_alpha(family: Spending) -> None:
    rng = np.random.default_rng(23)
    runs = 40_000
    bounds = spending_bounds([0.2, 0.45, 0.5, 0.8, 1.0], family=family)
    t = np.array(bounds.information)
    steps = rng.normal(size=(runs, 5)) * np.sqrt(np.diff(t, prepend=0.0))
    z = np.cumsum(steps, axis=1) / np.sqrt(t)
    within(int((np.abs(z) > np.array(bounds.z)).any(axis=1).sum()), runs, ALPHA, exact=True)


def test_group_sequential_looks_at_real_summaries_keep_alpha_and_cover() -> None:
    rng = np.random.default_rng(24)
    bounds = spending_bounds([0.25, 0.5, 0.75, 1.0])
    runs, hits, missed = 2500, 0, 0
    for _ in range(runs):
        readings = [
            effect_at_look(compare_means(*pair), bounds, k + 1)
            for k, pair in enumerate(looks(rng, "zero_inflated", [500] * 4, [500] * 4))
        ]
        hits += any(abs(r.estimate) > r.critical * r.std_error for r in readings)
        missed += any(not r.ci_lower <= 0 <= r.ci_upper for r in readings)
    within(hits, runs, ALPHA, exact=True)
    assert missed == hits


def test_a_sequential_design_has_the_power_and_the_expected_size_it_promised() -> None:
    rng = np.random.default_rng(25)
    bounds = spending_bounds([0.3, 0.6, 1.0], family=Spending.KIM_DEMETS)
    model, plan = MetricModel(mean=10, variance=9), ComparisonPlan(bounds=bounds)
    n = sample_size(model, plan, 0.03, 0.9)
    assert power(model, plan, n, 0.03) == pytest.approx(0.9)
    parts = np.diff([0, *(round(n / 2 * t) for t in bounds.information)]).tolist()
    runs, hits, used = 2500, 0, 0.0
    for _ in range(runs):
        a = [float(x) for x in np.cumsum([rng.normal(10 * m, 3 * math.sqrt(m)) for m in parts])]
        b = [float(x) for x in np.cumsum([rng.normal(10.3 * m, 3 * math.sqrt(m)) for m in parts])]
        sizes = np.cumsum(parts)
        for k in range(3):
            z = (b[k] - a[k]) / sizes[k] / math.sqrt(18 / sizes[k])
            if abs(z) > bounds.z[k] or k == 2:
                hits += abs(z) > bounds.z[k]
                used += 2 * sizes[k]
                break
    within(hits, runs, 0.9, exact=True)
    cost = characteristics(bounds, 0.9)
    assert used / runs == pytest.approx(n / cost.inflation * cost.expected_h1, rel=0.03)


def test_futility_stops_as_often_as_planned_and_costs_no_alpha() -> None:
    rng = np.random.default_rng(26)
    plan = futility_plan([0.4, 0.7, 1.0], alpha=0.025, beta=0.2)
    t, runs = np.array(plan.bounds.information), 40_000
    for drift, expected in ((plan.drift, 0.8), (0.0, None)):
        noise = np.cumsum(rng.normal(size=(runs, 3)) * np.sqrt(np.diff(t, prepend=0.0)), axis=1)
        z = (noise + drift * t) / np.sqrt(t)
        up, down = z > np.array(plan.bounds.z), z < np.array(plan.bounds.futility)
        first_up = np.where(up.any(axis=1), up.argmax(axis=1), 9)
        first_down = np.where(down.any(axis=1), down.argmax(axis=1), 9)
        rejected = int((first_up <= first_down).sum() - (first_up == 9)[first_up <= first_down].sum())
        if expected is None:
            within(rejected, runs, 0.025)
            within(int(up.any(axis=1).sum()), runs, 0.025, exact=True)
        else:
            within(rejected, runs, expected, exact=True)


def test_adjusted_estimates_are_median_unbiased_and_cover_where_naive_ones_boast() -> None:
    rng = np.random.default_rng(27)
    bounds = wang_tsiatis_bounds([0.2, 0.4, 0.6, 0.8, 1.0], delta=0.5)
    t, drift, runs = np.array(bounds.information), 2.0, 1500
    above = missed = boast = 0
    for _ in range(runs):
        z = (np.cumsum(rng.normal(size=5) * np.sqrt(np.diff(t, prepend=0.0))) + drift * t) / np.sqrt(t)
        look = next((k for k in range(5) if abs(z[k]) > bounds.z[k]), 4)
        error = 1 / math.sqrt(t[look])
        naive = z[look] * error
        found = adjusted_estimate(bounds, look + 1, naive, error)
        above += found.median_unbiased > drift
        boast += naive > drift
        missed += not found.ci_lower <= drift <= found.ci_upper
    within(above, runs, 0.5, exact=True)
    within(missed, runs, ALPHA, exact=True)
    assert boast / runs > 0.55


def test_the_mixture_ratio_and_the_share_sequence_keep_alpha() -> None:
    rng = np.random.default_rng(28)
    runs, ratio, share = 1500, 0, 0
    for _ in range(runs):
        d = np.cumsum(rng.normal(0, math.sqrt(2), 2000))
        ratio += any(mixture_ratio(d[n - 1] / n, 2.0, n, 0.01)[1] < ALPHA for n in range(50, 2001, 50))
        x = np.cumsum(rng.uniform(size=1000) < 0.03)
        ends = [share_sequence(int(x[n - 1]), n, tuned_to=500) for n in range(100, 1001, 100)]
        share += any(not low <= 0.03 <= high for low, high in ends)
    within(ratio, runs, ALPHA)
    within(share, runs, ALPHA)


def test_sample_ratios_keep_alpha_through_a_ramp_that_fools_a_test_without_phases() -> None:
    rng = np.random.default_rng(29)
    runs, told, blind, single = 3000, 0, 0, 0
    level = 0.01
    for _ in range(runs):
        phases = []
        total = np.zeros(2, dtype=int)
        for weights in ((0.95, 0.05), (0.8, 0.2), (0.5, 0.5)):
            daily = rng.binomial(1000, weights[1], 5)
            steps = np.cumsum(np.column_stack([1000 - daily, daily]), axis=0)
            total += steps[-1]
            phases.append(RampPhase(weights=weights, cumulative_counts=tuple(tuple(map(int, s)) for s in steps)))
        told += sequential_sample_ratio_test(phases, alpha=level).mismatch
        blind += sample_ratio_test([int(c) for c in total], [0.5, 0.5], alpha=level).mismatch
        single += sample_ratio_test(list(phases[2].cumulative_counts[-1]), [1, 1], alpha=level).mismatch
    within(told, runs, level)
    within(single, runs, level, exact=True)
    assert blind == runs


def test_a_mismatch_of_two_percent_is_found_by_the_sequential_test() -> None:
    rng = np.random.default_rng(30)
    found = 0
    for _ in range(300):
        daily = rng.binomial(5000, 0.49, 14)
        steps = np.cumsum(np.column_stack([daily, 5000 - daily]), axis=0)
        phase = RampPhase(weights=(1, 1), cumulative_counts=tuple(tuple(map(int, s)) for s in steps))
        found += sequential_sample_ratio_test([phase]).mismatch
    assert found / 300 > 0.8


def test_the_numbers_of_the_integral_are_those_of_the_simulation() -> None:
    rng = np.random.default_rng(31)
    bounds, drift, runs = spending_bounds([0.5, 0.7, 1.0]), 2.5, 40_000
    t = np.array(bounds.information)
    z = (np.cumsum(rng.normal(size=(runs, 3)) * np.sqrt(np.diff(t, prepend=0.0)), axis=1) + drift * t) / np.sqrt(t)
    crossed = z > np.array(bounds.z)
    _, up = crossing_probability(bounds, drift)
    for k in range(3):
        within(int((crossed[:, k] & ~crossed[:, :k].any(axis=1)).sum()), runs, up[k], exact=True)


def test_a_watched_experiment_has_the_power_it_promised() -> None:
    rng = np.random.default_rng(32)
    model, plan = MetricModel(mean=10, variance=9), ComparisonPlan()
    n, days, runs, hits = 12_000, 12, 1500, 0
    promised = watched_power(model, plan, n, 0.02, n_looks=days)
    for _ in range(runs):
        sums = np.cumsum(rng.normal([[5000], [5100]], 3 * math.sqrt(500), (2, days)), axis=1)
        for k in range(days):
            m = 500 * (k + 1)
            arms = [Summary(n=m, means=(float(s[k]) / m,), cross=(9.0 * (m - 1),)) for s in sums]
            if always_valid(compare_means(*arms), tuning_n=n).p_value < ALPHA:
                hits += 1
                break
    within(hits, runs, promised, exact=True)
