"""Power, sample size and detectable effect invert each other, and readiness says when or never."""

import math

import pytest

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats import (
    Alternative,
    ComparisonPlan,
    MetricModel,
    PlannedMetric,
    Reference,
    Summary,
    Traffic,
    best_weights,
    decision_levels,
    detectable_effect,
    interaction_model,
    model_of,
    model_of_quantile,
    model_of_share,
    power,
    power_curve,
    readiness,
    sample_size,
    spending_bounds,
    units_needed,
    watched_power,
    watched_sample_size,
)

MODELS = {
    "mean": MetricModel(mean=12.1, variance=260.0),
    "share": model_of_share(0.19),
    "cuped": MetricModel(mean=12.1, variance=260.0, explained=0.5),
    "triggered": MetricModel(mean=12.1, variance=260.0, trigger_rate=0.3),
    "ratio": model_of(
        Summary.from_sums(4000, [3600, 31000], [11500, 41500, 365000], columns=("metric", "denominator"))
    ),
    "quantile": model_of_quantile(0.02, 0.9, 250.0),
    "clustered": MetricModel(mean=12.1, variance=260.0, design_effect=3.0),
}
PLANS = {
    "two-sided": ComparisonPlan(),
    "greater": ComparisonPlan(alternative=Alternative.GREATER, alpha=0.01),
    "uneven": ComparisonPlan(treatment_weight=0.25),
    "margin": ComparisonPlan(alternative=Alternative.GREATER, margin=0.01),
    "looks": ComparisonPlan(bounds=spending_bounds([0.3, 0.6, 1.0])),
    "t": ComparisonPlan(reference=Reference.WELCH),
    "less": ComparisonPlan(alternative=Alternative.LESS),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("target", [0.5, 0.8, 0.95])
def test_size_power_and_effect_are_exact_inverses(model: str, plan: str, target: float) -> None:
    metric, test = MODELS[model], PLANS[plan]
    effect = -0.05 if plan == "less" else 0.05
    n = sample_size(metric, test, effect, target)
    assert power(metric, test, n, effect) == pytest.approx(target, abs=1e-7)
    assert detectable_effect(metric, test, n, target) == pytest.approx(effect, rel=1e-5)


def test_a_covariate_and_a_trigger_change_the_size_by_what_they_say() -> None:
    plan = ComparisonPlan()
    whole = sample_size(MODELS["mean"], plan, 0.02)
    assert sample_size(MODELS["cuped"], plan, 0.02) == pytest.approx(whole / 2, rel=1e-6)
    assert sample_size(MODELS["triggered"], plan, 0.02) == pytest.approx(whole / 0.3, rel=1e-6)
    assert sample_size(interaction_model(MODELS["mean"]), plan, 0.02) == pytest.approx(whole * 4, rel=1e-6)


def test_looks_cost_what_the_plan_says() -> None:
    whole = sample_size(MODELS["mean"], ComparisonPlan(), 0.02)
    assert 1.0 < sample_size(MODELS["mean"], PLANS["looks"], 0.02) / whole < 1.05


@pytest.mark.parametrize(
    ("plan", "effect"), [(PLANS["two-sided"], 0.0), (PLANS["greater"], -0.01), (PLANS["margin"], -0.02)]
)
def test_an_effect_on_the_wrong_side_is_never_found(plan: ComparisonPlan, effect: float) -> None:
    with pytest.raises(CannotCompute) as caught:
        sample_size(MODELS["mean"], plan, effect)
    assert caught.value.code == "never"


def test_power_at_no_effect_is_alpha() -> None:
    for plan in (PLANS["two-sided"], PLANS["t"], PLANS["looks"]):
        assert power(MODELS["mean"], plan, 5000, 0.0) == pytest.approx(0.05, abs=1e-7)


def test_readiness_names_a_day_and_its_chance() -> None:
    traffic = Traffic(new_units_per_day=(30_000.0,) * 14, spread=0.1, window_days=3)
    ready = readiness(MODELS["mean"], ComparisonPlan(), traffic, 0.02)
    assert ready.day == 3 + math.ceil((ready.units_needed or 0) / 30_000)
    assert ready.sentence.startswith(f"Ready on day {ready.day} with probability")
    assert list(ready.chance_by_day) == sorted(ready.chance_by_day)
    assert list(ready.power_by_day) == sorted(ready.power_by_day)
    assert ready.changes == ()


def test_never_comes_with_what_would_change_it() -> None:
    traffic = Traffic(new_units_per_day=(10_000.0,) * 14)
    never = readiness(MODELS["mean"], ComparisonPlan(treatment_weight=0.2), traffic, 0.02)
    assert never.day is None
    codes = {c.code for c in never.changes}
    assert {"covariate", "more_traffic", "larger_effect"} <= codes
    more = next(c for c in never.changes if c.code == "more_traffic").facts["factor"]
    again = readiness(
        MODELS["mean"],
        ComparisonPlan(treatment_weight=0.2),
        Traffic(new_units_per_day=(10_000.0 * more * 1.001,) * 14),
        0.02,
    )
    assert again.day == 14


def test_a_window_as_long_as_the_forecast_is_never_ready() -> None:
    traffic = Traffic(new_units_per_day=(1e6,) * 7, window_days=7)
    assert readiness(MODELS["mean"], ComparisonPlan(), traffic, 0.02).day is None


def test_a_power_curve_rises_with_the_effect() -> None:
    curve = power_curve(MODELS["mean"], ComparisonPlan(), 50_000, [0.0, 0.01, 0.02, 0.05])
    assert [p for _, p in curve] == sorted(p for _, p in curve)


def test_guardrails_raise_the_power_that_each_metric_needs() -> None:
    success = PlannedMetric(metric="s", mean=10, variance=9, effect=0.02)
    guard = PlannedMetric(metric="g", mean=10, variance=9, margin=0.02)
    alone = decision_levels([success], 1, 0.05, 0.8)
    guarded = decision_levels([success, guard], 1, 0.05, 0.8)
    assert guarded.z_alpha[0] == alone.z_alpha[0]
    assert guarded.z_power > alone.z_power
    assert units_needed(success, guarded.z_alpha[0], guarded.z_power, [1, 1]) > units_needed(
        success, alone.z_alpha[0], alone.z_power, [1, 1]
    )
    weights, n = best_weights([success, guard], guarded, 2)
    assert weights == pytest.approx((0.5, 0.5))
    assert n == units_needed(success, guarded.z_alpha[0], guarded.z_power, [1, 1])


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: MetricModel(mean=1.0, variance=0.0), "no_variation"),
        (lambda: MetricModel(mean=math.nan, variance=1.0), "not_finite"),
        (lambda: MetricModel(mean=1.0, variance=1.0, explained=1.0), "share_out_of_range"),
        (lambda: MetricModel(mean=1.0, variance=1.0, trigger_rate=0.0), "share_out_of_range"),
        (lambda: model_of_share(0.0), "share_out_of_range"),
        (lambda: model_of(Summary.from_counts(1, 1)), "too_few_units"),
        (lambda: ComparisonPlan(treatment_weight=0.0), "weights_not_positive"),
        (lambda: ComparisonPlan(margin=-0.1), "margin_missing"),
        (lambda: ComparisonPlan(alpha=0.0), "share_out_of_range"),
        (lambda: PlannedMetric(metric="m", mean=1, variance=1), "effect_or_margin"),
        (lambda: Traffic(new_units_per_day=(-1.0,)), "negative_count"),
        (lambda: power(model_of_share(0.5), ComparisonPlan(), 100, 2.0), "share_out_of_range"),
        (lambda: power(MODELS["mean"], ComparisonPlan(), -5, 0.1), "negative_count"),
        (lambda: detectable_effect(MetricModel(mean=0.0, variance=1.0), ComparisonPlan(), 10), "zero_control_mean"),
    ],
)
def test_designs_from_bad_input_are_refused_by_name(make: object, code: str) -> None:
    with pytest.raises((InvalidInput, CannotCompute)) as caught:
        make()  # type: ignore[operator]
    assert caught.value.code == code


def test_watching_costs_more_than_one_look_and_inverts_exactly() -> None:
    plan = ComparisonPlan()
    n = watched_sample_size(MODELS["mean"], plan, 0.02, 0.8)
    assert watched_power(MODELS["mean"], plan, n, 0.02) == pytest.approx(0.8, abs=1e-6)
    assert 1.2 < n / sample_size(MODELS["mean"], plan, 0.02, 0.8) < 3
    with pytest.raises(CannotCompute):
        watched_power(MODELS["mean"], plan, 100, 0.02)


def test_watching_without_effect_rejects_less_than_alpha() -> None:
    for side in (Alternative.TWO_SIDED, Alternative.GREATER):
        assert watched_power(MODELS["mean"], ComparisonPlan(alternative=side), 1e6, 0.0, n_looks=100) < 0.05
