"""The scorecard reads only what may be read now, and the decision follows from its figures."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.errors import InvalidInput
from counterpoint.events import Event, Exposure, Served
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics import ExperimentDecision, PlannedUnits, Scorecard, decide, harmed, score
from counterpoint.stats import AnytimeEffect, Effect
from counterpoint.vocabulary import canonical_json
from metrics.metrics_world import SURFACE, T0, events, spec

END = T0 + timedelta(days=14)


def scored(records: list[Event], design: ExperimentSpec, **changes: Any) -> Scorecard:
    log = MemoryEventLog()
    log.append(records)
    return score(log, design, SURFACE, **({"started_at": T0, "now": END} | changes))


def decided(records: list[Event], design: ExperimentSpec, **changes: Any) -> tuple[Scorecard, ExperimentDecision]:
    card = scored(records, design, **changes)
    return card, decide(card, design)


BETTER = events(3000, lift=0.5, seed=3)
PLANNED = PlannedUnits(by_day=(3000 / 14,) * 14, source="a test")


def test_before_the_end_only_anytime_effects_are_read() -> None:
    for test in ("fixed", "group_sequential", "always_valid"):
        card = scored(BETTER, spec(test=test), now=T0 + timedelta(days=10))
        assert not card.at_horizon
        assert {type(row.effect) for row in card.rows} <= {AnytimeEffect, type(None)}
        assert all(row["looks"] in {"any", None} for row in card.as_document()["metrics"])


@pytest.mark.parametrize(
    ("test", "kind"), [("fixed", Effect), ("group_sequential", AnytimeEffect), ("always_valid", AnytimeEffect)]
)
def test_at_the_end_the_effect_is_of_the_kind_that_was_designed(test: str, kind: type) -> None:
    primary = scored(BETTER, spec(test=test)).rows[0]
    assert isinstance(primary.effect, kind)


def test_an_experiment_stopped_before_its_end_never_shows_a_fixed_horizon_effect() -> None:
    card = scored(BETTER, spec(), ended_at=T0 + timedelta(days=9), now=END + timedelta(days=30))
    assert not card.at_horizon
    assert not any(isinstance(row.effect, Effect) for row in card.rows)


def test_looks_after_the_end_are_the_same_look() -> None:
    at_end, later = (scored(BETTER, spec(), now=now) for now in (END, END + timedelta(days=5)))
    assert canonical_json(at_end.as_document()) == canonical_json(later.as_document())


def test_a_better_treatment_ships_with_reasons_taken_from_its_figures() -> None:
    card, decision = decided(BETTER, spec())
    assert decision.verdict == "ship"
    assert decision.ship == "treatment"
    said = " ".join(decision.sentences)
    for word in ("superior on minutes_7d", "non-inferior on load_ms_p90", "SRM fine", "empty_rate: it did not occur"):
        assert word in said
    assert card.rows[0].effect is not None
    assert f"{card.rows[0].effect.relative_effect:+.2%}" in said


def test_no_effect_does_not_ship() -> None:
    _, decision = decided(events(3000, seed=4), spec())
    assert (decision.verdict, decision.ship) == ("do_not_ship", None)


def test_a_fixed_horizon_experiment_does_not_ship_before_its_end_however_good_it_looks() -> None:
    strong = events(6000, lift=2.0, seed=6)
    early = T0 + timedelta(days=13)
    _, fixed = decided(strong, spec(test="fixed"), now=early)
    assert (fixed.verdict, fixed.ship) == ("keep_running", None)
    card, sequential = decided(strong, spec(test="group_sequential"), now=early)
    assert card.rows[0].anytime is not None
    assert card.rows[0].anytime.ci_lower > 0
    assert sequential.verdict in {"ship", "keep_running"}


def test_a_harmful_treatment_is_seen_before_the_end_and_does_not_ship() -> None:
    slow = events(4000, lift=0.5, seed=7, slower=200.0)
    card, decision = decided(slow, spec(), now=T0 + timedelta(days=12))
    assert harmed(card) == ("load_ms_p90",)
    assert decision.verdict == "do_not_ship"
    assert harmed(scored(BETTER, spec(), now=T0 + timedelta(days=12))) == ()


def test_lost_units_stop_every_conclusion() -> None:
    kept = [
        e for i, e in enumerate(BETTER) if not (isinstance(e, Exposure) and e.variant == "treatment" and i % 5 == 1)
    ]
    for now in (T0 + timedelta(days=13), END):
        card, decision = decided(kept, spec(), now=now)
        assert card.srm is not None
        assert card.srm.mismatch
        assert decision.verdict == "investigate"
        assert "sample_ratio_mismatch" in {f.code for f in card.findings}


def test_the_split_is_tested_by_a_test_that_fits_the_look() -> None:
    assert scored(BETTER, spec(), now=T0 + timedelta(days=3)).as_document()["srm"]["looks"] == "any"
    assert scored(BETTER, spec()).as_document()["srm"]["looks"] == "one"


def test_a_guardrail_without_data_is_not_proven_and_blocks() -> None:
    mute = [e for e in BETTER if getattr(e, "name", "") != "load_ms_p90"]
    card, decision = decided(mute, spec())
    row = next(r for r in card.rows if r.metric == "load_ms_p90")
    assert row.missing is not None
    assert row.as_document()["estimate"] is None
    assert decision.verdict != "ship"


def test_a_rate_without_its_denominator_is_not_taken_for_a_clean_record() -> None:
    mute = [e for e in BETTER if getattr(e, "name", "") != "home_views"]
    card, decision = decided(mute, spec())
    row = next(r for r in card.rows if r.metric == "empty_rate")
    assert row.missing is not None
    assert row.missing.code != "never_occurred"
    assert decision.verdict != "ship"


def test_nobody_exposed_has_reasons_and_no_figures() -> None:
    card, decision = decided([], spec())
    document = card.as_document()
    assert all(row["estimate"] is None and row["reason"]["code"] for row in document["metrics"])
    assert document["srm"] is None
    assert decision.verdict == "investigate"
    json.dumps(document, allow_nan=False)
    json.dumps(decision.as_document(), allow_nan=False)
    _, early = decided([], spec(), now=T0 + timedelta(hours=1))
    assert early.verdict == "keep_running"


def test_the_same_inputs_give_the_same_bytes_and_one_more_event_another_digest() -> None:
    design = spec(variance_reduction="cuped")
    once, again = (scored(list(reversed(r)), design, segment="country") for r in (BETTER, list(BETTER)))
    assert canonical_json(once.as_document()) == canonical_json(again.as_document())
    extra = msgspec.structs.replace(next(e for e in BETTER if isinstance(e, Exposure)), id="x", unit="x")
    assert scored([*BETTER, extra], design).digest != once.digest


def test_cuped_narrows_the_interval_when_the_past_explains_the_present() -> None:
    plain = scored(BETTER, spec()).rows[0].effect
    adjusted = scored(BETTER, spec(variance_reduction="cuped")).rows[0].effect
    assert plain is not None
    assert adjusted is not None
    assert "cuped" in adjusted.method
    assert adjusted.std_error <= plain.std_error * 1.001


def test_an_absolute_margin_becomes_a_share_of_control() -> None:
    row = next(r for r in scored(BETTER, spec()).rows if r.metric == "load_ms_p90")
    assert row.effect is not None
    assert row.margin == pytest.approx(50 / row.effect.control_mean)


def test_an_undeclared_metric_is_one_clear_error() -> None:
    design = spec()
    design = design.model_copy(update={"metrics": design.metrics.model_copy(update={"secondary": ("nope",)})})
    with pytest.raises(InvalidInput) as caught:
        scored([], design)
    assert caught.value.code == "unknown_metric"


def test_segments_are_read_by_the_same_rules_and_take_no_part_in_the_decision() -> None:
    odd = [
        msgspec.structs.replace(e, attributes={"country": "FI" if e.unit == "u0" else "SE"})
        if isinstance(e, Served)
        else e
        for e in BETTER
    ]
    card, decision = decided(odd, spec(), segment="country")
    assert set(card.segments) == {"SE", "FI"}
    assert all(row.effect is None and row.missing for row in card.segments["FI"])
    assert decision.as_document()["verdict"] == decided(BETTER, spec())[1].as_document()["verdict"]


def test_a_group_sequential_experiment_is_read_at_its_planned_looks_and_nowhere_between() -> None:
    design = spec(test="group_sequential")
    at, between, later = (
        scored(BETTER, design, planned=PLANNED, now=T0 + timedelta(days=days)) for days in (11, 11.7, 12)
    )
    effects = [card.rows[0].effect for card in (at, between, later)]
    assert [row.effect for row in at.rows] == [row.effect for row in between.rows]
    assert effects[0] != effects[2]
    assert sum(between.exposed.values()) > sum(at.exposed.values())
    assert at.test == "group_sequential"
    assert at.looks is not None
    assert (at.looks["taken"], at.looks["planned"], at.looks["is_final"]) == (4, 7, False)
    row = at.as_document()["metrics"][0]
    assert row["looks"] == "planned"
    assert 0 < row["alpha_spent"] < row["alpha"] == 0.05


def test_the_last_planned_look_has_spent_all_of_alpha_whatever_has_matured() -> None:
    scarce = PlannedUnits(by_day=(900.0,) * 14, source="a forecast that was too high")
    for planned in (PLANNED, scarce):
        effect = scored(BETTER, spec(test="group_sequential"), planned=planned).rows[0].effect
        assert isinstance(effect, AnytimeEffect)
        assert effect.alpha_spent == pytest.approx(0.05)


def test_the_design_ends_at_the_look_at_which_its_planned_units_have_matured() -> None:
    plenty = PlannedUnits(by_day=(110.0,) * 14, source="a forecast that was too low")
    design = spec(test="group_sequential")
    days = [scored(BETTER, design, planned=plenty, now=T0 + timedelta(days=d)) for d in (10, 11, 12, 14)]
    assert [card.at_horizon for card in days] == [False, True, True, True]
    assert len({canonical_json(card.as_document()) for card in days[1:]}) == 1


def test_before_the_first_look_there_is_a_reason_and_no_figure() -> None:
    card, decision = decided(BETTER, spec(test="group_sequential"), planned=PLANNED, now=T0 + timedelta(days=7.5))
    assert {row.missing.code for row in card.rows if row.missing} <= {"no_look_yet", "too_few_units", "no_values"}
    assert all(row.effect is None for row in card.rows)
    assert decision.verdict == "keep_running"


def test_without_planned_units_a_group_sequential_experiment_says_that_it_is_read_another_way() -> None:
    card = scored(BETTER, spec(test="group_sequential"))
    assert card.test == "always_valid"
    assert "no_planned_units" in {finding.code for finding in card.findings}


def test_harm_is_seen_between_looks() -> None:
    slow = events(4000, lift=0.5, seed=7, slower=200.0)
    weekly = spec(test="group_sequential", looks="weekly")
    when = {"planned": PLANNED, "now": T0 + timedelta(days=12)}
    assert harmed(scored(slow, weekly, **when)) == ()
    assert harmed(scored(slow, weekly, watching=True, **when)) == ("load_ms_p90",)


@pytest.mark.parametrize("test", ["fixed", "group_sequential", "always_valid"])
@pytest.mark.parametrize("covariates", ["none", "cuped"])
def test_the_interval_shown_leaves_out_zero_exactly_when_the_test_rejects(test: str, covariates: str) -> None:
    for seed, lift in ((12, 0.1), (14, 0.2)):
        records = events(1200, lift=lift, seed=seed)
        card = scored(records, spec(test=test, variance_reduction=covariates), planned=PLANNED)
        for row in card.as_document()["metrics"]:
            if row["estimate"] is None:
                continue
            rejected = row["p_value"] <= row["alpha"]
            assert rejected == (not row["ci_lower"] <= 0 <= row["ci_upper"])
            if row["relative_ci_lower"] is not None:
                assert row["relative"] == "fieller"
                assert rejected == (not row["relative_ci_lower"] <= 0 <= row["relative_ci_upper"])


def test_a_handful_of_units_is_too_few_for_a_number_however_clear_it_looks() -> None:
    card, decision = decided(events(80, lift=4.0, seed=8), spec())
    primary = card.rows[0]
    assert primary.effect is None
    assert primary.missing is not None
    assert primary.missing.code == "too_few"
    assert decision.ship is None
    assert "too few units" in decision.sentences[0]


def test_several_treatments_share_alpha() -> None:
    design = spec()
    three = design.model_copy(
        update={"variants": (*design.variants, design.variants[1].model_copy(update={"key": "c"}))}
    )
    card = scored(BETTER, three)
    assert {row.effect.alpha for row in card.rows if row.effect} == {0.025}


def test_shares_are_adjusted_by_covariates_like_means() -> None:
    card = scored(BETTER, spec(variance_reduction="cuped"))
    share = next(row for row in card.rows if row.metric == "starters_7d")
    plain = next(row for row in scored(BETTER, spec()).rows if row.metric == "starters_7d")
    assert share.effect is not None
    assert plain.effect is not None
    assert "cuped" in share.effect.method
    assert share.effect.std_error <= plain.effect.std_error * 1.001
