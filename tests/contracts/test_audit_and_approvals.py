"""What every `AuditLog` and `ApprovalStore` promises."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.memory_release_store import MemoryAuditLog
from counterpoint.releases import Approval, ApprovalStore, AuditEntry, AuditLog
from counterpoint.storage.sql import SqlApprovalStore, SqlAuditLog, open_database
from experiment_examples import NOW
from postgres_server import SQL_KINDS, fresh_sql_url


class MemoryApprovalStore:
    def __init__(self) -> None:
        self._kept: list[Approval] = []

    def add(self, approval: Approval) -> None:
        if all(approval.id != other.id for other in self._kept):
            self._kept.append(approval)

    def of(self, subject_digest: str) -> tuple[Approval, ...]:
        found = (approval for approval in self._kept if approval.subject_digest == subject_digest)
        return tuple(sorted(found, key=lambda approval: approval.at))


@pytest.fixture(params=["memory", *SQL_KINDS])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[AuditLog, ApprovalStore]]:
    if request.param == "memory":
        yield MemoryAuditLog(), MemoryApprovalStore()
        return
    database = open_database(fresh_sql_url(request.param, tmp_path))
    yield SqlAuditLog(database), SqlApprovalStore(database)
    database.close()


@pytest.fixture
def log(stores) -> AuditLog:
    return stores[0]


@pytest.fixture
def approvals(stores) -> ApprovalStore:
    return stores[1]


def entry(name: str, *, minutes: int = 0, subject: str = "surfaces/home", **fields) -> AuditEntry:
    return AuditEntry(
        **{
            "id": name,
            "at": NOW + timedelta(minutes=minutes),
            "actor": "ada",
            "action": "publish",
            "subject": subject,
            "reason": "because",
            "before": {"a": 1},
            "after": None,
            **fields,
        }
    )


def approval(name: str, *, minutes: int = 0, **fields) -> Approval:
    at = NOW + timedelta(minutes=minutes)
    return Approval(**{"id": name, "subject_digest": "d", "by": "ada", "at": at, "granted": True, **fields})


def test_an_entry_comes_back_as_it_was(log: AuditLog):
    one = entry("1", facts={"release": 3, "ünicode": ["ß", None, 1.5]})
    log.record(one)
    assert log.entries() == (one,)


def test_entries_are_newest_first_and_the_later_written_first_at_one_time(log: AuditLog):
    for name, minutes in (("b", 2), ("a", 1), ("c", 2)):
        log.record(entry(name, minutes=minutes))
    assert [one.id for one in log.entries()] == ["c", "b", "a"]
    assert [one.id for one in log.entries(limit=2)] == ["c", "b"]
    assert [one.id for one in log.entries(before=NOW + timedelta(minutes=2))] == ["a"]


def test_a_subject_is_found_with_everything_below_it_and_nothing_beside(log: AuditLog):
    for name, subject in (
        ("1", "surfaces/home"),
        ("2", "surfaces/home/e1"),
        ("3", "surfaces/home2"),
        ("4", "surfaces/hom"),
        ("5", "surfaces/home-2"),
    ):
        log.record(entry(name, subject=subject))
    assert {one.id for one in log.entries(subject="surfaces/home")} == {"1", "2"}
    assert {one.id for one in log.entries(subject="surfaces")} == {"1", "2", "3", "4", "5"}


def test_entries_are_found_by_actor(log: AuditLog):
    log.record(entry("1"))
    log.record(entry("2", actor="bob"))
    assert [one.id for one in log.entries(actor="bob")] == ["2"]
    assert log.entries(actor="eve") == ()


def test_nothing_recorded_is_ever_changed(log: AuditLog):
    log.record(entry("1"))
    log.record(entry("1", reason="another story"))
    assert [one.reason for one in log.entries()] == ["because"]


def test_approvals_come_back_oldest_first_for_their_digest_only(approvals: ApprovalStore):
    approvals.add(approval("2", minutes=2, granted=False, note="no: too wide"))
    approvals.add(approval("1", minutes=1))
    approvals.add(approval("3", subject_digest="other"))
    assert approvals.of("d") == (approval("1", minutes=1), approval("2", minutes=2, granted=False, note="no: too wide"))
    assert approvals.of("nothing") == ()


def test_an_approval_given_twice_is_one(approvals: ApprovalStore):
    approvals.add(approval("1"))
    approvals.add(approval("1", granted=False))
    assert [one.granted for one in approvals.of("d")] == [True]
