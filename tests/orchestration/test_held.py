"""Definitions in somebody else's system: half-written, changed by hand, shared by two launches, taken by others."""

import json
from datetime import timedelta

import httpx
import pytest

from contracts.backend_rigs import Rig, a_store, flagd_file_rig, flagd_http_rig, parts, surface_backend, unleash_rig
from contracts.fake_unleash import FakeUnleash
from contracts.memory_notes import MemoryNotes
from counterpoint.control.live.outside import render_flagd
from counterpoint.errors import Conflict, DependencyFailure, Forbidden
from counterpoint.orchestration import Desired, Goal
from counterpoint.orchestration.backends import FlagdFile, FlagdHttp, ReachBackend, Rendered, UnleashProject, notes_of
from experiment_examples import NOW, a_spec

LATER = NOW + timedelta(hours=1)


class Dying:
    """A holder whose write dies after the first of its changes."""

    def __init__(self, holder):
        self.holder, self.dies = holder, True

    def read(self, surface):
        return self.holder.read(surface)

    def write(self, surface, changes, *, before):
        if self.dies:
            first = dict([next(iter(changes.items()))])
            self.holder.write(surface, first, before=before)
            raise DependencyFailure("backend_down", "it died")
        self.holder.write(surface, changes, before=before)


def apply(rig: Rig, key="k1", goal=Goal.START):
    return rig.backend.apply(rig.desired(goal), rig.backend.plan(rig.desired(goal)), key)


def test_a_write_that_died_halfway_is_found_by_plan_completed_under_its_key_and_reverted_to_before(tmp_path):
    rig = flagd_file_rig(tmp_path)
    rig.surface_reaches(Goal.START)
    before = rig.look()
    rig.backend.holder = dying = Dying(rig.backend.holder)
    with pytest.raises(DependencyFailure):
        apply(rig)
    assert len(rig.look()) == 1
    assert [edit.path for edit in rig.backend.plan(rig.desired()).edits] == ["b.x"]
    dying.dies = False
    receipt = apply(rig)
    assert set(rig.look()) == {"a.x", "b.x"}
    assert rig.backend.verify(receipt) is None
    rig.backend.revert(receipt, actor="author", reason="a test", now=LATER)
    assert rig.look() == before


@pytest.mark.parametrize("n_writes", range(12))
def test_unleash_that_fails_at_any_call_is_completed_when_it_is_well(tmp_path, n_writes):
    server = FakeUnleash()
    client = httpx.Client(transport=httpx.MockTransport(server), headers={"Authorization": "admin"})
    rig = unleash_rig(tmp_path)
    rig.backend.holder = UnleashProject(client, "http://u.test", project="default", environment="production")
    rig.surface_reaches(Goal.START)
    server.fail_after = n_writes
    try:
        apply(rig)
        assert n_writes >= server.n_writes
    except DependencyFailure:
        server.fail_after = None
        receipt = apply(rig)
        assert rig.backend.verify(receipt) is None
        assert not rig.backend.plan(rig.desired()).edits
        # What was made and not yet written when it died is ours, and goes with the rest.
        rig.backend.revert(receipt, actor="author", reason="a test", now=LATER)
        assert server.features == {}


@pytest.mark.parametrize("make", [flagd_file_rig, unleash_rig])
def test_a_plan_says_that_the_split_is_not_exported_and_what_the_caller_has_to_bring(tmp_path, make):
    rig = make(tmp_path)
    caveat = rig.backend.plan(rig.desired()).detail["caveat"]
    assert "split of e1 is not exported" in caveat
    assert "counterpoint_e1" in caveat
    assert caveat in notes_of(rig.backend.plan(rig.desired()))
    rig.surface_reaches(Goal.START)
    apply(rig)
    assert "caveat" not in rig.backend.plan(rig.desired()).detail, "nothing changes, so there is nothing to say"


def test_a_start_stops_at_what_somebody_changed_by_hand_and_a_stop_leaves_it_alone(tmp_path):
    rig = flagd_file_rig(tmp_path)
    rig.surface_reaches(Goal.START)
    apply(rig)
    rig.tamper()
    by_hand = rig.look()["a.x"]
    rig.surface_reaches(Goal.STOP)
    planned = rig.backend.plan(rig.desired(Goal.STOP))
    assert planned.detail["by_hand"] == ["a.x"]
    receipt = apply(rig, "k2", Goal.STOP)
    assert receipt.detail["left_alone"] == ["a.x"]
    assert rig.look()["a.x"] == by_hand
    assert "e1:treatment" not in rig.look()["b.x"]["variants"]
    with pytest.raises(Conflict) as raised:
        rig.backend.apply(rig.desired(), planned, "k3")
    assert raised.value.code == "changed_by_hand"
    assert "counterpoint live reapply flags" in raised.value.sentence
    with pytest.raises(Conflict, match="by hand"):
        reach = ReachBackend(lambda: (Planned(rig.backend, planned),))
        reach.apply(rig.desired(), reach.plan(rig.desired()), "k4")


class Planned:
    def __init__(self, backend, planned):
        self.name, self._planned = backend.name, planned

    def plan(self, desired: Desired):
        return self._planned


