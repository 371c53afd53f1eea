"""Which approvals a parked write still needs: so many, by whom the budget names, one of them by an owner."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from counterpoint.control.agency.parked_writes import ParkedWrite, missing_approvals, standing_of, write_document
from counterpoint.orchestration import Approval

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def write(*people: str, needed: int = 1, approvers: tuple[str, ...] = (), owners: tuple[str, ...] = ()) -> ParkedWrite:
    return ParkedWrite(
        id="parked-1",
        actor="agent:scout",
        action="launch",
        surface="home",
        experiment="e",
        plan={},
        digest="d",
        consequence={},
        needed=needed,
        approvers=approvers,
        owners=owners,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        approvals=tuple(Approval(by=each, at=NOW, note="") for each in people),
    )


@pytest.mark.parametrize(
    ("parked", "missing"),
    [
        (write(), "1 approval by a person"),
        (write("ada", needed=3), "2 approvals by a person"),
        (write(approvers=("ada", "bob")), "1 approval by ada or bob"),
        (write("bob", owners=("ada",)), "1 approval by people, one of them an owner of the surface (ada)"),
        (write("bob", owners=("*@home.example.org",), needed=0), "1 approval by people, one of them an owner"),
        (write("ada", owners=("ada",), needed=2), "1 approval by a person"),
    ],
)
def test_what_is_missing_is_said_and_waited_for(parked: ParkedWrite, missing: str) -> None:
    assert missing_approvals(parked).startswith(missing)
    assert standing_of(parked, NOW) == "awaiting_approval"
    assert missing in write_document(parked, NOW)["next"]


@pytest.mark.parametrize(
    "parked",
    [write("ada"), write(needed=0), write("ada", "bob", needed=2), write("ada@home.example.org", owners=("*@home.*",))],
)
def test_when_nothing_is_missing_its_agent_confirms_it(parked: ParkedWrite) -> None:
    assert missing_approvals(parked) == ""
    assert standing_of(parked, NOW) == "awaiting_confirmation"


def test_a_write_that_was_parked_before_owners_were_kept_is_read() -> None:
    document = msgspec.to_builtins(write())
    del document["owners"]
    assert msgspec.convert(document, ParkedWrite).owners == ()
