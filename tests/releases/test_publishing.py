from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.errors import Conflict, CounterpointError, Forbidden
from counterpoint.experiments import Event
from counterpoint.releases import (
    AddExperiment,
    Approval,
    MoveExperiment,
    ReplaceSurface,
    SetBaseline,
    change_digest,
    check_change,
    publish,
    rebase,
)
from experiment_examples import (
    KEY,
    NOW,
    a_spec,
    a_surface,
    attested,
    change_of,
    drawn,
    first_release,
    published,
)


@pytest.fixture
def store():
    return MemoryReleaseStore()


def publishing(store, change, attestation=None, *, now=NOW, approvals=()):
    return publish(
        change, attestation or attested(change), store=store, now=now, actor="bob", key=KEY, approvals=approvals
    )


def refusal(store, change, *args, **fields) -> CounterpointError:
    n = len(store.history("home"))
    with pytest.raises(CounterpointError) as caught:
        publishing(store, change, *args, **fields)
    assert len(store.history("home")) == n
    return caught.value


def start_experiment(store, **fields):
    spec = a_spec(**fields)
    experiment = drawn(spec, store.latest("home").state)
    return published(
        store, AddExperiment(experiment=experiment), MoveExperiment(experiment=spec.key, event=Event.START)
    )


def test_a_release_says_who_why_and_when(store):
    first_release(store)
    change = change_of(store.latest("home"), SetBaseline(values={"a.x": 2}), author="ada", reason="two is company")
    note = publishing(store, change, now=NOW + timedelta(hours=1)).note
    assert (note.number, note.author, note.published_by, note.reason) == (2, "ada", "bob", "two is company")
    assert note.created_at == NOW + timedelta(hours=1)
    assert note.parent_digest == store.get("home", 1).digest
    assert note.paths == ("baseline/a.x",)


def test_nothing_is_published_without_an_attestation_of_exactly_it(store):
    first_release(store)
    change = change_of(store.latest("home"), SetBaseline(values={"a.x": 2}))
    other = replace(change, operations=(SetBaseline(values={"a.x": 99}),))
    error = refusal(store, other, attested(change))
    assert (type(error), error.code) == (Forbidden, "not_attested")


def test_a_change_prepared_on_an_older_release_is_refused_and_has_to_be_validated_again(store):
    first_release(store)
    change = change_of(store.latest("home"), SetBaseline(values={"a.x": 2}))
    attestation = attested(change)
    published(store, SetBaseline(values={"b.x": 2}))
    error = refusal(store, change, attestation)
    assert (type(error), error.code, error.facts) == (Conflict, "stale_base", {"base": 1, "live": 2})
    rebased = rebase(change, store.latest("home"))
    assert refusal(store, rebased, attestation).code == "not_attested"
    assert publishing(store, rebased).state.baseline == {**store.get("home", 2).state.baseline, "a.x": 2}


def test_publishing_twice_publishes_once(store):
    first_release(store)
    change = change_of(store.latest("home"), SetBaseline(values={"a.x": 2}))
    once = publishing(store, change)
    assert publishing(store, change) == once
    assert store.head("home").number == 2
    assert refusal(store, replace(change, reason="other")).code == "change_id_taken"


def test_a_change_that_changes_nothing_is_refused(store):
    first_release(store)
    assert refusal(store, change_of(store.latest("home"), SetBaseline(values={"a.x": 1}))).code == "nothing_changes"


def test_a_scheduled_change_waits_and_is_checked_when_it_fires(store):
    first_release(store)
    later = NOW + timedelta(days=1)
    change = change_of(store.latest("home"), SetBaseline(values={"a.x": 2}), not_before=later)
    assert refusal(store, change).code == "too_early"
    start_experiment(store)
    assert refusal(store, change, now=later).code == "stale_base"
    again = change_of(store.latest("home"), SetBaseline(values={"a.x": 2}), not_before=later)
    assert refusal(store, again, now=later).code == "refused"


def test_every_publish_is_audited_with_before_and_after(store):
    first_release(store)
    published(store, SetBaseline(values={"a.x": 2}), author="ada", reason="because")
    entry = store.audit.entries()[0]
    assert (entry.actor, entry.action, entry.subject, entry.reason) == (
        "publisher",
        "publish",
        "surfaces/home",
        "because",
    )
    assert (entry.before, entry.after) == ({"baseline/a.x": 1}, {"baseline/a.x": 2})
    assert (entry.facts["release"], entry.facts["author"], entry.at) == (2, "ada", NOW)


def test_an_approval_is_asked_for_when_the_policy_says_so(store):
    first_release(store, a_surface(approvals=1))
    change = change_of(store.latest("home"), SetBaseline(values={"a.x": 2}), author="ada")

    def approval(by, **fields):
        return Approval(**{"id": by, "subject_digest": change_digest(change), "by": by, "at": NOW, **fields})

    for given in (
        (),
        (approval("ada"),),
        (approval("bob", granted=False),),
        (approval("bob", subject_digest="0" * 64),),
        (approval("bob"), approval("bob", granted=False, at=NOW + timedelta(minutes=1))),
    ):
        assert refusal(store, change, approvals=given).code == "needs_approval"
    assert publishing(store, change, approvals=(approval("bob"),)).number == 2


def test_a_kill_switch_waits_for_nobody_and_is_audited(store):
    first_release(store)
    start_experiment(store)
    surface = a_surface(approvals=2)
    published(store, ReplaceSurface(surface=surface))
    published(store, MoveExperiment(experiment="e1", event=Event.KILL))
    assert store.latest("home").state.experiments["e1"].state == "stopped"
    assert store.audit.entries()[0].facts["urgent"] is True


def test_checking_a_change_needs_no_store_and_finds_the_same(store):
    first_release(store)
    start_experiment(store)
    live = store.latest("home")
    state, findings = check_change(live, change_of(live, SetBaseline(values={"a.x": 4})), now=NOW)
    assert state.baseline["a.x"] == 4
    assert [finding.code for finding in findings] == ["baseline_under_experiment"]


@pytest.mark.parametrize("fields", [{"reason": " "}, {"author": ""}, {"reason": "a\0b"}, {"change_id": "x\x1b"}])
def test_a_change_says_who_and_why_in_plain_text(store, fields):
    first_release(store)
    error = refusal(store, change_of(store.latest("home"), SetBaseline(values={"a.x": 2}), **fields))
    assert error.code in ("blank", "bad_text")
