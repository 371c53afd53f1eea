"""The readouts beside a scorecard keep their levels: interactions, novelty and holdouts, simulated with seeds."""

import math

import numpy as np
import pytest

from counterpoint.config import Metric
from counterpoint.metrics.engines.ages import Ages
from counterpoint.metrics.readouts.novelty import read_ages
from counterpoint.stats import (
    DENOMINATOR,
    METRIC,
    Correction,
    Inference,
    Relative,
    Summary,
    ValueCounts,
    adjust_p_values,
    assignment_dependence,
    holdout_effect,
    interaction,
    interaction_of_quantiles,
)

ALPHA = 0.05
MINUTES = Metric(key="minutes_7d", type="mean", window_days=7, better="higher")


def at_most(hits: int, runs: int, share: float = ALPHA) -> None:
    assert hits / runs <= share + 4 * math.sqrt(share * (1 - share) / runs), f"{hits} of {runs}"


def near(hits: int, runs: int, share: float) -> None:
    assert abs(hits / runs - share) <= 4 * math.sqrt(share * (1 - share) / runs), f"{hits} of {runs}"


def corners() -> list[tuple[int, int]]:
    return [(i, j) for i in (0, 1) for j in (0, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "log-normal", "zero-inflated"])
def test_an_interaction_of_means_is_found_as_seldom_as_alpha_says_whatever_the_main_effects(kind: str) -> None:
    rng, runs, hits, missed = np.random.default_rng(601), 2_000, 0, 0
    for _ in range(runs):
        cells = {}
        for i, j in corners():
            n = (300, 500, 400, 700)[2 * i + j]
            x = {
                "normal": lambda n=n: rng.normal(10, 3, n),
                "log-normal": lambda n=n: rng.lognormal(0, 0.8, n),
                "zero-inflated": lambda n=n: (rng.random(n) < 0.2) * rng.gamma(2, 2, n),
            }[kind]()
            cells[i, j] = Summary.from_arrays(x + 0.4 * i - 0.7 * j)
        found = interaction(cells)
        hits += found.p_value < ALPHA
        missed += not found.ci_lower <= 0 <= found.ci_upper
    at_most(hits, runs)
    assert hits == missed


@pytest.mark.slow
def test_interactions_of_ratios_and_quantiles_keep_alpha() -> None:
    rng, runs, ratios, quantiles = np.random.default_rng(602), 800, 0, 0
    for _ in range(runs):
        of_ratio, of_quantile = {}, {}
        for i, j in corners():
            below = rng.poisson(4, 400) + 1.0
            above = rng.binomial(below.astype(int), 0.3 + 0.1 * i - 0.05 * j).astype(float)
            of_ratio[i, j] = Summary.from_arrays(above, below)
            x = np.round(rng.gamma(4, 100, 500) + 20 * i + 30 * j, 1)
            at = np.quantile(x, 0.9)
            ones = np.ones(x.size)
            clusters = Summary.from_arrays((x <= at).astype(float), ones)
            assert clusters.columns == (METRIC, DENOMINATOR)
            of_quantile[i, j] = (ValueCounts.from_array(x), clusters)
        ratios += interaction(of_ratio).p_value < ALPHA
        quantiles += interaction_of_quantiles(of_quantile, 0.9).p_value < ALPHA
    at_most(ratios, runs)
    # The width of an order-statistic interval is a rough error: allowed a quarter more than alpha.
    at_most(quantiles, runs, 1.25 * ALPHA)


@pytest.mark.slow
def test_a_screen_of_many_pairs_without_any_interaction_names_one_as_seldom_as_its_rate() -> None:
    rng, runs, wrong = np.random.default_rng(603), 1_000, 0
    for _ in range(runs):
        p = [
            interaction({at: Summary.from_arrays(rng.normal(10, 3, 60)) for at in corners()}).p_value for _ in range(10)
        ]
        wrong += any(q <= ALPHA for q in adjust_p_values(p, Correction.BH))
    at_most(wrong, runs)


@pytest.mark.slow
def test_independent_assignments_are_called_dependent_as_seldom_as_the_level_says() -> None:
    rng, runs, hits = np.random.default_rng(604), 20_000, 0
    for _ in range(runs):
        counts = rng.multinomial(4_000, [0.125, 0.125, 0.375, 0.375]).reshape(2, 2)
        hits += assignment_dependence(counts.tolist())[2] < 0.01
    near(hits, runs, 0.01)


def followed(rng: np.random.Generator, n: int, effect: np.ndarray, correlation: float) -> dict[str, np.ndarray]:
    """Return daily values of n units of each arm, days of one unit alike."""
    shared, own = math.sqrt(correlation), math.sqrt(1 - correlation)
    draw = lambda shift: 20 + shift + 4 * (shared * rng.normal(size=(n, 1)) + own * rng.normal(size=(n, 7)))  # noqa: E731
    return {"control": draw(0.0), "treatment": draw(effect)}


def ages_of(values: dict[str, np.ndarray]) -> Ages:
    return Ages(
        days=tuple({arm: Summary.from_arrays(x[:, day]) for arm, x in values.items()} for day in range(7)),
        total={arm: Summary.from_arrays(x.sum(axis=1)) for arm, x in values.items()},
    )


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_a_steady_effect_is_called_changing_as_seldom_as_alpha_says_however_alike_a_units_days(
    correlation: float,
) -> None:
    rng, runs, hits, missed = np.random.default_rng(605), 1_000, 0, 0
    for _ in range(runs):
        ages = ages_of(followed(rng, 200, np.full(7, 1.5), correlation))
        row = read_ages(MINUTES, ages, "control", "treatment", ALPHA)
        hits += row["p_value"] < ALPHA
        missed += not row["ci_lower"] <= 0 <= row["ci_upper"]
    at_most(hits, runs)
    assert hits == missed


@pytest.mark.slow
def test_an_effect_that_halves_within_a_week_is_found() -> None:
    rng, runs, hits = np.random.default_rng(606), 300, 0
    for _ in range(runs):
        ages = ages_of(followed(rng, 400, np.linspace(2.0, 1.0, 7), 0.3))
        hits += read_ages(MINUTES, ages, "control", "treatment", ALPHA)["wearing_off"]
    assert hits / runs > 0.8


@pytest.mark.slow
def test_a_holdout_of_changes_without_effect_finds_one_as_seldom_as_alpha_says_and_covers_a_true_one() -> None:
    rng, runs, hits, missed = np.random.default_rng(607), 2_000, 0, 0
    reading = Inference(alpha=ALPHA, relative=Relative.FIELLER)
    for _ in range(runs):
        quo = Summary.from_arrays(rng.gamma(1.5, 10, 400))
        hits += holdout_effect(quo, Summary.from_arrays(rng.gamma(1.5, 10, 400)), reading).effect.p_value < ALPHA
        moved = holdout_effect(quo, Summary.from_arrays(rng.gamma(1.5, 11, 400)), reading).effect
        missed += not (moved.relative_ci_lower or -1) <= 0.1 <= (moved.relative_ci_upper or 1)
    at_most(hits, runs)
    at_most(missed, runs)
