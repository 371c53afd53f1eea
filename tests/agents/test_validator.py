"""The validator refuses what must not launch, says what it does not know, and mends what a program can mend."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counterpoint.agents import (
    CHECKS,
    ArmPreview,
    PagePreview,
    PastExperiment,
    World,
    apply_fixes,
    may_launch,
    validate,
)
from counterpoint.agents.checks.power import units_after
from counterpoint.config import Freeze, PrivacyApproval, Surface
from counterpoint.errors import InvalidInput
from counterpoint.experiments import (
    ExperimentSpec,
    MetricHistory,
    Territory,
    UnitsPerDay,
    Unknown,
    allocate,
    parse_spec,
)
from counterpoint.vocabulary import Finding, Severity

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DOCUMENT: Mapping[str, Any] = {
    "kind": "experiment",
    "key": "snippets",
    "surface": "search",
    "owner": "discovery",
    "hypothesis": "Excerpts under results raise clicks.",
    "audience": 'tier == "plus"',
    "allocation": 0.2,
    "variants": [{"key": "control"}, {"key": "treatment", "set": {"results.snippet": True}}],
    "metrics": {
        "primary": {"metric": "result_ctr", "direction": "increase", "mde": 0.02},
        "guardrails": [{"metric": "zero_result_rate", "margin": 0.05}],
    },
    "schedule": {"days": 14},
}


class Traffic:
    """Recorded traffic of a test: constant arrivals, one history for every metric."""

    def __init__(self, per_day: float, *, mean: float = 0.5, variance: float = 0.25) -> None:
        self.per_day, self.mean, self.variance = per_day, mean, variance
        self.n_asked = 0

    def units_per_day(self, surface: str, *, audience: str, unit: str | None = None) -> UnitsPerDay | Unknown:
        self.n_asked += 1
        if not self.per_day:
            return Unknown(code="no_such_visitors", reason="nobody came in 14 days")
        return UnitsPerDay(first_day=self.per_day, per_day_new=(self.per_day,) * 14, n_days=14, source="test")

    def metric_history(self, surface: str, metric: str, *, audience: str) -> MetricHistory | Unknown:
        return MetricHistory(n_units=10_000, mean=self.mean, variance=self.variance, autocorrelation=0.7, source="test")


class NoTraffic:
    def units_per_day(self, surface: str, *, audience: str, unit: str | None = None) -> UnitsPerDay | Unknown:
        return Unknown(code="no_history", reason="less than a day is recorded")

    def metric_history(self, surface: str, metric: str, *, audience: str) -> MetricHistory | Unknown:
        return Unknown(code="no_history", reason="less than a day is recorded")


class Pages:
    def __init__(self, *, changed: float = 0.4, empty: float = 0.0) -> None:
        self.changed, self.empty = changed, empty

    def preview(self, spec: ExperimentSpec) -> PagePreview | Unknown:
        arms = [ArmPreview(variant=v.key, share_changed=self.changed, share_empty=self.empty) for v in spec.treatments]
        control = ArmPreview(variant="control", share_changed=0.0, share_empty=0.0)
        return PagePreview(n_pages=500, trigger_rate=0.8, arms=(control, *arms), source="recorded")


class Spent:
    def __init__(self, *words: str) -> None:
        self.words = words

    def spent(self, surface: str) -> Sequence[str] | Unknown:
        return self.words


def _spec(**changes: Any) -> ExperimentSpec:
    return parse_spec({**DOCUMENT, **changes})


def _metrics(**changes: Any) -> dict[str, Any]:
    return {**DOCUMENT["metrics"], **changes}


def _under(surface: Surface, **policy: Any) -> Surface:
    return replace(surface, policy=replace(surface.policy, **policy))


def _territory(surface: Surface, **experiments: Any) -> Territory:
    return Territory(surface=surface, experiments=experiments, holdouts={}, domains={})


@pytest.fixture
def world(search: Surface) -> World:
    return World(now=NOW, territory=_territory(search), traffic=Traffic(120_000), preview=Pages(), budgets=Spent())


def _codes(findings: Sequence[Finding], severity: Severity | None = None) -> set[str]:
    return {f.code for f in findings if severity is None or f.severity is severity}


def test_a_sound_spec_may_launch_and_says_when_its_effect_is_found(search: Surface, world: World) -> None:
    findings = validate(_spec(), search, world)
    assert may_launch(findings), [f.message for f in findings]
    assert {"reach", "power_sufficient", "page_dry_run"} <= _codes(findings)


def test_the_same_input_gives_the_same_findings(search: Surface, world: World) -> None:
    assert validate(_spec(), search, world) == validate(_spec(), search, world)


def test_slow_ports_are_asked_once(search: Surface, world: World) -> None:
    traffic = Traffic(50_000)
    validate(_spec(), search, replace(world, traffic=traffic))
    assert traffic.n_asked == 1


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("other_surface", {"surface": "home"}),
    ("unknown_unit", {"unit": "shoe_size"}),
    ("out_of_bounds", {"variants": [{"key": "control"}, {"key": "t", "set": {"results.per_page": 80}}]}),
    ("unknown_parameter", {"variants": [{"key": "control"}, {"key": "t", "set": {"results.shoe": 1}}]}),
    ("no_op_treatment", {"variants": [{"key": "control"}, {"key": "t", "set": {"results.per_page": 20}}]}),
    (
        "requires_unmet",
        {"variants": [{"key": "control"}, {"key": "t", "set": {"suggest.enabled": False, "suggest.delay_ms": 100}}]},
    ),
    ("unknown_metric", {"metrics": {"primary": {"metric": "shoe_sales", "direction": "increase"}}}),
    ("missing_guardrail", {"metrics": _metrics(guardrails=[])}),
    ("guardrail_is_primary", {"metrics": _metrics(guardrails=[{"metric": "result_ctr", "margin": 0.1}])}),
    ("no_margin", {"metrics": _metrics(guardrails=[{"metric": "zero_result_rate"}])}),
    ("schedule_within_window", {"schedule": {"days": 7}}),
    ("ramp_required", {"allocation": 0.5}),
    ("sensitive_audience", {"audience": 'age_group == "18-29"'}),
    ("minors_targeted", {"audience": 'age_group != "30+"'}),
    ("bad_time", {"schedule": {"days": 14, "start": "tomorrow"}}),
    ("bad_time", {"schedule": {"days": 14, "start": "2026-03-05T09:00:00"}}),
    ("ramp_outlasts_schedule", {"schedule": {"days": 14, "ramp": [{"share": 0.05, "hours": 336}]}}),
    ("unknown_metric", {"metrics": _metrics(secondary=["shoe_sales"])}),
]

WARNED: list[tuple[str, dict[str, Any]]] = [
    ("looks_not_allowed_for", {"analysis": {"test": "fixed", "looks": "daily"}}),
    ("sequential_without_looks", {"analysis": {"test": "group_sequential", "looks": "end"}}),
    ("start_has_passed", {"schedule": {"days": 14, "start": "2026-03-01T09:00:00+00:00"}}),
    ("not_whole_weeks", {"schedule": {"days": 15}}),
    ("expects_harm", {"metrics": _metrics(primary={"metric": "result_ctr", "direction": "decrease"})}),
    ("no_automatic_pause", {"stop": {"on_srm": "alert"}}),
]


@pytest.mark.parametrize(("code", "changes"), WARNED, ids=[code for code, _ in WARNED])
def test_what_a_person_should_look_at_is_a_warning_by_its_code(
    search: Surface, world: World, code: str, changes: dict[str, Any]
) -> None:
    assert code in _codes(validate(_spec(**changes), search, world), Severity.WARNING)
    assert code not in _codes(validate(_spec(), search, world))


@pytest.mark.parametrize(("code", "changes"), REFUSED, ids=[code for code, _ in REFUSED])
def test_what_must_not_launch_is_refused_by_its_code(
    search: Surface, world: World, code: str, changes: dict[str, Any]
) -> None:
    assert code in _codes(validate(_spec(**changes), search, world), Severity.ERROR)


@pytest.mark.parametrize(("declared", "refused"), [(None, False), (0.4, False), (0.39, True), (0.0, True)])
def test_a_variant_that_changes_more_pages_than_its_author_declared_is_refused(
    search: Surface, world: World, declared: float | None, refused: bool
) -> None:
    findings = validate(_spec(max_pages_changed=declared), search, world)
    assert ("changes_more_than_declared" in _codes(findings, Severity.ERROR)) is refused
    assert may_launch(findings) is not refused


def test_an_audience_that_is_not_cel_is_refused(search: Surface, world: World) -> None:
    findings = validate(_spec(audience='tier = "plus"'), search, world)
    assert any(f.severity is Severity.ERROR and f.path == "audience" for f in findings)


def test_a_privacy_approval_opens_a_sensitive_attribute_until_it_lapses_but_never_minors(
    search: Surface, world: World
) -> None:
    spec = _spec(audience='age_group == "18-29"')
    approval = PrivacyApproval(attribute="age_group", experiment="snippets", by="dpo", until=NOW + timedelta(days=1))
    approved = _under(search, privacy_approvals=(approval,))
    assert "sensitive_audience" not in _codes(validate(spec, approved, world))
    lapsed = _under(search, privacy_approvals=(replace(approval, until=NOW),))
    assert "sensitive_audience" in _codes(validate(spec, lapsed, world))
    minors = _spec(audience='age_group in ["13-17", "18-29"]')
    assert "minors_targeted" in _codes(validate(minors, approved, world))


def test_without_history_power_is_unknown_and_no_number_is_given(search: Surface, world: World) -> None:
    findings = validate(_spec(), search, replace(world, traffic=NoTraffic(), preview=None, budgets=None))
    unknown = [f for f in findings if f.code == "unknown"]
    assert len(unknown) >= 4
    assert all(f.severity is Severity.WARNING for f in unknown)
    assert not {"power_sufficient", "underpowered", "reach", "never_powered"} & _codes(findings)


def test_an_audience_of_nobody_is_refused(search: Surface, world: World) -> None:
    assert "reaches_nobody" in _codes(validate(_spec(), search, replace(world, traffic=Traffic(0))), Severity.ERROR)


def test_too_little_traffic_names_the_days_and_what_would_change_them(search: Surface, world: World) -> None:
    (finding,) = [
        f for f in validate(_spec(), search, replace(world, traffic=Traffic(40_000))) if f.code == "underpowered"
    ]
    assert finding.facts["days_needed"] > 14
    assert finding.fix["schedule.days"] % 7 == 0
    assert "effect of" in finding.message


def test_an_effect_beyond_reach_is_said_never_to_be_found(search: Surface, world: World) -> None:
    findings = validate(_spec(), search, replace(world, traffic=Traffic(100)))
    (finding,) = [f for f in findings if f.code == "never_powered"]
    assert finding.severity is Severity.WARNING
    assert finding.facts["days_needed"] is None


def test_an_experiment_too_small_to_ship_anything_is_told_so_before_it_starts(search: Surface, world: World) -> None:
    findings = validate(_spec(), search, replace(world, traffic=Traffic(50)))
    (finding,) = [f for f in findings if f.code == "too_small_to_ship"]
    assert finding.severity is Severity.WARNING
    assert finding.facts["units"] < finding.facts["least"] == search.policy.least_units_to_ship
    assert "too_small_to_ship" not in _codes(validate(_spec(), search, replace(world, traffic=Traffic(100_000))))


def test_more_traffic_never_needs_more_days(search: Surface, world: World) -> None:
    days = []
    for per_day in (20_000, 40_000, 60_000, 120_000, 500_000):
        findings = validate(_spec(), search, replace(world, traffic=Traffic(per_day)))
        days.append(
            next(f.facts["days_needed"] for f in findings if "days_needed" in f.facts and f.path == "schedule.days")
        )
    assert days == sorted(days, reverse=True)


def test_cuped_needs_no_more_days_than_without(search: Surface, world: World) -> None:
    def days(reduction: str) -> int:
        spec = _spec(analysis={"variance_reduction": reduction})
        findings = validate(spec, search, replace(world, traffic=Traffic(8_000, mean=10.0, variance=400.0)))
        return next(f.facts["days_needed"] or 10_000 for f in findings if "days_planned" in f.facts)

    assert days("cuped") < days("none")


def test_units_beyond_the_history_continue_as_its_last_week() -> None:
    units = UnitsPerDay(first_day=10, per_day_new=(10.0, 5.0), n_days=2, source="test")
    assert units_after(units, 1) == 10
    assert units_after(units, 4) == 10 + 5 + 2 * 7.5
    assert units_after(units, 0) == 0


def test_a_key_that_is_taken_is_refused(search: Surface, world: World) -> None:
    held = allocate(_spec(), _territory(search), at=NOW, by="x")
    findings = validate(_spec(), search, replace(world, territory=_territory(search, snippets=held)))
    assert "key_taken" in _codes(findings, Severity.ERROR)


def test_a_variant_that_empties_pages_is_refused(search: Surface, world: World) -> None:
    assert "empties_pages" in _codes(
        validate(_spec(), search, replace(world, preview=Pages(empty=0.02))), Severity.ERROR
    )


def test_a_variant_that_changes_no_page_is_pointed_out(search: Surface, world: World) -> None:
    assert "changes_no_page" in _codes(validate(_spec(), search, replace(world, preview=Pages(changed=0.0))))


def test_a_spent_error_budget_and_a_freeze_stop_a_launch(search: Surface, world: World) -> None:
    freeze = Freeze(start=NOW - timedelta(hours=1), end=NOW + timedelta(days=2), reason="end of year")
    frozen = _under(search, freezes=(freeze,))
    findings = validate(_spec(), frozen, replace(world, budgets=Spent("page latency")))
    assert {"error_budget_spent", "frozen"} <= _codes(findings, Severity.ERROR)
    later = _spec(schedule={"days": 14, "start": (NOW + timedelta(days=3)).isoformat()})
    assert "frozen" not in _codes(validate(later, frozen, world))


def test_a_past_experiment_that_asked_the_same_is_cited(search: Surface, world: World) -> None:
    past = PastExperiment(
        key="snippets-2025",
        surface="search",
        hypothesis="",
        parameters=frozenset({"results.snippet"}),
        audience='tier != "basic"',
        primary="result_ctr",
        relative_effect=0.01,
        decision="inconclusive",
    )
    findings = validate(_spec(), search, replace(world, past=(past,)))
    (finding,) = [f for f in findings if f.code == "duplicate_of_past"]
    assert "+1.00%" in finding.message


def _measured(effects: tuple[float, ...]) -> tuple[PastExperiment, ...]:
    return tuple(
        PastExperiment(
            key=f"old-{n}",
            surface="search",
            hypothesis="",
            parameters=frozenset({"results.page_size"}),
            audience="true",
            primary="result_ctr",
            relative_effect=effect,
            relative_std_error=0.001,
        )
        for n, effect in enumerate(effects)
    )


def test_an_effect_size_that_history_never_saw_is_warned_of_and_a_usual_one_is_not(
    search: Surface, world: World
) -> None:
    known = replace(world, past=_measured((0.01, -0.012, 0.02, 0.004)))
    for mde, warned in ((0.3, True), (0.015, False)):
        design = _spec(metrics=_metrics(primary={"metric": "result_ctr", "direction": "increase", "mde": mde}))
        assert ("effect_larger_than_history" in _codes(validate(design, search, known))) is warned
        assert "effect_larger_than_history" not in _codes(validate(design, search, world))


def test_fixes_mend_what_they_claim_to_mend(search: Surface, world: World) -> None:
    broken = _spec(
        allocation=0.5,
        metrics=_metrics(guardrails=[]),
        schedule={"days": 5},
        stop={"on_guardrail": "alert"},
        variants=[{"key": "control"}, {"key": "t", "set": {"suggest.enabled": False, "suggest.delay_ms": 100}}],
    )
    findings = validate(broken, search, world)
    mended = apply_fixes(broken, findings)
    fixed_codes = {f.code for f in findings if f.fix}
    left = _codes(validate(mended, search, world))
    assert {
        "missing_guardrail",
        "ramp_required",
        "schedule_within_window",
        "no_automatic_stop",
        "requires_unmet",
    } <= fixed_codes
    assert not fixed_codes & left - {"shares_ground", "value_is_baseline"}


def test_a_fix_for_a_path_that_is_not_there_is_refused() -> None:
    finding = Finding(code="x", severity=Severity.ERROR, path="", message="", fix={"variants.9.weight": 2})
    with pytest.raises(InvalidInput) as refused:
        apply_fixes(_spec(), [finding])
    assert refused.value.code == "fix_not_applicable"


def test_every_check_is_listed_once_and_says_what_it_does() -> None:
    assert len(set(CHECKS)) == len(CHECKS)
    assert all((check.__doc__ or "").split(" ")[0] in ("Say", "Refuse", "Warn", "Name") for check in CHECKS)
