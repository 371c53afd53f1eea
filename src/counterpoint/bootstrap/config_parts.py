"""Puts the configuration plane together: proposals, rollouts, holdouts, new surfaces."""

from collections.abc import Callable, Sequence
from datetime import datetime

from counterpoint.control import Configuring
from counterpoint.control.aside import Listener, Promises, Reminders, SettingAside, StoredReadouts
from counterpoint.control.boarding import Onboarding
from counterpoint.control.changes import ChangeDesk, Proposals, RollingOut
from counterpoint.control.hypotheses import Planning
from counterpoint.control.judging import Judge
from counterpoint.delivery import PAGED
from counterpoint.events import EventLog
from counterpoint.metrics import load_objectives
from counterpoint.releases import ReleaseStore
from counterpoint.storage.sql import Database, SqlApprovalStore, SqlAuditLog, SqlDocuments


def open_configuring(
    database: Database,
    *,
    releases: ReleaseStore,
    planning: Planning,
    judge: Judge,
    log: EventLog,
    key: bytes,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    published: Callable[[], object],
    listeners: Sequence[Listener] = (),
) -> Configuring:
    """Return the configuration plane on `database`.

    Args:
        key: Secret that attestations are signed with.
        published: Called when something may have been published.
        listeners: Who is told what is due of holdouts, beside the log.
    """
    proposals = Proposals(SqlDocuments(database))
    desk = ChangeDesk(
        releases=releases,
        audit=SqlAuditLog(database),
        approvals=SqlApprovalStore(database),
        proposals=proposals,
        attest=planning.attest,
        key=key,
        clock=clock,
        new_id=new_id,
        published=published,
    )
    rolling = RollingOut(
        releases=releases,
        proposals=proposals,
        log=log,
        publish=desk.publish,
        budget=judge.budget,
        clock=clock,
        slow_ms=min((each.threshold_ms for each in load_objectives() if each.threshold_ms is not None), default=None),
    )
    aside = SettingAside(
        desk=desk,
        log=log,
        read_out=judge.holdout,
        promises=Promises(learnings=planning.knowing.past.learnings, expected=planning.knowing.expected),
        traffic=judge.traffic,
        kept=StoredReadouts(SqlDocuments(database), clock),
    )
    return Configuring(
        desk=desk,
        rolling=rolling,
        aside=aside,
        remind=Reminders(aside.reminders, clock, listeners).tick,
        boarding=Onboarding(desk=desk, log=log, pages=PAGED),
    )
