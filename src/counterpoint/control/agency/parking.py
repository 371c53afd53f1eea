"""Parked writes: an agent asks, people approve, the agent confirms, and what was stored is carried out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from counterpoint.control.acting import a_person, an_agent
from counterpoint.control.agency.foresight import launch_consequence
from counterpoint.control.agency.parked_writes import (
    Action,
    ParkedWrite,
    ParkedWrites,
    Step,
    missing_approvals,
    people_of,
    standing_of,
    stepped,
    write_document,
)
from counterpoint.control.agency.risk_desk import NOT_BEGUN, STATES, RiskDesk, launch_id_of
from counterpoint.control.plane import WAIT_S, Control, Document
from counterpoint.delivery import Evidence
from counterpoint.errors import Blame, Conflict, CounterpointError, DependencyFailure, Forbidden, InvalidInput
from counterpoint.experiments import parse_spec, spec_document
from counterpoint.orchestration import Approval, Launch, find
from counterpoint.releases import AuditEntry
from counterpoint.vocabulary import digest

_NEED_PEOPLE: tuple[Action, ...] = ("launch", "resume", "ship")
"""What exposes units, or gives everybody a variant; taking treatments away asks nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """The one way in which an agent writes.

    Attributes:
        control: A control plane that admits agents, because everything is asked here.
        risks: Says what an agent may ask for.
    """

    writes: ParkedWrites
    control: Control
    evidence: Evidence
    risks: RiskDesk

    def launch(self, spec: str | Mapping[str, Any], *, actor: str, plan: Mapping[str, Any] | None = None) -> Document:
        """Park a launch, and return what it would do.

        Raises:
            InvalidInput: The spec cannot be read.
            Forbidden: code `over_budget` or `refused`, with the findings; `not_an_agent`.
        """
        agent, now = an_agent(actor), self.control.clock()
        parsed = parse_spec(spec, source="spec")
        live = self.control.surface(parsed.surface)
        try:
            findings = self.risks.launchable(parsed, agent, now)
        except Forbidden as error:
            self._audit_refusal(parsed.surface, parsed.key, agent, error, now)
            raise
        budget = self.risks.budget(agent)
        return self._parked(
            "launch",
            agent,
            parsed.surface,
            parsed.key,
            {"spec": spec_document(parsed), "plan": None if plan is None else dict(plan)},
            launch_consequence(self.control, self.evidence, parsed, findings, actor=agent),
            needed=max(budget.approvals, live["policy"]["approvals"]),
            owners=tuple(live["policy"]["owners"]),
        )

    def move(self, action: Action, launch: str, *, actor: str, reason: str) -> Document:
        """Park a pause, a resumption, a stop or a shipment of a launch of the agent's own.

        Raises:
            InvalidInput: code `reason_missing`.
            NotFound: code `unknown_launch`.
            Forbidden: code `not_your_launch` or `not_an_agent`.
            Conflict: code `bad_transition`, or `nothing_to_ship` when the platform would not ship a variant now.
        """
        agent = an_agent(actor)
        if not reason.strip():
            raise InvalidInput("reason_missing", "no reason is given", where="reason", fix="say why in a few words")
        found = find(self.control.desk, launch)
        decision = self.risks.movable(action, found, agent)
        needed = self.risks.budget(agent).approvals if action in _NEED_PEOPLE else 0
        consequence = {
            "sentence": _told(action, found, decision),
            "before": {"state": str(found.state), "stage": found.stage},
            **({"decision": decision} if action == "ship" else {}),
        }
        plan = {"launch": found.id, "reason": reason.strip(), "ship": decision["ship"] if action == "ship" else None}
        return self._parked(action, agent, found.surface, found.experiment, plan, consequence, needed=needed)

    def approve(self, name: str, *, by: str, note: str = "") -> Document:
        """Record one person's yes to exactly what is stored.

        Raises:
            Forbidden: code `agents_do_not_approve`, or `not_an_approver` when the budget names others.
            Conflict: code `not_awaiting_approval` or `already_approved`.
        """
        person, now = a_person(by, doing="approve"), self.control.clock()

        def change(write: ParkedWrite) -> ParkedWrite:
            standing = standing_of(write, now)
            if standing not in ("awaiting_approval", "awaiting_confirmation"):
                raise Conflict("not_awaiting_approval", f"the write is {standing}", where=name)
            if write.approvers and person not in write.approvers:
                who = ", ".join(write.approvers)
                raise Forbidden("not_an_approver", f"{person} may not approve this", where=name, fix=f"ask {who}")
            if person in people_of(write):
                raise Conflict("already_approved", f"{person} has approved it already", where=name)
            approvals = (*write.approvals, Approval(by=person, at=now, note=note))
            return stepped(write, "waiting", at=now, actor=person, reason=note or "approved", approvals=approvals)

        write = self.writes.update(name, change, at=now)
        self._audit("approve_parked", write, person, note or "approved", now)
        return write_document(write, now)

    def reject(self, name: str, *, by: str, reason: str) -> Document:
        """Refuse a parked write for good: a person says no, or the agent thought better of it.

        Raises:
            InvalidInput: code `reason_missing`.
            Forbidden: code `not_your_write`, when another agent says so.
            Conflict: code `not_waiting`.
        """
        now = self.control.clock()
        if not reason.strip():
            raise InvalidInput("reason_missing", "no reason is given", where="reason", fix="say why in a few words")

        def change(write: ParkedWrite) -> ParkedWrite:
            if by != write.actor:
                a_person(by, doing="reject what another agent parked")
            if standing_of(write, now) not in ("awaiting_approval", "awaiting_confirmation"):
                raise Conflict("not_waiting", f"the write is {standing_of(write, now)}", where=name)
            return stepped(write, "rejected", at=now, actor=by, reason=reason)

        write = self.writes.update(name, change, at=now)
        self._audit("reject_parked", write, by, reason, now)
        return write_document(write, now)

    def confirm(self, name: str, *, actor: str, wait_s: float = WAIT_S) -> Document:
        """Carry out the stored plan, whatever else the confirmation says, and return the write with its result.

        A confirmation that was interrupted may be repeated: nothing is done twice.

        Raises:
            NotFound: code `unknown_write`.
            Forbidden: code `not_your_write`, `over_budget`, `refused` or `not_your_launch`.
            Conflict: code `write_expired`, `write_rejected`, `already_executed`, `approval_missing`,
                `decision_changed`, or what the plan has run into.
        """
        agent, now = an_agent(actor), self.control.clock()
        write = self.writes.get(name)
        try:
            self._confirmable(write, agent, now)
            if write.action == "launch":
                self.risks.reserve(write, now)
            write = self._begin(write, agent, now)
        except CounterpointError as error:
            self._audit("refuse_parked", write, agent, error.sentence, now, unique=self.control.desk.new_id())
            raise
        try:
            launch = self._carry_out(write, wait_s)
        except CounterpointError as error:
            if error.blame is not Blame.CALLER:
                raise  # it stays as it is, to be confirmed again
            self._end(write, "failed", {"error": error.as_document()}, error.sentence)
            raise
        reason = launch["timeline"][-1]["reason"] if launch["timeline"] else ""
        result = {"launch": launch["id"], "experiment": launch["experiment"], "state": launch["state"]}
        done = self._end(write, "executed", {**result, "reason": reason}, f"{launch['id']} is {launch['state']}")
        return write_document(done, self.control.clock())

    def read(self, name: str) -> Document:
        """Return one parked write.

        Raises:
            NotFound: code `unknown_write`.
        """
        return write_document(self.writes.get(name), self.control.clock())

    def list(self, *, surface: str | None = None, actor: str | None = None) -> list[Document]:
        """Return parked writes, the last written first."""
        now = self.control.clock()
        return [write_document(write, now) for write in self.writes.list(surface=surface, actor=actor)]

    def _parked(
        self,
        action: Action,
        actor: str,
        surface: str,
        experiment: str,
        plan: Document,
        consequence: Document,
        *,
        needed: int,
        owners: tuple[str, ...] = (),
    ) -> Document:
        now = self.control.clock()
        expires_at = now + timedelta(hours=self.risks.rules.parked_hours)
        write = ParkedWrite(
            id=f"parked-{self.control.desk.new_id()}",
            actor=actor,
            action=action,
            surface=surface,
            experiment=experiment,
            plan=plan,
            digest=digest({"action": action, "plan": plan}),
            consequence=consequence,
            needed=needed,
            owners=owners,
            approvers=self.risks.budget(actor).approvers,
            created_at=now,
            expires_at=expires_at,
            steps=(Step(at=now, state="waiting", actor=actor, reason=consequence["sentence"]),),
        )
        self.writes.create(write)
        self._audit("park", write, actor, consequence["sentence"], now)
        return write_document(write, now)

    def _audit_refusal(
        self, surface: str, experiment: str, agent: str, error: CounterpointError, now: datetime
    ) -> None:
        self.control.audit_log.record(
            AuditEntry(
                id=f"refused-{self.control.desk.new_id()}",
                at=now,
                actor=agent,
                action="refuse_parking",
                subject=f"surfaces/{surface}/parked",
                reason=error.sentence,
                before=None,
                after=None,
                facts={"code": error.code, "experiment": experiment},
            )
        )

    def _confirmable(self, write: ParkedWrite, agent: str, now: datetime) -> None:
        if write.actor != agent:
            raise Forbidden("not_your_write", f"{write.actor} parked it", where=write.id, fix="confirm what you parked")
        match standing_of(write, now):
            case "awaiting_approval":
                raise Conflict(
                    "approval_missing",
                    f"it needs {missing_approvals(write)}",
                    where=write.id,
                    fix=f"ask them: counterpoint approve {write.id} --by NAME, or the page /parked/{write.id}",
                )
            case "expired":
                raise Conflict(
                    "write_expired", f"it could be confirmed until {write.expires_at:%Y-%m-%d %H:%M} UTC",
                    where=write.id, fix="park it again",
                )  # fmt: skip
            case "rejected":
                last = write.steps[-1]
                raise Conflict("write_rejected", f"{last.actor} rejected it: {last.reason}", where=write.id)
            case "executed" | "failed" as state:
                facts = {"result": write.result}
                raise Conflict("already_executed", f"the write is {state}", where=write.id, facts=facts)
        if write.state == "executing" and now >= write.expires_at and write.action == "launch":
            raise Conflict("write_expired", "it was interrupted and is too old", where=write.id, fix="park it again")
        if write.state == "waiting":
            self._still_allowed(write, agent, now)

    def _still_allowed(self, write: ParkedWrite, agent: str, now: datetime) -> None:
        """Ask again what was asked when it was parked: budgets shrink, launches move on, decisions change."""
        if write.action == "launch":
            self.risks.launchable(parse_spec(write.plan["spec"], source="stored spec"), agent, now)
            return
        decision = self.risks.movable(write.action, find(self.control.desk, write.plan["launch"]), agent)
        if write.action == "ship" and decision["ship"] != write.plan["ship"]:
            raise Conflict(
                "decision_changed",
                f"{write.plan['ship']} was approved, and {decision['ship']} would be shipped now",
                where=write.id,
                fix="park it again",
            )

    def _begin(self, write: ParkedWrite, agent: str, now: datetime) -> ParkedWrite:
        def change(found: ParkedWrite) -> ParkedWrite:
            if found.state == "executing":
                return found
            if found.state != "waiting":
                self._confirmable(found, agent, now)
            return stepped(found, "executing", at=now, actor=agent, reason="confirmed")

        begun = self.writes.update(write.id, change, at=now)
        self._audit("confirm_parked", begun, agent, "confirmed", now)
        return begun

    def _carry_out(self, write: ParkedWrite, wait_s: float) -> Document:
        plan = write.plan
        if write.action == "launch":
            known = {each.id for each in self.control.desk.world.launches.list()}
            if launch_id_of(write) in known:
                return self.control.launch(launch_id_of(write))
            return self.control.submit(
                surface=write.surface,
                author=write.actor,
                spec=plan["spec"],
                plan=plan["plan"],
                wait_s=wait_s,
                token=write.id,
                approvals=write.approvals,
            )
        launch = self.control.launch(plan["launch"])
        concluding = launch["state"] == "stopped" and not launch["held"]
        if concluding or launch["state"] not in STATES[write.action]:
            return launch  # it was carried out before the interruption
        if write.action == "stop":
            return self._stop(launch, write, wait_s)
        # To stop is to conclude: the platform decides on what was measured, and ships or rolls back.
        verb = "stop" if write.action == "ship" else write.action
        return self.control.move(launch["id"], verb, actor=write.actor, reason=plan["reason"], wait_s=wait_s)

    def _stop(self, launch: Document, write: ParkedWrite, wait_s: float) -> Document:
        """End a launch without a decision, so that what nobody approved cannot ship."""
        said = {"actor": write.actor, "reason": write.plan["reason"], "wait_s": wait_s}
        if launch["state"] in NOT_BEGUN:
            return self.control.reject(launch["id"], by=write.actor, reason=write.plan["reason"])
        if launch["state"] != "stopped":
            launch = self.control.move(launch["id"], "hold", **said)
        if launch["state"] != "stopped":
            trouble = launch["trouble"] or "it takes longer than it was waited for"
            raise DependencyFailure("not_stopped_yet", trouble, where=launch["id"], fix="confirm it again in a minute")
        return self.control.move(launch["id"], "archive", **said)

    def _end(self, write: ParkedWrite, state: Any, result: Document, reason: str) -> ParkedWrite:
        now = self.control.clock()

        def change(found: ParkedWrite) -> ParkedWrite:
            if found.state != "executing":
                return found
            return stepped(found, state, at=now, actor=write.actor, reason=reason, result=result)

        ended = self.writes.update(write.id, change, at=now)
        self._audit(f"{state}_parked", ended, write.actor, reason, now)
        return ended

    def _audit(
        self, action: str, write: ParkedWrite, actor: str, reason: str, now: datetime, *, unique: str = ""
    ) -> None:
        said = f"{write.id}:{action}:{actor}:{unique}" if unique else f"{write.id}:{action}:{actor}"
        self.control.audit_log.record(
            AuditEntry(
                id=said,
                at=now,
                actor=actor,
                action=action,
                subject=f"surfaces/{write.surface}/parked/{write.id}",
                reason=reason,
                before=None,
                after=write.result,
                facts={"action": write.action, "experiment": write.experiment, "digest": write.digest},
            )
        )


def _told(action: Action, launch: Launch, decision: Document) -> str:
    what = launch.experiment
    match action:
        case "pause":
            return f"Pauses {what}: everybody in it gets the baseline until it is resumed."
        case "resume":
            return f"Resumes {what}: every unit finds the variant that it had."
        case "ship":
            return f"Ends {what} and gives everybody {decision['ship']}: {' '.join(decision['reasons'])}"
        case _ if launch.state in NOT_BEGUN:
            return f"Withdraws {what}, which has not begun."
        case _:
            return f"Ends {what} for good, without a decision: everybody in it gets the baseline, nothing ships."
