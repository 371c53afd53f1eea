"""A real platform with declared backends: flags follow launches, drift is found and resolved, what is live is told."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.asgi_client import AsgiClient
from contracts.backend_rigs import REGISTERS
from counterpoint.api import create_app
from counterpoint.bootstrap import SimulatedClock, opened
from counterpoint.control.live.drift import ASK_EVERY
from counterpoint.control.live.outside import read_backends
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.storage.sql import open_database
from counterpoint.web import mount_web
from live_platform import START, prepared_settings, spec

PARAMETER = "podcasts.shelf_position"


@contextmanager
def platform_with(folder, backends: list[dict[str, Any]]):
    declared = folder / "backends.yaml"
    declared.write_text(json.dumps({"backends": backends}))
    settings = replace(prepared_settings(folder / "data"), backends=declared)
    with opened(settings, clock=SimulatedClock(START)) as platform:
        yield platform


@pytest.fixture
def flags(tmp_path):
    return tmp_path / "flags.json"


@pytest.fixture
def platform(tmp_path, flags):
    with platform_with(tmp_path, [{"name": "flags", "kind": "flagd-file", "path": str(flags)}]) as platform:
        yield platform


def there(flags) -> dict[str, Any]:
    return json.loads(flags.read_text())["flags"]


def edit(flags, change) -> None:
    document = json.loads(flags.read_text())
    change(document["flags"])
    flags.write_text(json.dumps(document))


def launched(platform) -> dict[str, Any]:
    document = platform.control.submit(surface="home", author="ada", spec=spec())
    assert document["state"] == "running", document["timeline"][-1]["reason"]
    return document


def test_a_launch_writes_its_flags_after_the_surface_and_a_stop_takes_its_arms_away(platform, flags):
    document = launched(platform)
    assert [receipt["backend"] for receipt in document["receipts"]] == [
        "metrics",
        "content",
        "reach",
        "surface",
        "flags",
    ]
    assert there(flags)[PARAMETER]["variants"]["podcasts-second:treatment"] == 2
    assert platform.drift.check() == []
    assert len(there(flags)) > 5, "the check has written the rest of the baseline"
    platform.control.move(document["id"], "pause", actor="ada", reason="a test")
    assert list(there(flags)[PARAMETER]["variants"]) == ["baseline"]


def test_a_baseline_that_changes_is_followed_by_the_check_and_told_as_in_step(platform, flags):
    platform.drift.check()
    platform.control.set_baseline("home", {PARAMETER: 3}, actor="ada", reason="a test")
    assert there(flags)[PARAMETER]["variants"]["baseline"] != 3
    assert platform.drift.check() == []
    assert there(flags)[PARAMETER]["variants"]["baseline"] == 3
    assert platform.live.document("home")["surfaces"]["home"]["baseline"][-1]["standing"] == "in step"


def test_a_hand_edit_is_told_since_when_it_is_there_never_overwritten_and_reapplied_when_somebody_says_so(
    platform, flags
):
    launched(platform)
    platform.drift.check()
    edit(flags, lambda every: every[PARAMETER].update(state="DISABLED"))
    (found,) = platform.drift.check()
    assert (found["code"], found["backend"], found["path"]) == ("drifted", "flags", PARAMETER)
    assert (found["found"]["state"], found["expected"]["state"]) == ("DISABLED", "ENABLED")
    assert "counterpoint live reapply flags" in found["fix"]
    platform.control.clock.move_to(START + timedelta(hours=5))
    (again,) = platform.drift.check()
    assert again["since"] == found["since"], "since when, not when last looked"
    assert there(flags)[PARAMETER]["state"] == "DISABLED"
    shown = platform.live.document()["surfaces"]["home"]
    assert {each["backend"]: each["standing"] for each in shown["experiments"][0]["backends"]}["flags"] == "drifted"
    assert platform.drift.reapply("flags", actor="grace", reason="an accident") == [PARAMETER]
    assert there(flags)[PARAMETER]["state"] == "ENABLED"
    assert platform.drift.findings() == []
    actions = [(entry["action"], entry["actor"]) for entry in platform.control.audit("home")]
    assert ("backend_reapply", "grace") in actions
    assert ("backend_drift", "counterpoint") in actions


def test_an_adopted_edit_is_told_no_more_until_it_changes_again(platform, flags):
    platform.drift.check()
    edit(flags, lambda every: every[PARAMETER].update(state="DISABLED"))
    platform.drift.check()
    assert platform.drift.adopt("flags", surface="home", actor="grace", reason="on purpose") == [PARAMETER]
    assert platform.drift.check() == []
    assert there(flags)[PARAMETER]["state"] == "DISABLED"
    edit(flags, lambda every: every.pop(PARAMETER))
    (found,) = platform.drift.check()
    assert found["found"] is None


def test_a_flag_deleted_by_hand_is_drift_and_not_something_to_write_anew(platform, flags):
    platform.drift.check()
    edit(flags, lambda every: every.pop(PARAMETER))
    assert [each["path"] for each in platform.drift.check()] == [PARAMETER]
    assert PARAMETER not in there(flags)


def test_a_backend_that_is_down_exposes_nobody_and_is_told_until_it_answers(platform, flags):
    platform.drift.check()
    good = flags.read_text()
    flags.write_text("{")
    document = platform.control.submit(surface="home", author="ada", spec=spec())
    assert document["state"] == "failed"
    assert "reach failed" in document["timeline"][-1]["reason"]
    assert platform.control.releases("home")[0]["number"] == 1, "no release was published"
    (found,) = platform.drift.check()
    assert (found["code"], found["since"]) == ("backend_down", START.isoformat())
    flags.write_text(good)
    assert platform.drift.check() == []


def test_what_could_not_be_reverted_is_told_loudly_with_what_to_do(tmp_path, flags, monkeypatch):
    backends = [
        {"name": "flags", "kind": "flagd-file", "path": str(flags)},
        {"name": "last", "kind": "flagd-file", "path": str(tmp_path / "last.json")},
    ]
    with platform_with(tmp_path, backends) as platform:
        first, last = platform.drift.held
        platform.drift.check()
        monkeypatch.setattr(type(last), "verify", lambda self, receipt: "not there" if self.name == "last" else None)
        write = first.holder.write

        def edited_since(surface, changes, *, before):
            write(surface, changes, before=before)
            edit(flags, lambda every: every[PARAMETER].update(state="DISABLED"))

        monkeypatch.setattr(first.holder, "write", edited_since)
        document = platform.control.submit(surface="home", author="ada", spec=spec())
        assert document["state"] == "failed"
        reason = document["timeline"][-1]["reason"]
        assert "STILL LIVE on flags: undo it there by hand." in reason
        assert "reapply flags" in reason, "and what to do about it"
        assert document["timeline"][-1]["evidence"]["reverted"] == ["last", "surface", "reach", "content", "metrics"]
        (left,) = platform.live.document()["still_live"]
        assert (left["experiment"], left["still_live"]) == ("podcasts-second", ["flags"])
        assert "by hand" in left["why"]["flags"]
        app = create_app(platform)
        mount_web(app, platform)
        for path in ("/experiments/podcasts-second", "/live"):
            page = AsgiClient(app).get(path).text
            assert "Still live on" in page
            assert "flags" in page
            assert "undo it there by hand" in page


def test_rows_of_the_release_store_that_were_edited_by_hand_are_found(platform):
    assert platform.drift.check() == []
    database = open_database(platform.settings.database_url)
    with database.writing() as connection:
        connection.execute(
            sa.text("UPDATE release_parts SET body = '9' WHERE path = :path"), {"path": f"baseline/{PARAMETER}"}
        )
    database.close()
    (found,) = platform.drift.check()
    assert (found["code"], found["backend"], found["surface"]) == ("release_altered", "surface", "home")
    assert "backup" in found["fix"]


def test_an_experiment_that_somebody_moved_past_its_launch_has_drifted(platform):
    launched(platform)
    platform.drift.check()
    platform.configuring.revert("home", platform.control.releases("home")[0]["number"], _edit())
    (found, *_) = [each for each in platform.drift.check() if each["backend"] == "surface"]
    assert (found["experiment"], found["code"]) == ("podcasts-second", "drifted")


def _edit():
    from counterpoint.bootstrap import Edit

    return Edit(actor="grace", reason="a test")


def test_a_backend_of_ones_own_is_loaded_launched_and_its_drift_is_found(tmp_path):
    own = {"name": "register", "kind": "contracts.backend_rigs:make_register", "url": "http://register.test/"}
    with platform_with(tmp_path, [own]) as platform:
        launched(platform)
        lines = REGISTERS[-1].lines
        assert lines == {"podcasts-second/control": {}, "podcasts-second/treatment": {PARAMETER: 2}}
        assert platform.drift.check() == []
        assert platform.live.document()["surfaces"]["home"]["experiments"][0]["backends"][-1]["standing"] == "in step"
        lines["podcasts-second/treatment"] = {}
        (found,) = platform.drift.check()
        assert (found["backend"], found["experiment"], found["code"]) == ("register", "podcasts-second", "drifted")
        assert found["expected"] == {PARAMETER: 2}
        assert "pause, resume or stop podcasts-second" in found["fix"]
        held = platform.live.document()["surfaces"]["home"]["experiments"][0]["backends"]
        assert held[-1]["standing"] == "drifted"


def test_what_is_live_names_every_backend_with_version_digest_and_time(platform):
    launched(platform)
    platform.drift.check()
    document = platform.live.document("home")
    (home,) = document["surfaces"].values()
    (experiment,) = home["experiments"]
    held = {each["backend"]: each for each in experiment["backends"]}
    assert set(held) == {"metrics", "content", "surface", "flags"}
    assert held["surface"]["version"] == str(home["release"]["number"])
    assert held["flags"]["holds"] == PARAMETER
    assert held["content"]["standing"] == "keeps nothing"
    for name in ("metrics", "surface", "flags"):
        assert held[name]["digest"]
        assert held[name]["since"]
        assert held[name]["verified_at"]
        assert held[name]["standing"] == "in step"
    assert [each["backend"] for each in home["baseline"]] == ["surface", "flags"]
    assert home["processes"][0]["release"] == home["release"]["number"]
    with pytest.raises(NotFound):
        platform.live.document("nowhere")


def test_checks_run_with_the_chores_and_no_sooner_than_their_time(tmp_path, flags):
    now = [0.0]
    settings = prepared_settings(tmp_path / "data")
    declared = tmp_path / "backends.yaml"
    declared.write_text(json.dumps({"backends": [{"name": "flags", "kind": "flagd-file", "path": str(flags)}]}))
    clock = SimulatedClock(START)
    with opened(replace(settings, backends=declared), clock=clock, stopwatch=lambda: now[0]) as platform:
        platform.control.tick()
        assert not flags.exists(), "a process that has just started does not begin with checks"
        now[0] += 61
        clock.move_to(START + timedelta(seconds=61))
        platform.control.tick()
        platform.drift.settle()
        assert flags.exists()
        assert platform.drift.standing("surface", "home") is None
        now[0] += ASK_EVERY.total_seconds()
        clock.move_to(START + timedelta(seconds=61) + ASK_EVERY)
        platform.control.tick()
        platform.drift.settle()
        assert platform.drift.standing("surface", "home") is not None


def test_the_api_tells_what_is_live_and_flagd_polls_the_flags(platform, flags):
    launched(platform)
    client = AsgiClient(create_app(platform))
    live = client.get("/v1/live?surface=home").json()
    assert live["surfaces"]["home"]["experiments"][0]["experiment"] == "podcasts-second"
    assert client.get("/v1/live?surface=nowhere").status_code == 404
    assert client.post("/v1/live/checks", json={}).json() == {"findings": []}
    edit(flags, lambda every: every[PARAMETER].update(state="DISABLED"))
    (found,) = client.post("/v1/live/checks", json={}).json()["findings"]
    assert found["code"] == "drifted"
    headers = {"X-Counterpoint-Actor": "grace@example.org"}
    said = {"reason": "an accident", "surface": "home"}
    agent = client.post("/v1/backends/flags/adoption", json=said, headers={"X-Counterpoint-Actor": "agent:x"})
    assert agent.status_code == 403
    done = client.post("/v1/backends/flags/reapplication", json=said, headers=headers)
    assert done.json() == {"parameters": [PARAMETER]}
    assert client.post("/v1/backends/nope/adoption", json=said, headers=headers).status_code == 404
    polled = client.get("/v1/surfaces/home/flags")
    assert polled.json()["flags"][PARAMETER]["variants"] == there(flags)[PARAMETER]["variants"]
    etag = {"If-None-Match": polled.headers["etag"]}
    assert client.get("/v1/surfaces/home/flags", headers=etag).status_code == 304
    assert client.get("/v1/surfaces/nowhere/flags").status_code == 404


def test_without_a_declared_file_a_launch_touches_what_it_always_did(tmp_path):
    with opened(prepared_settings(tmp_path), clock=SimulatedClock(START)) as platform:
        document = launched(platform)
        assert [receipt["backend"] for receipt in document["receipts"]] == ["metrics", "content", "surface"]
        assert platform.drift.check() == []
        assert [each["backend"] for each in platform.live.document()["surfaces"]["home"]["baseline"]] == ["surface"]


BAD = [
    ("a: 1", "backends"),
    ("backends: {}", "list"),
    ("backends: [3]", "mapping"),
    ("backends: [{kind: flagd-file, path: x}]", "name"),
    ("backends: [{name: surface, kind: flagd-file, path: x}]", "cannot name"),
    ("backends: [{name: a, kind: flagd-file, path: x}, {name: a, kind: flagd-file, path: y}]", "twice"),
    ("backends: [{name: a, kind: ftp}]", "no kind"),
    ("backends: [{name: a, kind: flagd-file}]", "needs it"),
    ("backends: [{name: a, kind: flagd-file, path: x, token: y}]", "no such key"),
    ("backends: [{name: a, kind: flagd-http, url: 'ftp://x'}]", "no address"),
    ("backends: [{name: a, kind: flagd-http, url: 'http://u:p@x'}]", "no address"),
    ("backends: [{name: a, kind: unleash, url: 'http://x', token_env: NOT_SET}]", "not set"),
    ("backends: [{name: a, kind: webhook, url: 'http://x', secret_env: SHORT}]", "too few"),
    ("backends: [{name: a, kind: webhook, url: 'http://x', secret_env: LONG, budget_s: 0}]", "no time"),
    ("backends: [{name: a, kind: flagd-file, path: x, surfaces: home}]", "list of surfaces"),
    ("backends: [{name: a, kind: 'no.such.module:make'}]", "cannot be loaded"),
    ("backends: [", "cannot be read"),
]


@pytest.mark.parametrize(("text", "why"), BAD)
def test_a_declared_file_with_a_mistake_is_refused_with_its_place(tmp_path, text, why):
    path = tmp_path / "backends.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput) as raised:
        read_backends(path, around())
    assert why in raised.value.sentence
    assert str(path) in str(raised.value.where)
    assert raised.value.fix


def around() -> Any:
    from contextlib import ExitStack

    from contracts.backend_rigs import a_store
    from contracts.memory_notes import MemoryNotes
    from counterpoint.control.live.outside import Around

    environ = {"SHORT": "abc", "LONG": "x" * 32}
    return Around(releases=a_store(), notes=MemoryNotes(), clock=lambda: START, environ=environ, closing=ExitStack())


def test_every_kind_is_made_of_its_declaration_and_no_secret_stands_in_it(tmp_path):
    (tmp_path / "b.yaml").write_text(
        "backends:\n"
        "  - {name: a, kind: flagd-file, path: x.json, surfaces: [home], prefix: cp.}\n"
        "  - {name: b, kind: flagd-http, url: 'http://x/', token_env: LONG, timeout_s: 2}\n"
        "  - {name: c, kind: unleash, url: 'http://x', token_env: LONG, project: p, environment: e}\n"
        "  - {name: d, kind: webhook, url: 'http://x', secret_env: LONG, budget_s: 3}\n"
    )
    made = read_backends(tmp_path / "b.yaml", around())
    assert [backend.name for backend in made] == ["a", "b", "c", "d"]
    assert (made[0].holds("home"), made[0].holds("search"), made[3].holds("search")) == (True, False, True)
