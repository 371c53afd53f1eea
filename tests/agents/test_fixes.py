"""What `counterpoint fix` mends is gone afterwards, and the guide says of every code whether it is mended."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import counterpoint.agents.checks as checks
from counterpoint.agents import World, apply_fixes, validate
from counterpoint.assignment import BucketSet
from counterpoint.config import Freeze, Surface
from counterpoint.control.hypotheses import mend
from counterpoint.errors import InvalidInput
from counterpoint.experiments import (
    Domain,
    ExperimentSpec,
    MetricHistory,
    Territory,
    UnitsPerDay,
    Unknown,
    allocate,
    parse_spec,
    spec_document,
)
from counterpoint.vocabulary import key_like

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "validator.md"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WATCH = {"metric": "zero_result_rate", "margin": 0.05}
DOCUMENT: Mapping[str, Any] = {
    "key": "snippets",
    "surface": "search",
    "owner": "discovery",
    "hypothesis": "Excerpts under results raise clicks.",
    "allocation": 0.2,
    "variants": [{"key": "control"}, {"key": "treatment", "set": {"results.snippet": True}}],
    "metrics": {
        "primary": {"metric": "result_ctr", "direction": "increase", "mde": 0.02},
        "guardrails": [WATCH],
    },
    "schedule": {"days": 14},
}


class Traffic:
    def units_per_day(self, surface: str, *, audience: str, unit: str | None = None) -> UnitsPerDay | Unknown:
        return UnitsPerDay(first_day=40_000, per_day_new=(40_000,) * 14, n_days=14, source="test")

    def metric_history(self, surface: str, metric: str, *, audience: str) -> MetricHistory | Unknown:
        return MetricHistory(n_units=10_000, mean=0.5, variance=0.25, autocorrelation=0.7, source="test")


def spec(**changes: Any) -> ExperimentSpec:
    return parse_spec({**DOCUMENT, **changes}, source="test")


def setting(values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"variants": [{"key": "control"}, {"key": "treatment", "set": values, **more}]}


def measuring(*guardrails: dict[str, Any], **primary: Any) -> dict[str, Any]:
    known = {"metric": "result_ctr", "direction": "increase", "mde": 0.02}
    return {"metrics": {"primary": {**known, **primary}, "guardrails": list(guardrails)}}


def ramp(*stages: tuple[float, float]) -> list[dict[str, float]]:
    return [{"share": share, "hours": hours} for share, hours in stages]


BROKEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("bad_key", {"key": "Snippets under results!"}, {"key": "snippets-under-results"}),
    (
        "duplicate_variant",
        {"variants": [{"key": "control"}, *({"key": "t", "set": {"topics.rows": n}} for n in (5, 6))]},
        {"variants.2.key": "t-2"},
    ),
    (
        "no_weight",
        {"variants": [{"key": "control", "weight": 0}, {"key": "t", "weight": 0, "set": {"topics.rows": 5}}]},
        {"variants.1.weight": 1},
    ),
    ("two_effect_sizes", measuring(WATCH, mde_abs=0.1), {"metrics.primary.mde": 0.02, "metrics.primary.mde_abs": None}),
    ("two_margins", measuring({**WATCH, "margin_abs": 1.0}), {"metrics.guardrails": [WATCH]}),
    ("duplicate_guardrail", measuring({**WATCH, "margin": 0.1}, WATCH), {"metrics.guardrails": [WATCH]}),
    (
        "ramp_above_allocation",
        {"schedule": {"days": 14, "ramp": ramp((0.05, 4), (0.5, 24))}},
        {"schedule.ramp": ramp((0.05, 4))},
    ),
    (
        "ramp_not_growing",
        {"schedule": {"days": 14, "ramp": ramp((0.1, 24), (0.05, 4), (0.05, 8))}},
        {"schedule.ramp": ramp((0.05, 8), (0.1, 24))},
    ),
    ("ramp_outlasts_schedule", {"schedule": {"days": 14, "ramp": ramp((0.05, 336))}}, {"schedule.days": 21}),
    ("unknown_unit", {"unit": "shoe_size"}, {"unit": None}),
    ("unknown_parameter", setting({"results.snipet": True}), {"variants.1.set": {"results.snippet": True}}),
    ("wrong_type", setting({"topics.rows": "6"}), {"variants.1.set": {"topics.rows": 6}}),
    ("out_of_bounds", setting({"results.per_page": 80}), {"variants.1.set": {"results.per_page": 50}}),
    (
        "requires_unmet",
        setting({"suggest.enabled": False, "suggest.delay_ms": 100}),
        {"variants.1.set": {"suggest.enabled": True, "suggest.delay_ms": 100}},
    ),
    ("unknown_metric", measuring(WATCH, metric="results_ctr"), {"metrics.primary.metric": "result_ctr"}),
    (
        "guardrail_is_primary",
        measuring({"metric": "result_ctr", "margin": 0.1}, WATCH),
        {"metrics.guardrails": [WATCH]},
    ),
    ("schedule_within_window", {"schedule": {"days": 7}}, {}),
    ("not_whole_weeks", {"schedule": {"days": 15}}, {"schedule.days": 21}),
    ("looks_not_allowed_for", {"analysis": {"test": "fixed", "looks": "daily"}}, {"analysis.looks": "end"}),
    (
        "sequential_without_looks",
        {"analysis": {"test": "group_sequential", "looks": "end"}},
        {"analysis.test": "fixed"},
    ),
    ("missing_guardrail", measuring(), {}),
    ("no_margin", measuring({"metric": "zero_result_rate"}), {}),
    ("ramp_required", {"allocation": 0.5}, {}),
    ("no_automatic_stop", {"stop": {"on_guardrail": "alert"}}, {"stop.on_guardrail": "stop"}),
    ("no_automatic_pause", {"stop": {"on_srm": "alert"}}, {"stop.on_srm": "pause"}),
    ("start_has_passed", {"schedule": {"days": 14, "start": "2026-03-01T09:00:00+00:00"}}, {"schedule.start": None}),
    ("underpowered", measuring(WATCH, mde=0.012), {}),
    ("guardrail_underpowered", measuring({**WATCH, "margin": 0.012}), {}),
]
FROM_THE_WORLD = {"key_taken", "unknown_domain", "no_free_space", "frozen"}
"""Codes with a fix that need something live to arise; tested below."""


@pytest.fixture(scope="module")
def world(search: Surface) -> World:
    territory = Territory(surface=search, experiments={}, holdouts={}, domains={})
    return World(now=NOW, territory=territory, traffic=Traffic())


@pytest.mark.parametrize(("code", "changes", "wanted"), BROKEN, ids=[each[0] for each in BROKEN])
def test_a_fix_takes_its_finding_away_and_writes_what_was_meant(
    search: Surface, world: World, code: str, changes: dict[str, Any], wanted: dict[str, Any]
) -> None:
    found = [finding for finding in said_of(changes, search, world) if finding["code"] == code]
    assert found, "the spec is not broken that way"
    assert all(finding["fix"] for finding in found)
    mended = mend({**DOCUMENT, **changes}, validate=lambda each: validate(each, search, world))
    assert {path for finding in found for path in finding["fix"]} <= set(mended.applied)
    assert code not in {finding.code for finding in mended.findings}
    for path, value in wanted.items():
        assert at(spec_document(mended.spec), path) == value, path


def said_of(changes: dict[str, Any], surface: Surface, world: World) -> list[dict[str, Any]]:
    """Return the findings of a document, of one that is no spec yet as well."""
    try:
        return [finding.as_document() for finding in validate(spec(**changes), surface, world)]
    except InvalidInput as error:
        return list(error.facts["findings"])


def at(node: Any, path: str) -> Any:
    for part in path.split("."):
        node = node[int(part)] if isinstance(node, list) else node.get(part)
    if isinstance(node, list):
        return [{name: value for name, value in each.items() if value is not None} for each in node]
    return node


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("unknown_parameter", setting({"results.shoe": 1})),
        ("unknown_metric", measuring(WATCH, metric="shoe_sales")),
        ("wrong_type", setting({"topics.rows": "many"})),
        ("wrong_type", setting({"topics.rows": 4.5})),
        ("out_of_bounds", setting({"results.order": "random"})),
        ("duplicate_guardrail", measuring(WATCH, {"metric": "zero_result_rate", "margin_abs": 1.0})),
        ("bad_key", {"key": "???"}),
    ],
)
def test_nothing_is_guessed_where_nothing_is_near(
    search: Surface, world: World, code: str, changes: dict[str, Any]
) -> None:
    found = [finding for finding in said_of(changes, search, world) if finding["code"] == code]
    assert found
    assert not any(finding["fix"] for finding in found)


def test_what_is_live_is_worked_around(search: Surface, world: World) -> None:
    assert world.territory is not None
    large = spec(key="large", allocation=0.9, schedule={"days": 14, "ramp": ramp((0.05, 4))})
    held = allocate(large, world.territory, at=NOW, by="x")
    crowded = replace(world, territory=replace(world.territory, experiments={"large": held, "snippets": held}))
    freeze = Freeze(start=NOW - timedelta(days=1), end=NOW + timedelta(days=1), reason="holidays")
    frozen = replace(search, policy=replace(search.policy, freezes=(freeze,)))
    mended = mend(dict(DOCUMENT), validate=lambda each: validate(each, frozen, crowded))
    assert {"key", "allocation", "schedule.start"} <= set(mended.applied)
    assert (mended.spec.key, mended.spec.allocation) == ("snippets-2", 0.1)
    assert not {"key_taken", "no_free_space", "frozen"} & {finding.code for finding in mended.findings}
    domain = Domain(key="discovery", owner="x", buckets=BucketSet.of(range(5_000)))
    programme = replace(world, territory=replace(world.territory, domains={"discovery": domain}))
    slip = mend({**DOCUMENT, "domain": "discvery"}, validate=lambda each: validate(each, search, programme))
    assert slip.spec.domain == "discovery"


def test_what_no_fix_makes_a_spec_is_refused_as_it_was_given() -> None:
    with pytest.raises(InvalidInput) as caught:
        mend({**DOCUMENT, "owner": " ", "key": "Has Spaces"}, validate=lambda each: ())
    assert {each["code"] for each in caught.value.facts["findings"]} == {"blank", "bad_key"}


def test_fixes_of_one_part_wait_for_each_other(search: Surface, world: World) -> None:
    broken = spec(**measuring({"metric": "result_ctr", "margin": 0.1}, {"metric": "zero_result_rate"}))
    once = apply_fixes(broken, validate(broken, search, world))
    assert [each.metric for each in once.metrics.guardrails] == ["zero_result_rate"]
    twice = apply_fixes(once, validate(once, search, world))
    assert twice.metrics.guardrails[0].margin


@pytest.mark.parametrize(
    ("text", "key"), [("A B", "a-b"), ("9 lives", "lives"), ("..x..", "x"), ("é", None), ("x" * 200, "x" * 128)]
)
def test_a_key_is_made_of_what_can_be_kept(text: str, key: str | None) -> None:
    assert key_like(text) == key


def test_the_guide_says_of_every_code_whether_it_is_mended(search: Surface, world: World) -> None:
    text = GUIDE.read_text("utf-8").partition("## What `counterpoint fix` mends")[2]
    mended, _, left = text.partition("Not mended")
    told, untold = (set(re.findall(r"`([a-z_]{4,})`", part)) for part in (mended, left))
    assert told == {code for code, _, _ in BROKEN} | FROM_THE_WORLD
    files = sorted(Path(checks.__file__).parent.glob("*.py"))
    refusing = set(
        re.findall(r'\b(?:error|warning)\(\s*"([a-z_]+)"', "".join(file.read_text("utf-8") for file in files))
    )
    assert refusing <= told | untold
    assert not told & untold