def test_a_parameter_that_the_system_cannot_hold_is_no_edit_and_the_plan_says_why(tmp_path):
    rig = flagd_file_rig(tmp_path)

    def render(snapshot):
        whole = render_flagd(snapshot)
        rest = {key: flag for key, flag in whole.definitions.items() if key != "b.x"}
        return Rendered(definitions=rest, left_out={"b.x": "a holdout keeps it"})

    backend = parts(rig.store, "flags").held(FlagdFile(tmp_path / "flags.json"), render)
    planned = backend.plan(rig.desired())
    assert [edit.path for edit in planned.edits] == ["a.x"]
    assert notes_of(planned) == ("b.x is left out: a holdout keeps it",)


def test_what_somebody_changed_since_is_not_reverted_over_and_says_what_to_do(tmp_path):
    rig = flagd_file_rig(tmp_path)
    rig.surface_reaches(Goal.START)
    receipt = apply(rig)
    rig.tamper()
    by_hand = rig.look()["a.x"]
    with pytest.raises(Conflict) as raised:
        rig.backend.revert(receipt, actor="author", reason="a test", now=LATER)
    assert raised.value.code == "changed_since"
    assert "reapply flags" in raised.value.sentence
    assert rig.look() == {"a.x": by_hand}, "the other flag was taken back"


def test_two_launches_on_one_parameter_keep_each_others_arms_and_one_can_be_taken_back(tmp_path):
    store, notes, path = a_store(), MemoryNotes(), tmp_path / "flags.json"
    backend = parts(store, "flags", notes).held(FlagdFile(path), render_flagd)
    specs = {key: a_spec(key, set={"a.x": value}) for key, value in (("e1", 5), ("e2", 9))}
    receipts = {}
    for key, spec in specs.items():
        desired = Desired(
            launch_id=key, spec=spec, goal=Goal.START, stage=0, actor="a", reason="r", now=NOW + timedelta(minutes=1)
        )
        surface = surface_backend(store)
        surface.apply(desired, surface.plan(desired), f"surface:{key}")
        receipts[key] = backend.apply(desired, backend.plan(desired), key)
    variants = lambda: set(json.loads(path.read_text())["flags"]["a.x"]["variants"])  # noqa: E731
    assert variants() == {"baseline", "e1:treatment", "e2:treatment"}
    assert backend.verify(receipts["e1"]) is None, "what the second wrote is right for the first, too"
    backend.revert(receipts["e1"], actor="a", reason="r", now=LATER)
    assert variants() == {"baseline", "e2:treatment"}


@pytest.mark.parametrize("make", [flagd_file_rig, flagd_http_rig, unleash_rig])
def test_a_flag_that_is_somebody_elses_is_never_touched(tmp_path, make):
    rig = make(tmp_path)
    holder = rig.backend.holder
    if make is unleash_rig:
        theirs = {"name": "a.x", "description": "theirs"}
        holder._client.post("http://unleash.test/api/admin/projects/default/features", json=theirs)
    elif make is flagd_file_rig:
        document = json.loads((tmp_path / "flags.json").read_text())
        document["flags"]["a.x"] = {"state": "DISABLED", "variants": {"on": 1}, "metadata": {"owner": "them"}}
        (tmp_path / "flags.json").write_text(json.dumps(document))
    else:
        holder._client.put("http://flags.test/", json={"flags": {"cp.a.x": {}}}, headers={"If-None-Match": "*"})
    before = rig.look()
    rig.surface_reaches(Goal.START)
    with pytest.raises(Conflict) as raised:
        apply(rig)
    assert raised.value.code == "flag_taken"
    assert rig.look()[raised.value.facts["flag"]] == before[raised.value.facts["flag"]]


def test_another_writer_of_the_same_http_document_is_written_around(tmp_path):
    rig = flagd_http_rig(tmp_path)
    rig.surface_reaches(Goal.START)
    server = rig.backend.holder._client._transport.handler

    def somebody_else():
        server.before_put = lambda: None
        server.document = {"flags": {"theirs": {"state": "ENABLED"}}}
        server.n += 1

    server.before_put = somebody_else
    apply(rig)
    assert set(server.document["flags"]) == {"theirs", "cp.a.x", "cp.b.x"}


def test_an_address_without_etags_is_refused_before_anything_is_overwritten():
    answering = httpx.MockTransport(lambda request: httpx.Response(200, json={"flags": {}}))
    with pytest.raises(DependencyFailure) as raised:
        FlagdHttp(httpx.Client(transport=answering), "http://flags.test/").read("home")
    assert raised.value.code == "no_etag"


@pytest.mark.parametrize("text", ["{", "[]", '{"flags": {"a": 3}}', '{"flags": []}', "flags: {}"])
def test_a_file_that_is_no_flag_document_is_left_as_it_is(tmp_path, text):
    path = tmp_path / "flags.json"
    path.write_text(text)
    with pytest.raises(DependencyFailure) as raised:
        FlagdFile(path).write("home", {"a.x": {}}, before={})
    assert raised.value.code == "flags_unreadable"
    assert path.read_text() == text


def test_a_wrong_token_is_not_tried_again():
    client = httpx.Client(transport=httpx.MockTransport(FakeUnleash()), headers={"Authorization": "wrong"})
    with pytest.raises(Forbidden) as raised:
        UnleashProject(client, "http://u.test", project="default", environment="production").read("home")
    assert raised.value.code == "backend_token"


def test_a_backend_that_does_not_hold_the_surface_has_nothing_to_do(tmp_path):
    rig = unleash_rig(tmp_path)
    rig.backend._surfaces = frozenset({"search"})
    assert not rig.backend.plan(rig.desired()).edits
    receipt = apply(rig)
    assert rig.backend.verify(receipt) is None
    assert rig.look() == {}
