"""Baselines, holdouts and domains as documents of a folder: imported, planned, synced, and what people did by hand."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterpoint.bootstrap import Edit, Platform, SimulatedClock
from counterpoint.errors import InvalidInput
from live_platform import live_platform, spec

EVE = Edit(actor="eve", reason="denser pages")
SOURCE = "home-specs"
Folder = dict[str, dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Platform, SimulatedClock]]:
    with live_platform(tmp_path) as opened:
        yield opened


@pytest.fixture
def reviewed(tmp_path: Path) -> Iterator[tuple[Platform, SimulatedClock]]:
    with live_platform(tmp_path, policy="approvals: 1") as opened:
        yield opened


def imported(platform: Platform) -> Folder:
    files = platform.declaring.export()["files"]
    return {path: yaml.safe_load(text) for path, text in files.items()}


def texts(folder: Folder) -> list[tuple[Any, str]]:
    return [(document, path) for path, document in folder.items()]


def planned(platform: Platform, folder: Folder, **scope: Any) -> dict[str, Any]:
    return platform.declaring.plan(texts(folder), source=SOURCE, author="ada", **scope)


def synced(platform: Platform, folder: Folder, **scope: Any) -> dict[str, Any]:
    return platform.declaring.sync(texts(folder), **{"source": SOURCE, "actor": "ada", **scope})


def acts(document: dict[str, Any]) -> dict[str, str]:
    return {item["experiment"]: item["act"] for item in document["items"]}


def item_of(document: dict[str, Any], key: str) -> dict[str, Any]:
    return next(item for item in document["items"] if item["experiment"] == key)


BASELINE = "home/config/baseline.yaml"
HOLDOUT = {
    "kind": "holdout",
    "key": "q",
    "surface": "home",
    "owner": "data",
    "share": 0.1,
    "ends_at": "2026-12-31T00:00Z",
}


def holdout(clock: SimulatedClock, days: int, **changes: Any) -> dict[str, Any]:
    end = (clock() + timedelta(days=days)).isoformat()
    return {"kind": "holdout", "key": "q4", "surface": "home", "owner": "data", "share": 0.05, "ends_at": end} | changes


def test_what_exists_is_imported_and_a_plan_of_it_finds_nothing(home: tuple[Platform, SimulatedClock]) -> None:
    platform, clock = home
    config = platform.configuring
    config.set_values("home", {"layout.max_shelves": 10}, EVE, at_once=True)
    rules = [{"key": "young", "audience": "country == 'DK'", "set": {"layout.max_shelves": 8}}]
    config.set_rules("home", rules, EVE, at_once=True)
    config.aside.start_holdout("home", "q4", share=0.05, ends_at=clock() + timedelta(days=60), edit=EVE)
    config.aside.reserve_domain("home", "genrec", share=0.1, edit=EVE)
    platform.declaring.sync([(spec(), "x.yaml")], source="other", actor="ada")
    folder = imported(platform)
    assert sorted(folder) == [
        BASELINE,
        "home/config/domain-genrec.yaml",
        "home/config/holdout-q4.yaml",
        "home/podcasts-second.yaml",
    ]
    assert folder[BASELINE]["rules"] == rules
    plan = planned(platform, folder, prune=True)
    assert (plan["n_changes"], plan["n_faults"]) == (0, 0)
    assert set(acts(plan).values()) == {"keep"}
    assert synced(platform, folder, prune=True)["done"] == []


def test_a_changed_value_is_rolled_out_by_stages_and_a_second_sync_does_nothing(
    home: tuple[Platform, SimulatedClock],
) -> None:
    platform, clock = home
    folder = imported(platform)
    before = folder[BASELINE]["values"]["layout.max_shelves"]
    folder[BASELINE]["values"]["layout.max_shelves"] = 10
    edits = item_of(planned(platform, folder), "baseline")["changes"]
    assert edits == [{"path": "values.layout.max_shelves", "before": before, "after": 10}]
    assert [each["state"] for each in synced(platform, folder)["done"]] == ["rolling_out"]
    assert platform.configuring.show("home")["values"]["layout.max_shelves"]["value"] == before
    again = synced(platform, folder)
    assert again["done"] == []
    assert "being rolled out" in item_of(again["plan"], "baseline")["reasons"][0]
    for _ in range(10):
        clock.move_to(clock() + timedelta(days=1))
        platform.configuring.tick()
    assert platform.configuring.show("home")["values"]["layout.max_shelves"]["value"] == 10
    assert (synced(platform, folder)["done"], synced(platform, folder)["in_sync"]) == ([], True)
    folder[BASELINE]["values"]["layout.max_shelves"] = 9
    assert acts(planned(platform, folder))["baseline"] == "change", "what the folder itself set it may change"


def test_what_was_changed_by_hand_is_drift_and_is_not_written_over(home: tuple[Platform, SimulatedClock]) -> None:
    platform, _ = home
    folder = imported(platform)
    platform.configuring.set_values("home", {"layout.max_shelves": 10}, EVE, at_once=True)
    done = synced(platform, folder)
    item = item_of(done["plan"], "baseline")
    assert (item["act"], done["done"], done["in_sync"]) == ("blocked", [], False)
    assert "by eve: denser pages" in item["drift"][0]
    number = platform.configuring.show("home")["release"]
    assert f"`as_of: {number}`" in item["reasons"][0]
    folder[BASELINE]["as_of"] = number
    assert acts(planned(platform, folder))["baseline"] == "change"
    assert planned(platform, imported(platform))["n_faults"] == 0


def test_a_baseline_waits_for_approval_is_replaced_by_a_newer_text_and_a_refusal_stands(
    reviewed: tuple[Platform, SimulatedClock],
) -> None:
    platform, _ = reviewed
    folder = imported(platform)
    folder[BASELINE]["values"]["layout.max_shelves"] = 10
    assert item_of(planned(platform, folder), "baseline")["approvals_needed"] == 1
    (first,) = synced(platform, folder)["done"]
    assert first["state"] == "awaiting_approval"
    again = synced(platform, folder)
    assert again["done"] == []
    assert first["change"] in item_of(again["plan"], "baseline")["reasons"][0]
    folder[BASELINE]["values"]["layout.max_shelves"] = 9
    (second,) = synced(platform, folder)["done"]
    assert second["act"] == "replace"
    assert platform.configuring.change(first["change"])["state"] == "withdrawn"
    platform.configuring.withdraw(second["change"], by="bob", reason="not before Christmas")
    item = item_of(planned(platform, folder), "baseline")
    assert item["act"] == "blocked"
    assert "by bob, not before Christmas" in item["reasons"][0]


def test_a_rollout_that_was_taken_back_is_not_begun_again(home: tuple[Platform, SimulatedClock]) -> None:
    platform, _ = home
    folder = imported(platform)
    folder[BASELINE]["values"]["layout.max_shelves"] = 10
    (begun,) = synced(platform, folder)["done"]
    platform.configuring.abort("home", begun["change"], actor="bob", reason="pages broke")
    item = item_of(planned(platform, folder), "baseline")
    assert item["act"] == "blocked"
    assert "pages broke" in item["reasons"][0]


def test_a_holdout_is_begun_renewed_and_released_with_its_file(home: tuple[Platform, SimulatedClock]) -> None:
    platform, clock = home
    aside = platform.configuring.aside
    folder: Folder = {"q4.yaml": holdout(clock, 60)}
    assert [each["problem"] for each in synced(platform, folder)["done"]] == [None]
    assert synced(platform, folder)["done"] == []
    folder["q4.yaml"] = holdout(clock, 90)
    assert acts(planned(platform, folder)) == {"q4": "change"}
    synced(platform, folder)
    assert aside.holdouts("home")[0]["ends_at"] == folder["q4.yaml"]["ends_at"]
    wider = {"q4.yaml": holdout(clock, 90, share=0.1)}
    assert "share cannot be changed in place" in item_of(planned(platform, wider), "q4")["reasons"][0]
    assert acts(planned(platform, {}, surfaces=("home",))) == {"q4": "unnamed"}
    synced(platform, {}, surfaces=("home",), prune=True)
    assert aside.holdouts("home") == []
    synced(platform, folder)
    assert len(aside.holdouts("home")) == 1, "what the folder took back itself it may declare again"


def test_what_others_set_aside_is_never_pruned_and_what_they_released_not_begun_again(
    home: tuple[Platform, SimulatedClock],
) -> None:
    platform, clock = home
    aside = platform.configuring.aside
    aside.reserve_domain("home", "genrec", share=0.1, edit=EVE)
    pruned = synced(platform, {}, surfaces=("home",), prune=True)
    assert (acts(pruned["plan"]), pruned["done"]) == ({"genrec": "unnamed"}, [])
    folder: Folder = {"q4.yaml": holdout(clock, 60)}
    synced(platform, folder)
    aside.release_holdout("home", "q4", Edit(actor="bob", reason="the units are needed"))
    item = item_of(synced(platform, folder)["plan"], "q4")
    assert (item["act"], aside.holdouts("home")) == ("keep", [])
    assert "by bob" in item["reasons"][0]


def test_what_a_folder_has_adopted_it_may_release_and_the_one_before_it_no_more(
    home: tuple[Platform, SimulatedClock],
) -> None:
    platform, clock = home
    aside = platform.configuring.aside
    aside.reserve_domain("home", "genrec", share=0.1, edit=EVE)
    synced(platform, {"q4.yaml": holdout(clock, 60)})
    clock.move_to(clock() + timedelta(hours=1))
    platform.declaring.export("home", source="another")
    assert {each["actor"] for each in platform.control.audit("home") if each["action"] == "adopt_part"} == {"another"}
    synced(platform, {}, surfaces=("home",), prune=True)
    assert len(aside.holdouts("home")) == 1, "it is another folder's by now"
    n_entries = len(platform.control.audit("home"))
    platform.declaring.export("home", source="another")
    assert len(platform.control.audit("home")) == n_entries, "adopted once"
    synced(platform, {}, source="another", surfaces=("home",), prune=True)
    assert aside.holdouts("home") == []
    assert platform.configuring.desk.live("home").state.domains == {}


def test_an_end_that_was_moved_by_hand_is_drift(home: tuple[Platform, SimulatedClock]) -> None:
    platform, clock = home
    folder: Folder = {"q4.yaml": holdout(clock, 60)}
    synced(platform, folder)
    later = clock() + timedelta(days=90)
    platform.configuring.aside.renew_holdout(
        "home", "q4", ends_at=later, edit=Edit(actor="bob", reason="too few units")
    )
    item = item_of(planned(platform, folder), "q4")
    assert (item["act"], "too few units" in item["drift"][0]) == ("blocked", True)


def test_a_domain_and_the_experiment_that_draws_from_it_come_in_one_sync(home: tuple[Platform, SimulatedClock]) -> None:
    platform, _ = home
    folder: Folder = {
        "domain.yaml": {"kind": "domain", "key": "genrec", "surface": "home", "owner": "genrec", "share": 0.2},
        "exp.yaml": spec(domain="genrec"),
    }
    done = {each["experiment"]: each["state"] for each in synced(platform, folder, wait_s=30.0)["done"]}
    assert done == {"genrec": "published", "podcasts-second": "running"}
    assert synced(platform, folder)["done"] == []


def test_a_saved_plan_holds_its_parts_and_is_stale_once_they_moved(home: tuple[Platform, SimulatedClock]) -> None:
    platform, clock = home
    plan = planned(platform, {"q4.yaml": holdout(clock, 60)})
    done = platform.declaring.apply(plan, actor="ada")
    assert [each["kind"] for each in done["done"]] == ["holdout"]
    with pytest.raises(Exception, match="moved") as stale:
        platform.declaring.apply(plan, actor="ada")
    assert getattr(stale.value, "code", None) == "plan_stale"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"kind": "baseline", "surface": "home", "value": {}}, "unknown field `value`"),
        ({**HOLDOUT, "share": 0.7}, "0.5"),
        ({**HOLDOUT, "ends_at": "2026-12-31"}, "ends_at"),
        ({"kind": "rollout", "surface": "home"}, "one of: experiment, baseline, holdout, domain"),
    ],
)
def test_a_document_that_is_wrong_is_named_with_its_fault(
    home: tuple[Platform, SimulatedClock], document: dict[str, Any], said: str
) -> None:
    (fault,) = planned(home[0], {"bad.yaml": document})["unreadable"]
    assert said in fault["message"]


def test_one_baseline_of_a_surface_in_two_files_is_refused(home: tuple[Platform, SimulatedClock]) -> None:
    part = {"kind": "baseline", "surface": "home"}
    with pytest.raises(InvalidInput, match=r"baseline 'baseline' on home is declared in a\.yaml too"):
        planned(home[0], {"a.yaml": part, "b.yaml": part})


def test_a_value_that_the_surface_does_not_have_is_invalid(home: tuple[Platform, SimulatedClock]) -> None:
    part = {"kind": "baseline", "surface": "home", "values": {"no.such": 1}}
    item = item_of(planned(home[0], {"a.yaml": part}), "baseline")
    assert (item["act"], "[unknown_parameter]" in item["reasons"][0]) == ("invalid", True)
