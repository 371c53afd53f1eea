"""Proven before launch: who is in the way and what would work, and every combination that requests can meet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counterpoint.agents import World, apply_fixes, validate
from counterpoint.agents.checks.space import check_space, check_together
from counterpoint.assignment import BucketSet, compile_audience
from counterpoint.config import BaselineRule, Surface
from counterpoint.experiments import Domain, ExperimentSpec, Territory, allocate, parse_spec
from counterpoint.experiments.drawing import draw_order
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
    "variants": [{"key": "control"}, {"key": "t", "set": {"results.snippet": True}}],
    "metrics": {"primary": {"metric": "result_ctr", "direction": "increase"}},
    "schedule": {"days": 14},
}


def spec(**changes: Any) -> ExperimentSpec:
    return parse_spec({**DOCUMENT, **changes})


def setting(**values: Any) -> list[dict[str, Any]]:
    """Return control and a treatment; dots of parameters are written as two underscores."""
    return [{"key": "control"}, {"key": "t", "set": {key.replace("__", "."): value for key, value in values.items()}}]


def territory(surface: Surface, *specs: ExperimentSpec, **changes: Any) -> Territory:
    held = Territory(surface=surface, experiments={}, holdouts={}, domains={})
    for one in specs:
        experiment = replace(allocate(one, held, at=NOW, by="x"), **changes)
        held = replace(held, experiments={**held.experiments, one.key: experiment})
    return held


def world(held: Territory, **changes: Any) -> World:
    return World(now=NOW, territory=held, **changes)


def refused(found: Sequence[Finding], code: str) -> Finding:
    (finding,) = [f for f in found if f.code == code]
    return finding


def conflict(surface: Surface, held: Territory, mine: ExperimentSpec) -> Finding:
    finding = refused(list(check_space(mine, surface, world(held))), "no_free_space")
    assert finding.severity is Severity.ERROR
    return finding


RIVALS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, list[str]]]] = [
    ("parameter", {}, {}, ("parameter", ["results.snippet"])),
    ("layer", {"variants": setting(results__per_page=30)}, {}, ("layer", ["results"])),
    ("tag", {"variants": setting(topics__rows=6), "layers": ["x"]}, {"layers": ["x"]}, ("tag", ["x"])),
    ("isolated", {"variants": setting(topics__rows=6), "isolated": True}, {}, ("isolated", ["rival"])),
]


@pytest.mark.parametrize(("rival", "own", "ground"), [r[1:] for r in RIVALS], ids=[r[0] for r in RIVALS])
def test_a_rival_is_named_with_what_is_shared_and_a_request_that_both_would_meet(
    search: Surface, rival: dict[str, Any], own: dict[str, Any], ground: tuple[str, list[str]]
) -> None:
    held = territory(search, spec(key="rival", allocation=0.9, audience='device == "phone"', **rival))
    finding = conflict(search, held, mine := spec(**own))
    (facts,) = finding.facts["rivals"]
    assert (facts["key"], facts["ground"], facts["shared"]) == ("rival", *ground)
    assert "'rival'" in finding.message
    assert facts["proof"] == "satisfiable"
    for audience in (mine.audience, 'device == "phone"'):
        assert compile_audience(audience, search.attributes).matches(facts["witness"])


def test_a_rival_whom_no_request_meets_is_a_rival_while_an_attribute_can_change(search: Surface) -> None:
    held = territory(search, spec(key="rival", allocation=0.9, audience='tier == "basic"'))
    finding = conflict(search, held, spec())
    assert finding.facts["rivals"][0]["proof"] == "unsatisfiable"
    assert finding.facts["rivals"][0]["witness"] is None
    assert "can change" in finding.message


def test_a_smaller_share_that_works_is_its_fix(search: Surface) -> None:
    held = territory(search, spec(key="rival", allocation=0.9))
    mended = apply_fixes(spec(), [conflict(search, held, spec())])
    assert 0 < mended.allocation <= 0.1
    assert {f.code for f in check_space(mended, search, world(held))} == {"shares_ground"}


def test_a_date_that_works_is_when_enough_schedules_are_over(search: Surface) -> None:
    started = territory(search, spec(key="first", allocation=0.5), spec(key="second", allocation=0.45), started_at=NOW)
    late = replace(started.experiments["second"], started_at=NOW + timedelta(days=3))
    held = replace(started, experiments={**started.experiments, "second": late})
    (way,) = [w for w in conflict(search, held, spec(allocation=0.7)).facts["ways"] if w["way"] == "wait"]
    assert way["until"] == (NOW + timedelta(days=17)).isoformat()
    assert way["for"] == ["first", "second"]
    (way,) = [w for w in conflict(search, held, spec(allocation=0.5)).facts["ways"] if w["way"] == "wait"]
    assert (way["until"], way["for"]) == ((NOW + timedelta(days=14)).isoformat(), ["first"])


def test_rivals_that_ended_and_hold_their_buckets_still_can_be_archived(search: Surface) -> None:
    held = territory(search, spec(key="rival", allocation=1.0), started_at=NOW, ended_at=NOW)
    ways = conflict(search, held, spec()).facts["ways"]
    assert [(w["way"], w["experiments"]) for w in ways] == [("archive", ["rival"])]


def test_other_buckets_and_other_users_that_work_are_proposed(search: Surface) -> None:
    fixed = replace(search, attributes={**search.attributes, "tier": replace(search.attributes["tier"], fixed=True)})
    reserved = BucketSet.of(draw_order("programme")[:3000])
    empty = Territory(
        surface=fixed, experiments={}, holdouts={}, domains={"lab": Domain(key="lab", owner="x", buckets=reserved)}
    )
    rival = allocate(spec(key="rival", allocation=0.65), empty, at=NOW, by="x")
    held = replace(empty, experiments={"rival": rival})
    mine = spec(audience="true")
    ways = {w["way"]: w for w in conflict(fixed, held, mine).facts["ways"]}
    for changes in ({"domain": ways["domain"]["domain"]}, {"audience": ways["audience"]["audience"]}):
        found = {f.code for f in check_space(spec(**{"audience": "true", **changes}), fixed, world(held))}
        assert "no_free_space" not in found


def together(surface: Surface, mine: ExperimentSpec, held: Territory, **changes: Any) -> list[Finding]:
    return list(check_together(mine, surface, world(held, **changes)))


@pytest.fixture
def strict(search: Surface) -> Surface:
    return replace(search, invariants=("results.per_page <= 30 || topics.rows <= 6",))


MINE = {"variants": setting(results__per_page=35)}


def test_the_smallest_breaking_combination_is_named_with_a_request_that_meets_it(strict: Surface) -> None:
    mine = spec(**MINE)
    assert together(strict, mine, territory(strict)) == []
    others = territory(
        strict,
        spec(key="topics", audience='device == "phone"', variants=setting(topics__rows=9)),
        spec(key="third", variants=setting(suggest__enabled=False)),
    )
    finding = refused(together(strict, mine, others), "invariant_broken")
    assert {(m["key"], m["variant"]) for m in finding.facts["members"]} == {("snippets", "t"), ("topics", "t")}
    assert finding.facts["witness"] == {"tier": "plus", "device": "phone"}
    assert finding.facts["values"] == {"results.per_page": 35, "topics.rows": 9}


def test_those_that_never_meet_break_nothing_together(strict: Surface) -> None:
    topics = {"key": "topics", "variants": setting(topics__rows=9)}
    tagged = territory(strict, spec(**topics, layers=["x"]))
    assert together(strict, spec(**MINE, layers=["x"]), tagged) == []
    elsewhere = territory(strict, spec(**topics, audience='tier == "basic"'))
    assert together(strict, spec(**MINE), elsewhere) == []


def test_the_live_baseline_and_rules_take_part(strict: Surface) -> None:
    mine = spec(**MINE)
    moved = {p.key: p.baseline for p in strict.parameters.values()} | {"topics.rows": 8}
    finding = refused(together(strict, mine, territory(strict), baseline=moved), "invariant_broken")
    assert len(finding.facts["members"]) == 1
    rule = BaselineRule(key="wide", audience='device == "phone"', set={"topics.rows": 8})
    finding = refused(together(strict, mine, territory(strict), rules=(rule,)), "invariant_broken")
    assert {m["key"] for m in finding.facts["members"]} == {"snippets", "wide"}
    away = BaselineRule(key="wide", audience='tier == "basic"', set={"topics.rows": 8})
    assert together(strict, mine, territory(strict), rules=(away,)) == []


def test_what_is_broken_without_it_is_told_apart(strict: Surface) -> None:
    held = territory(
        strict,
        spec(key="topics", variants=setting(topics__rows=9)),
        spec(key="pages", variants=setting(results__per_page=40)),
    )
    loose = replace(strict, invariants=(f"{strict.invariants[0]} || suggest.delay_ms > 9000",))
    found = together(loose, spec(variants=setting(suggest__delay_ms=100)), held)
    assert [(f.code, f.severity) for f in found] == [("broken_without_it", Severity.WARNING)]
    assert {m["key"] for m in found[0].facts["members"]} == {"topics", "pages"}


def test_a_rule_meets_a_requirement_only_where_it_reaches(search: Surface) -> None:
    off = {p.key: p.baseline for p in search.parameters.values()} | {"suggest.enabled": False}
    mine = spec(variants=setting(suggest__delay_ms=100))
    rule = BaselineRule(key="on", audience='tier == "plus"', set={"suggest.enabled": True})
    covered = validate(mine, search, world(territory(search), baseline=off, rules=(rule,)))
    assert {"requires_unmet", "requires_not_met"}.isdisjoint({f.code for f in covered})
    wide = validate(
        spec(variants=setting(suggest__delay_ms=100), audience="true"),
        search,
        world(territory(search), baseline=off, rules=(rule,)),
    )
    assert refused(wide, "requires_not_met").severity is Severity.ERROR
    none = validate(mine, search, world(territory(search), baseline=off))
    assert {f.code for f in none} & {"requires_unmet", "requires_not_met"} == {"requires_unmet"}


def test_an_invariant_that_cannot_be_read_is_said_and_not_passed_over(search: Surface) -> None:
    odd = replace(search, invariants=("results.per_page ++ 1",))
    assert "invariant_unreadable" in {f.code for f in together(odd, spec(), territory(odd))}


def test_a_treatment_that_changes_nothing_is_refused_on_the_live_baseline(search: Surface) -> None:
    live = {p.key: p.baseline for p in search.parameters.values()} | {"results.snippet": True}
    assert "no_op_treatment" in {f.code for f in validate(spec(), search, world(territory(search), baseline=live))}
    assert "no_op_treatment" not in {f.code for f in validate(spec(), search, world(territory(search)))}
