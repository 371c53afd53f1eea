"""A second surface beside Home, from one file: values, an experiment with its scorecard, holdouts, all of its own."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from counterpoint.agents import evaluate, load_cases, plan_offline
from counterpoint.bootstrap import Edit, Platform, SimulatedClock
from counterpoint.config import load_surface
from counterpoint.errors import Conflict, CounterpointError, NotFound
from counterpoint.releases import half_of_holdout
from live_platform import live_platform, spec

SEARCH = Path(__file__).parents[2] / "examples" / "search"
TEXT = (SEARCH / "surface.yaml").read_text(encoding="utf-8")
ADA = Edit(actor="ada", reason="a second surface")


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Platform, SimulatedClock]]:
    with live_platform(tmp_path) as (platform, clock):
        platform.configuring.boarding.add(TEXT, source="surface.yaml", edit=ADA)
        yield platform, clock


def search_spec(**changes: Any) -> dict[str, Any]:
    return {
        "key": "thirty-results",
        "surface": "search",
        "owner": "search",
        "hypothesis": "Thirty results a page get more listeners to play one.",
        "allocation": 0.2,
        "variants": [{"key": "control"}, {"key": "treatment", "set": {"results.per_page": 30}}],
        "metrics": {
            "primary": {"metric": "search_success_7d", "direction": "increase", "mde": 0.5},
            "guardrails": [
                {"metric": "zero_result_rate", "margin": 0.5},
                {"metric": "search_ms_p95", "margin_abs": 100},
            ],
        },
        "schedule": {"days": 14},
        **changes,
    }


def code_of(call: Any) -> str:
    with pytest.raises(CounterpointError) as caught:
        call()
    return caught.value.code


def test_the_planner_reads_the_examples_of_a_surface_it_has_never_seen():
    surface = load_surface(TEXT, source="surface.yaml")
    found = evaluate(load_cases((SEARCH / "hypotheses.yaml").read_text(), "hypotheses.yaml"), surface, plan_offline)
    assert len(found.verdicts) == 10
    assert found.n_wrong_accepts == 0
    assert found.core >= 0.9


def test_values_of_search_are_resolved_beside_those_of_home_and_split_by_another_hash(both):
    platform, _ = both
    assert set(platform.delivery.surfaces()) == {"home", "search"}
    got = platform.delivery.resolve("search", "u1", {}, parameters=["results.per_page"])
    assert got["values"]["results.per_page"]["value"] == 20
    platform.configuring.set_values("search", {"results.per_page": 25}, ADA, stages=[{"share": 0.5, "hours": 1}])
    platform.configuring.set_values("home", {"layout.max_shelves": 8}, ADA, stages=[{"share": 0.5, "hours": 1}])
    units = [f"u{n}" for n in range(400)]
    in_search = {u for u in units if value(platform, "search", u, "results.per_page") == 25}
    in_home = {u for u in units if value(platform, "home", u, "layout.max_shelves") == 8}
    # Two independent halves: a quarter of the units are in both, 100 of 400 with a standard deviation below 9.
    assert 65 < len(in_search & in_home) < 135


def value(platform: Platform, surface: str, unit: str, key: str) -> Any:
    return platform.delivery.resolve(surface, unit, {}, parameters=[key])["values"][key]["value"]


def test_an_experiment_on_search_runs_and_is_decided_by_what_its_units_did(both):
    platform, clock = both
    launch = platform.control.submit(surface="search", author="ada", spec=search_spec())
    assert launch["state"] == "running", launch["timeline"][-1]
    arms: dict[str, str] = {}
    for n in range(2_000):
        got = platform.delivery.resolve("search", f"u{n}", {}, parameters=["results.per_page"])
        for exposure in got["exposures"]:
            arms[f"u{n}"] = exposure["variant"]
    clock.move_to(clock() + timedelta(hours=1))
    played = [unit for n, unit in enumerate(arms) if n % 10 < (7 if arms[unit] == "treatment" else 2)]
    events = [
        {
            "kind": "outcome",
            "id": f"o-{unit}",
            "at": clock().isoformat(),
            "surface": "search",
            "unit": unit,
            "name": "search_success",
            "value": 1.0,
        }
        for unit in played
    ]
    assert platform.delivery.ingest(events)["accepted"] == len(events)
    clock.move_to(clock() + timedelta(days=8))
    results = platform.control.results("thirty-results")
    primary = next(row for row in results["metrics"] if row["role"] == "primary")
    assert 0.3 < primary["estimate"] < 0.7
    assert results["srm"]["mismatch"] is False
    checked = platform.configuring.boarding.check(TEXT, source="surface.yaml")
    silent = [item["message"] for item in checked["items"] if item["code"] == "metric_silent"]
    assert not any(message.startswith("search_success_7d") for message in silent)


def test_asking_for_a_page_that_no_one_declared_is_not_found_and_leaves_no_record(both):
    platform, _ = both
    with pytest.raises(NotFound) as caught:
        asyncio.run(platform.delivery.page("search", "u1", {}))
    assert caught.value.code == "no_page"
    assert asyncio.run(platform.delivery.page("home", "u1", {}))["surface"] == "home"


def test_a_baseline_edited_in_the_file_reaches_its_units_by_stages_too(both):
    platform, _ = both
    edited = TEXT.replace("min: 5, max: 50, baseline: 20", "min: 5, max: 60, baseline: 25")
    made = platform.configuring.boarding.add(edited, source="surface.yaml", edit=ADA)
    assert made["state"] == "rolling_out"
    shown = platform.configuring.show("search")
    assert shown["values"]["results.per_page"] == {"value": 20, "declared": 25, "layer": "results"}
    assert shown["rollouts"][0]["values"] == {"results.per_page": 25}
    nothing = platform.configuring.boarding.add
    assert code_of(lambda: nothing(edited, source="surface.yaml", edit=ADA)) in ("nothing_changes", "in_rollout")


def test_an_expired_holdout_blocks_launches_until_it_is_renewed_and_its_halves_are_known(both):
    platform, clock = both
    aside = platform.configuring.aside
    end = clock() + timedelta(days=2)
    aside.start_holdout("home", "q4", share=0.05, ends_at=end, edit=ADA)
    release = platform.control.release_store.latest("home")
    assert release is not None
    half = half_of_holdout(release.state.holdouts["q4"], release.state.surface)
    halves = {f"u{n}": half(f"u{n}") for n in range(1_000)}
    platform.configuring.set_values("home", {"layout.max_shelves": 8}, ADA, at_once=True)
    for unit, which in halves.items():
        if which is not None:
            assert value(platform, "home", unit, "layout.max_shelves") == (12 if which == "status_quo" else 8)
    clock.move_to(end)
    refused = platform.control.submit(surface="home", author="ada", spec=spec())
    assert refused["state"] in ("refused", "failed")
    assert "Holdout 'q4' ended" in str(refused)
    assert aside.holdouts("home")[0]["expired"] is True
    aside.renew_holdout("home", "q4", ends_at=end + timedelta(days=90), edit=ADA)
    assert platform.control.submit(surface="home", author="ada", spec=spec(key="again"))["state"] == "running"
    told = aside.holdout_units("home", "q4")
    assert told["shipped_since"] == {"layout.max_shelves": {"status_quo": 12, "shipped_only": 8}}
    readout = aside.holdout_readout("home", "q4")["readout"]
    assert readout["ended"] is False
    assert all(row["estimate"] is None and row["reason"] for row in readout["metrics"])
    aside.release_holdout("home", "q4", ADA)
    assert aside.holdouts("home") == []


def test_two_holdouts_cover_one_experiment_and_an_isolated_one_meets_nobody(both):
    platform, clock = both
    aside, end = platform.configuring.aside, clock() + timedelta(days=90)
    aside.start_holdout("home", "all", share=0.02, ends_at=end, edit=ADA)
    aside.start_holdout("home", "podcast", share=0.02, ends_at=end, layers=("podcasts",), edit=ADA)
    for document in (spec(), spec(key="alone", isolated=True, allocation=0.05)):
        changed = {"layout.max_shelves": 8} if document["key"] == "alone" else {"podcasts.shelf_position": 2}
        document["variants"] = [{"key": "control"}, {"key": "treatment", "set": changed}]
        launch = platform.control.submit(surface="home", author="ada", spec=document)
        assert launch["state"] == "running", launch["timeline"][-1]
    release = platform.control.release_store.latest("home")
    assert release is not None
    state = release.state
    held = [half for holdout in state.holdouts.values() for half in (holdout.status_quo, holdout.shipped_only)]
    one, alone = state.experiments["podcasts-second"], state.experiments["alone"]
    assert not any(one.reserved & half or alone.reserved & half for half in held)
    assert not one.reserved & alone.reserved
    assert len(held) == 4
    assert sum(len(half) for half in held) == 800


def test_a_domain_keeps_everybody_else_out_and_is_not_given_back_while_it_is_used(both):
    platform, _ = both
    aside = platform.configuring.aside
    aside.reserve_domain("home", "genrec", share=0.3, edit=ADA)
    inside = platform.control.submit(surface="home", author="ada", spec=spec(domain="genrec"))
    assert inside["state"] == "running", inside["timeline"][-1]
    assert aside.domains("home")[0]["experiments"] == ["podcasts-second"]
    with pytest.raises(Conflict) as caught:
        aside.release_domain("home", "genrec", ADA)
    assert caught.value.code == "in_use"
    asked = aside.free_space(spec(key="other", allocation=0.9))
    assert asked["fits"] is False
    assert asked["set_aside"]["domains.genrec"] > 0.2


def test_a_baseline_that_breaks_a_running_variant_is_refused_with_the_smallest_combination(both):
    platform, _ = both
    fewer = search_spec(
        key="five-results", variants=[{"key": "control"}, {"key": "treatment", "set": {"results.per_page": 6}}]
    )
    assert platform.control.submit(surface="search", author="ada", spec=fewer)["state"] == "running"
    # Ten suggestions go with twenty results, and not with the six of the treatment.
    with pytest.raises(CounterpointError) as caught:
        platform.configuring.set_values("search", {"suggestions.max_items": 10}, ADA)
    (finding,) = caught.value.facts["findings"]
    assert finding["code"] == "invariant_broken"
    assert [member["key"] for member in finding["facts"]["members"]] == ["five-results"]
    platform.configuring.set_values("search", {"suggestions.max_items": 5}, ADA)
