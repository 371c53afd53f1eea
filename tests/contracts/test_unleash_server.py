"""The contract of backends on a real Unleash server, evaluated by Unleash itself; the fake answers as it does."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace

from contracts.backend_rigs import Rig, a_store, parts, plain
from counterpoint.errors import Conflict, DependencyFailure, Forbidden
from counterpoint.orchestration import Goal
from counterpoint.orchestration.backends import UnleashProject, render_unleash
from counterpoint.vocabulary import decision_attribute
from experiment_examples import NOW
from feed_world import HALVES, snapshot
from unleash_server import ADMIN_TOKEN, unleash_server

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
FEATURES = "/api/admin/projects/default/features"


@pytest.fixture(scope="module")
def admin() -> Iterator[httpx.Client]:
    with (
        unleash_server() as url,
        httpx.Client(base_url=url, headers={"Authorization": ADMIN_TOKEN}, trust_env=False, timeout=20) as client,
    ):
        yield client


@pytest.fixture
def rig(admin) -> Iterator[Rig]:
    store = a_store()
    holder = UnleashProject(admin, str(admin.base_url), project="default", environment="development")
    backend = parts(store, "unleash").held(holder, render_unleash)
    yield Rig(backend=backend, look=lambda: plain(holder.read("home")), store=store)
    for feature in admin.get(FEATURES).json()["features"]:
        admin.delete(f"{FEATURES}/{feature['name']}")
        admin.delete(f"/api/admin/archive/{feature['name']}")


def apply(rig: Rig, key: str = "k1", goal: Goal = Goal.START):
    rig.surface_reaches(goal)
    return rig.backend.apply(rig.desired(goal), rig.backend.plan(rig.desired(goal)), key)


def played(admin: httpx.Client, feature: str, **properties: str) -> str | None:
    """What Unleash's own evaluation gives one user."""
    body = {
        "projects": ["default"],
        "environment": "development",
        "context": {"appName": "tests", "userId": "u1", "properties": properties},
    }
    answer = admin.post("/api/admin/playground", json=body)
    assert answer.status_code == 200, answer.text
    (found,) = [each for each in answer.json()["features"] if each["name"] == feature]
    return found["variant"]["payload"]["value"] if found["variant"].get("payload") else None


def test_a_launch_is_planned_applied_once_verified_and_reverted(rig, admin):
    rig.surface_reaches(Goal.START)
    desired = rig.desired()
    planned = rig.backend.plan(desired)
    assert [edit.path for edit in planned.edits] == ["a.x", "b.x"]
    assert rig.look() == {}
    receipt = rig.backend.apply(desired, planned, "k1")
    assert rig.backend.apply(desired, rig.backend.plan(desired), "k1") == receipt
    assert rig.backend.verify(receipt) is None
    assert not rig.backend.plan(desired).edits
    for _ in range(2):
        rig.backend.revert(receipt, actor="a", reason="r", now=NOW + timedelta(hours=1))
        assert rig.look() == {}
    assert rig.backend.verify(receipt)
    again = rig.backend.apply(desired, rig.backend.plan(desired), "k2")
    assert rig.backend.verify(again) is None, "a feature that was taken away can be made again"


def test_unleash_gives_each_arm_its_value_when_told_and_the_baseline_when_not(rig, admin):
    apply(rig)
    told = {"counterpoint_e1": "treatment"}
    assert (played(admin, "a.x"), played(admin, "a.x", **told), played(admin, "b.x", **told)) == ("1", "5", "7")
    assert played(admin, "a.x", counterpoint_e1="control") == "1"
    apply(rig, "k2", Goal.PAUSE)
    assert played(admin, "a.x", **told) == "1"


def test_a_rollout_of_the_baseline_is_met_by_those_who_bring_it_along(rig, admin):
    rolling = replace(
        HALVES, key="rollout/c1.x", variants=(replace(HALVES.variants[-1], key="changed", set={"rows": 9}),)
    )
    definition = render_unleash(replace(snapshot(1), experiments=(rolling,))).definitions["rows"]
    rig.backend.holder.write("home", {"rows": definition}, before={})
    assert rig.backend.holder.read("home") == {"rows": definition}
    assert played(admin, "rows", **{decision_attribute("rollout/c1.x"): "changed"}) == "9"
    assert played(admin, "rows") == "3"


def test_what_a_person_changes_in_unleash_is_found(rig, admin):
    receipt = apply(rig)
    here = f"{FEATURES}/a.x/environments/development"
    assert admin.post(f"{here}/off").status_code == 200
    assert "a.x" in str(rig.backend.verify(receipt))
    planned = rig.backend.plan(rig.desired())
    assert planned.detail["by_hand"] == ["a.x"]
    with pytest.raises(Conflict):
        rig.backend.revert(receipt, actor="a", reason="r", now=NOW + timedelta(hours=1))
    assert admin.get(here).json()["enabled"] is False


def test_another_environments_strategies_stay_as_they_are(rig, admin):
    apply(rig)
    other = f"{FEATURES}/a.x/environments/production"
    admin.post(f"{other}/strategies", json={"name": "default", "constraints": [], "parameters": {}})
    before = admin.get(other).json()
    apply(rig, "k2", Goal.PAUSE)
    assert admin.get(other).json() == before


def test_a_feature_of_somebody_else_and_a_wrong_token_are_refused(rig, admin):
    admin.post(FEATURES, json={"name": "a.x", "type": "release"})
    with pytest.raises(Conflict) as raised:
        apply(rig)
    assert raised.value.code == "flag_taken"
    assert admin.get(f"{FEATURES}/a.x").json()["type"] == "release"
    with (
        httpx.Client(headers={"Authorization": "*:*.wrong"}, trust_env=False) as client,
        pytest.raises((Forbidden, DependencyFailure)) as refused,
    ):
        UnleashProject(client, str(admin.base_url), project="default", environment="development").read("home")
    assert refused.value.code == "backend_token"


def test_an_archived_feature_of_the_same_name_is_said_to_be_taken(rig, admin):
    admin.post(FEATURES, json={"name": "a.x", "type": "release"})
    admin.delete(f"{FEATURES}/a.x")
    try:
        with pytest.raises(Conflict) as raised:
            apply(rig)
        assert raised.value.code == "flag_taken"
    finally:
        admin.delete("/api/admin/archive/a.x")
