"""The scheduled audit: contradictions are looked for, kept while they last, and ended when a person says yes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Literal

import msgspec

from counterpoint.agents import Diagnosis, Recorded, RuleRemoval, contradictions, diagnose_launch
from counterpoint.control.acting import a_person
from counterpoint.control.configuring import Configuring
from counterpoint.control.plane import Control, Document
from counterpoint.errors import Conflict, CounterpointError, InvalidInput, NotFound
from counterpoint.events import EventLog, Served
from counterpoint.metrics import recorded_outcomes
from counterpoint.orchestration import Launch, LaunchState
from counterpoint.releases import AuditEntry, Release
from counterpoint.storage.sql import SqlDocuments
from counterpoint.telemetry import logger
from counterpoint.vocabulary import Severity

KIND = "diagnosis"
DOCTOR = "counterpoint/doctor"
EVERY = timedelta(hours=1)
LATELY = timedelta(days=7)
_IDLE = timedelta(minutes=1)
_N_REQUESTS = 2_000
_RECENT = timedelta(days=1)
AT_ONCE = 25
"""Running experiments whose records are read in one scheduled look; the others' turn comes: reading a thousand every
hour would keep a core busy for minutes, and what is due waiting, while each is watched every day anyway."""

Standing = Literal["open", "accepted", "dismissed", "cured"]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One diagnosis as it is kept.

    Attributes:
        remedy: What would end it.
        change: What the remedy would change in the configuration, part by part; empty for other remedies.
        found_at: When it was first found; `seen_at` when last.
        said: Who accepted or dismissed it, and why.
    """

    id: str
    surface: str
    subject: str
    code: str
    severity: str
    message: str
    remedy: dict[str, Any]
    change: list[dict[str, Any]]
    standing: Standing
    found_at: datetime
    seen_at: datetime
    said: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Doctor:
    """Looks at one surface at a time; everything it returns is JSON-compatible.

    Attributes:
        examined_at: Surface -> when it was last looked at by this process.
        idle_at: When no surface was due; which there are is asked again a minute later.
        read_at: Surface -> running launch -> when its records were last read by this process.
    """

    control: Control
    configuring: Configuring
    log: EventLog
    documents: SqlDocuments
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    examined_at: dict[str, datetime] = field(default_factory=dict, init=False)
    idle_at: datetime | None = field(default=None, init=False)
    read_at: dict[str, dict[str, datetime]] = field(default_factory=dict, init=False)

    def tick(self) -> tuple[str, ...]:
        """Look at the surface that has waited longest, if that is an hour; return what was found anew."""
        now = self.clock()
        if self.idle_at is not None and timedelta(0) <= now - self.idle_at < _IDLE:
            return ()
        due = [
            (self.examined_at.get(key, datetime.min.replace(tzinfo=now.tzinfo)), key)
            for key in self.control.release_store.surfaces()
        ]
        waiting = [key for at, key in sorted(due) if now - at >= EVERY]
        if not waiting:
            self.idle_at = now
            return ()
        # Before it is looked at: one that fails must not be tried at every tick.
        self.examined_at[waiting[0]] = now
        try:
            found = self.examine(waiting[0], at_once=AT_ONCE)
            return tuple(each["id"] for each in found if each["found_at"] == each["seen_at"])
        except CounterpointError as error:
            logger("doctor").warning("a surface could not be examined", extra={"problem": error.as_document()})
            return ()

    def examine(self, surface: str, *, at_once: int | None = None) -> list[Document]:
        """Look for contradictions now, and return those that stand: open, accepted or dismissed.

        What was open and is not found any more is cured.

        Args:
            surface: Which.
            at_once: Running experiments whose records are read, those that have waited longest; all when None.

        Raises:
            NotFound: code `unknown_surface`.
        """
        release, now = self.configuring.desk.live(surface), self.clock()
        launches, left = self._turns(surface, at_once)
        found = {each.id: each for each in self._diagnoses(release, launches, now)}
        known = {each.id: each for each in self._all(surface)}
        for key, diagnosis in found.items():
            before = known.get(key)
            if before is None or before.standing == "cured":
                self._keep(self._opened(diagnosis, now))
                self._audit("diagnose", diagnosis.surface, key, DOCTOR, diagnosis.finding.message, now)
            else:
                self._keep(msgspec.structs.replace(before, seen_at=now, message=diagnosis.finding.message))
        for key, before in known.items():
            if key not in found and before.standing != "cured" and before.subject not in left:
                self._keep(msgspec.structs.replace(before, standing="cured", seen_at=now))
                self._audit("cured", surface, key, DOCTOR, "it is not found any more", now)
        return self.diagnoses(surface)

    def diagnoses(self, surface: str | None = None, *, cured: bool = False) -> list[Document]:
        """Return what is known, the worst first; what is cured only when asked for."""
        kept = [each for each in self._all(surface) if cured or each.standing != "cured"]
        worst = {str(severity): n for n, severity in enumerate((Severity.ERROR, Severity.WARNING, Severity.INFO))}
        kept.sort(key=lambda each: (each.standing != "open", worst.get(each.severity, 9), each.surface, each.id))
        return [_document(each) for each in kept]

    def accept(self, name: str, *, by: str, reason: str = "") -> Document:
        """Carry out what a diagnosis proposes, in the name of the person who says yes, and return it with the result.

        Raises:
            NotFound: code `unknown_diagnosis`.
            Forbidden: code `agents_do_not_approve`.
            Conflict: code `not_open` or `nothing_to_carry_out`, or what the change runs into.
        """
        person, kept, now = a_person(by, doing="accept a change"), self._open(name), self.clock()
        why = f"{reason.strip() or 'proposed by the doctor'}: {kept.message}"
        match kept.remedy:
            case {"kind": "launch_move", "experiment": experiment, "verb": verb}:
                launch = self.control.move(experiment, verb, actor=person, reason=why)
                result = {"launch": launch["id"], "state": launch["state"]}
            case {"kind": "rule_removal", "rule": rule}:
                result = _change(self._without(kept.surface, rule, person, why, dry_run=False))
            case _:
                raise Conflict(
                    "nothing_to_carry_out", "no change would end it", where=name, fix=kept.remedy.get("words")
                )
        said = {"by": person, "at": now.isoformat(), "reason": reason, "result": result}
        done = self._keep(msgspec.structs.replace(kept, standing="accepted", said=said))
        self._audit("accept_diagnosis", kept.surface, name, person, why, now)
        return _document(done)

    def dismiss(self, name: str, *, by: str, reason: str) -> Document:
        """Leave a contradiction as it is: it is not proposed again while it lasts.

        Raises:
            NotFound: code `unknown_diagnosis`.
            InvalidInput: code `reason_missing`.
            Conflict: code `not_open`.
        """
        person, kept, now = a_person(by, doing="dismiss a finding"), self._open(name), self.clock()
        if not reason.strip():
            raise InvalidInput("reason_missing", "no reason is given", where="reason", fix="say why in a few words")
        said = {"by": person, "at": now.isoformat(), "reason": reason}
        done = self._keep(msgspec.structs.replace(kept, standing="dismissed", said=said))
        self._audit("dismiss_diagnosis", kept.surface, name, person, reason, now)
        return _document(done)

    def _turns(self, surface: str, at_once: int | None) -> tuple[list[Launch], set[str]]:
        """Return the running launches to read now, and the subjects of those whose turn comes later."""
        running = [each for each in self.control.desk.world.launches.list(surface) if each.state is LaunchState.RUNNING]
        never = datetime.min.replace(tzinfo=UTC)
        before = self.read_at.get(surface, {})
        running.sort(key=lambda each: (before.get(each.id, never), each.id))
        self.read_at[surface] = {each.id: before.get(each.id, never) for each in running}
        chosen = running if at_once is None else running[:at_once]
        return chosen, {f"experiments/{each.experiment}" for each in running[len(chosen) :]}

    def _diagnoses(self, release: Release, launches: list[Launch], now: datetime) -> list[Diagnosis]:
        surface = release.state.surface.key
        requests = self.log.read(Served, since=now - _RECENT, until=now)
        mine = (each.attributes for each in requests if each.surface == surface and not each.forced)
        recorded = Recorded(
            contexts=tuple(islice(mine, _N_REQUESTS)),
            outcomes=recorded_outcomes(self.log, surface, since=now - LATELY, until=now),
            days=LATELY.days,
        )
        found = list(contradictions(release.state, recorded))
        for launch in launches:
            findings = self.control.judge.running_findings(launch, now)
            found += diagnose_launch(surface, launch.experiment, findings)
            self.read_at[surface][launch.id] = now
        return found

    def _opened(self, diagnosis: Diagnosis, now: datetime) -> Kept:
        change: list[dict[str, Any]] = []
        if isinstance(diagnosis.remedy, RuleRemoval):
            proposed = self._without(diagnosis.surface, diagnosis.remedy.rule, DOCTOR, "what if", dry_run=True)
            change = list(proposed["diff"])
        return Kept(
            id=diagnosis.id,
            surface=diagnosis.surface,
            subject=diagnosis.subject,
            code=diagnosis.finding.code,
            severity=str(diagnosis.finding.severity),
            message=diagnosis.finding.message,
            remedy=diagnosis.remedy.as_document(),
            change=change,
            standing="open",
            found_at=now,
            seen_at=now,
        )

    def _without(self, surface: str, rule: str, actor: str, reason: str, *, dry_run: bool) -> Document:
        rules = [msgspec.to_builtins(each) for each in self.configuring.desk.live(surface).state.rules]
        edit = self.configuring.edit(actor=actor, reason=reason, dry_run=dry_run)
        return self.configuring.set_rules(surface, [each for each in rules if each["key"] != rule], edit)

    def _open(self, name: str) -> Kept:
        kept = next((each for each in self._all(None) if each.id == name), None)
        if kept is None:
            raise NotFound("unknown_diagnosis", f"there is no diagnosis {name!r}", fix="list them: counterpoint doctor")
        if kept.standing != "open":
            raise Conflict("not_open", f"it is {kept.standing}", where=name)
        return kept

    def _all(self, surface: str | None) -> list[Kept]:
        prefix = "" if surface is None else f"{surface}/"
        return [msgspec.convert(each.body, Kept) for each in self.documents.list(KIND, prefix=prefix)]

    def _keep(self, kept: Kept) -> Kept:
        key = f"{kept.surface}/{kept.id}"
        try:
            version = self.documents.get(KIND, key).version
        except NotFound:
            version = 0
        body = msgspec.to_builtins(kept)
        self.documents.put(KIND, key, body, expected_version=version, at=self.clock())
        return kept

    def _audit(self, action: str, surface: str, name: str, actor: str, reason: str, now: datetime) -> None:
        self.control.audit_log.record(
            AuditEntry(
                id=f"{action}/{name}/{self.new_id()}",
                at=now,
                actor=actor,
                action=action,
                subject=f"surfaces/{surface}/diagnoses/{name}",
                reason=reason,
                before=None,
                after=None,
                facts={"diagnosis": name},
            )
        )


def _document(kept: Kept) -> Document:
    document: Document = msgspec.to_builtins(kept)
    return document


def _change(proposed: Mapping[str, Any]) -> Document:
    return {"change": proposed["id"], "state": proposed["state"]}
