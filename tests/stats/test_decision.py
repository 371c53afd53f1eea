"""The decision rule ships only what is better somewhere, safe everywhere and soundly measured."""

import pytest

from counterpoint.errors import InvalidInput
from counterpoint.stats import (
    Correction,
    Effect,
    MetricReading,
    QualityCheck,
    Role,
    Summary,
    Verdict,
    always_valid,
    compare_means,
    correct_family,
    corrected_alpha,
    corrected_beta,
    decide,
    effect_at_look,
    excludes_null,
    monitor,
    spending_bounds,
)
from counterpoint.vocabulary import Direction


def effect_of(treatment_mean: float, n: int = 10_000, control_mean: float = 10.0, sd: float = 2.0) -> Effect:
    def arm(mean: float) -> Summary:
        return Summary(n=n, means=(mean,), cross=(sd**2 * (n - 1),))

    return compare_means(arm(control_mean), arm(treatment_mean))


def success(mean: float, direction: Direction = Direction.INCREASE) -> MetricReading:
    return MetricReading(metric="minutes", role=Role.SUCCESS, direction=direction, effect=effect_of(mean))


def guardrail(mean: float, margin: float = 0.01) -> MetricReading:
    return MetricReading(
        metric="latency", role=Role.GUARDRAIL, direction=Direction.DECREASE, effect=effect_of(mean), margin=margin
    )


SRM = QualityCheck(name="sample_ratio", passed=True, detail="sample ratio fine")


def test_superior_and_non_inferior_ships_and_says_why() -> None:
    decision = decide([success(10.2), guardrail(10.0)], [SRM])
    assert decision.verdict is Verdict.SHIP
    assert decision.summary == (
        "superior on minutes (+2.00%); non-inferior on latency within 1.00% (+0.00%); sample ratio fine: ship."
    )


def test_a_failed_quality_check_overrules_any_success() -> None:
    decision = decide([success(10.2)], [QualityCheck(name="sample_ratio", passed=False, detail="mismatch")])
    assert decision.verdict is Verdict.INVESTIGATE


def test_a_deteriorated_metric_blocks_even_beside_a_success() -> None:
    other = MetricReading(metric="skips", role=Role.SUCCESS, direction=Direction.DECREASE, effect=effect_of(10.3))
    decision = decide([success(10.2), other])
    assert decision.verdict is Verdict.DO_NOT_SHIP
    assert decision.reasons[0].code == "deteriorated"


def test_a_guardrail_must_prove_its_margin_not_merely_lack_harm() -> None:
    assert decide([success(10.2), guardrail(10.0, margin=0.0001)]).verdict is Verdict.DO_NOT_SHIP


def test_the_wrong_direction_is_never_superior() -> None:
    assert decide([success(10.2, Direction.DECREASE)]).verdict is Verdict.DO_NOT_SHIP


def test_a_missing_metric_blocks_shipping() -> None:
    missing = MetricReading(
        metric="plays", role=Role.GUARDRAIL, direction=Direction.INCREASE, effect=None, margin=0.1, missing="no events"
    )
    assert decide([success(10.2), missing]).verdict is Verdict.DO_NOT_SHIP


def test_a_fixed_horizon_effect_cannot_be_monitored() -> None:
    with pytest.raises(InvalidInput) as caught:
        monitor([success(10.2)])
    assert caught.value.code == "fixed_horizon_effect"


def test_an_anytime_effect_may_stop_early_and_a_weak_one_keeps_running() -> None:
    def watched(mean: float) -> MetricReading:
        return MetricReading(
            metric="minutes", role=Role.SUCCESS, direction=Direction.INCREASE, effect=always_valid(effect_of(mean))
        )

    assert monitor([watched(10.3)]).verdict is Verdict.SHIP
    assert monitor([watched(10.01)]).verdict is Verdict.KEEP_RUNNING


def test_a_fixed_horizon_effect_before_its_end_is_not_called_superior() -> None:
    decision = decide([success(10.2)], at_horizon=False)
    assert decision.verdict is Verdict.KEEP_RUNNING
    assert not decision.judgements[0].superior
    assert "superior on" not in decision.summary


def test_alpha_is_shared_over_success_metrics_and_beta_over_guardrails() -> None:
    assert corrected_alpha(0.05, 2) == 0.025
    assert 1 - corrected_beta(0.2, 2, 2) == pytest.approx(0.93333333)
    with pytest.raises(InvalidInput):
        corrected_beta(0.01, 1, 1, alpha_deterioration=0.01)


def test_a_planned_look_decides_by_the_bound_of_its_plan() -> None:
    plan = spending_bounds([0.5, 1.0], alpha=0.1)

    def looked(mean: float, metric: str = "minutes") -> MetricReading:
        return MetricReading(
            metric=metric,
            role=Role.SUCCESS,
            direction=Direction.INCREASE,
            effect=effect_at_look(effect_of(mean), plan, 1),
        )

    bar = plan.z[0] * effect_of(10.0).std_error
    assert monitor([looked(10.0 + 1.01 * bar)]).verdict is Verdict.SHIP
    assert monitor([looked(10.0 + 0.99 * bar)]).verdict is Verdict.KEEP_RUNNING
    assert monitor([looked(10.0 - 1.01 * bar)]).verdict is Verdict.DO_NOT_SHIP
    two = monitor([looked(10.0 + 1.01 * bar), looked(10.0 + 1.01 * bar, "plays")])
    assert two.verdict is Verdict.KEEP_RUNNING, "planned at 0.05 one-sided, but two success metrics allow 0.025 each"


def test_a_family_is_corrected_in_its_p_values_and_intervals_alike() -> None:
    effects = [effect_of(m) for m in (10.09, 10.065, 10.0, 10.06)]
    for correction in Correction:
        family = correct_family(effects, correction)
        for raw, found in zip(effects, family, strict=True):
            assert found.p_value >= raw.p_value
            assert excludes_null(found) == (found.p_value <= 0.05)
            assert found.corrections == (f"{correction}(4)",)
