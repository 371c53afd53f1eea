"""The control plane put together: plan, validate, launch, approve, move, results, releases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from counterpoint.control import documents as shown
from counterpoint.control.acting import a_person
from counterpoint.control.changes import warn_unstaged
from counterpoint.control.hypotheses import Planning, mend
from counterpoint.control.judging import Courses, Judge, PlaceboRuns, Statistics, may_read_by, readable_by
from counterpoint.delivery import RequestSamples
from counterpoint.errors import Conflict, NotFound
from counterpoint.experiments import parse_spec, spec_document
from counterpoint.metrics import scorecard_text
from counterpoint.orchestration import (
    Approval,
    Clock,
    Launch,
    LaunchDesk,
    amend_text,
    approve,
    find,
    move,
    next_due_at,
    reject,
    spec_of,
    submit,
    tick,
    timings,
    withdraw,
)
from counterpoint.releases import AuditLog, Release, ReleaseStore, SetBaseline, prepare
from counterpoint.simulation import is_simulated
from counterpoint.vocabulary import Scalar

Document = dict[str, Any]
WAIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One process's control plane; everything it returns is JSON-compatible.

    Attributes:
        published: To be called when something may have been published, so that this process serves it at once.
        samples: Requests and units to look at the page with.
        placebos: The platform's own A/A runs; None where none are kept.
        courses: What this process has read of experiments' courses.
        chores: What else is due at every tick: scheduled changes, rollouts.
    """

    desk: LaunchDesk
    release_store: ReleaseStore
    audit_log: AuditLog
    planning: Planning
    judge: Judge
    clock: Clock
    published: Callable[[], object]
    samples: RequestSamples
    placebos: PlaceboRuns | None = None
    courses: Courses = field(default_factory=Courses)
    chores: Callable[[], object] = tuple

    @property
    def statistics(self) -> Statistics:
        """Power, novelty, interactions and the programme."""
        return Statistics(
            judge=self.judge, desk=self.desk, releases=self.release_store, clock=self.clock, courses=self.courses
        )

    def surface(self, key: str) -> Document:
        """Return a surface: attributes, parameters with their live values, metrics, policy.

        Raises:
            NotFound: code `unknown_surface`.
        """
        release = self._release(key)
        return shown.surface_document(release.state.surface, release)

    def plan(self, hypothesis: str, *, surface: str, owner: str) -> Document:
        """Return the plan of a hypothesis, the spec generated from it, and what speaks against it."""
        return self.planning.propose(hypothesis, release=self._release(surface), owner=owner, now=self.clock())

    def warm(self) -> None:
        """Make the first answers as quick as the later ones; to be called in the background at start."""
        for surface in self.release_store.surfaces():
            self.planning.warm(surface, self.clock())

    def validate(self, spec: str | Mapping[str, Any]) -> Document:
        """Return a spec as it was understood, and what speaks against it; nothing is stored."""
        parsed = parse_spec(spec, source="spec")
        findings = self.planning.validate(parsed, self.clock())
        return {"spec": spec_document(parsed), "findings": [finding.as_document() for finding in findings]}

    def fix(self, spec: str | Mapping[str, Any]) -> Document:
        """Return a spec with the validator's fixes applied, which they were, and what still speaks against it."""
        mended = mend(spec, validate=lambda each: self.planning.validate(each, self.clock()))
        return {
            "spec": spec_document(mended.spec),
            "applied": list(mended.applied),
            "findings": [finding.as_document() for finding in mended.findings],
        }

    def submit(
        self,
        *,
        surface: str,
        author: str,
        hypothesis: str | None = None,
        spec: str | Mapping[str, Any] | None = None,
        plan: Mapping[str, Any] | None = None,
        simulated: bool = False,
        wait_s: float = WAIT_S,
        token: str | None = None,
        approvals: tuple[Approval, ...] = (),
    ) -> Document:
        """Launch an experiment from a spec, or from a hypothesis that can be planned, and return its launch.

        Returns as soon as the launch runs, waits for somebody, or has ended; at the latest after `wait_s` seconds.

        Args:
            token: Becomes part of the launch's id, so that the same call launches once; a new one when None.
            approvals: Given before it was submitted, to exactly this spec.

        Raises:
            Forbidden: code `park_first`, when the author is an agent.
            InvalidInput: code `not_planned`, when the hypothesis needs an answer first or cannot be tested.
            Conflict: code `launch_exists`.
        """
        self.desk.admit(author)
        parsed, kept = self.planning.spec_of(
            hypothesis, spec, plan, release=self._release(surface), owner=author, now=self.clock()
        )
        # A surface that is not there is refused here, before anything is stored.
        self._release(parsed.surface)
        desk = self.desk if token is None else replace(self.desk, new_id=lambda: token)
        launch, workflow = submit(desk, parsed, author=author, plan=kept, simulated=simulated, approvals=approvals)
        return self._waited(launch, workflow, wait_s)

    def approve(self, launch: str, *, by: str, note: str = "", wait_s: float = WAIT_S) -> Document:
        """Approve a launch, and return it as it then is."""
        person = a_person(by, doing="approve")
        approved, workflow = approve(self.desk, find(self.desk, launch).id, by=person, note=note)
        return self._waited(approved, workflow, wait_s)

    def withdraw(self, launch: str, *, by: str, reason: str) -> Document:
        """Take an approval back before the launch has begun, and return the launch as it then is."""
        self.desk.admit(by)
        return shown.launch_document(withdraw(self.desk, find(self.desk, launch).id, by=by, reason=reason))

    def reject(self, launch: str, *, by: str, reason: str) -> Document:
        """Refuse a launch that waits for approval, for good, and return it as it then is."""
        self.desk.admit(by)
        return shown.launch_document(reject(self.desk, find(self.desk, launch).id, by=by, reason=reason))

    def move(self, launch: str, goal: str, *, actor: str, reason: str, wait_s: float = WAIT_S) -> Document:
        """Pause, resume, hold, restart, stop, kill or archive a launch, and return it as it then is.

        Raises:
            InvalidInput: `bad_verb` or `reason_missing`.
            Conflict: `bad_transition`, `not_begun` or `design_ended`.
        """
        self.desk.admit(actor)
        moved, workflow = move(self.desk, find(self.desk, launch).id, goal, actor=actor, reason=reason)
        return self._waited(moved, workflow, wait_s)

    def amend(
        self, launch: str, spec: str | Mapping[str, Any], *, actor: str, reason: str, wait_s: float = WAIT_S
    ) -> Document:
        """Put another text in the place of a running launch's, and return the launch as it then is.

        Raises:
            InvalidInput: `reason_missing`, or the text is no spec.
            Conflict: `bad_transition`, `nothing_amended`, `not_amended`, or why this cannot change any more.
            Forbidden: `amendment_unapproved`.
        """
        self.desk.admit(actor)
        parsed = parse_spec(spec, source="spec")
        before, workflow = amend_text(self.desk, find(self.desk, launch).id, parsed, actor=actor, reason=reason)
        said = self.desk.executor.wait(workflow, wait_s)
        self.published()
        after = self.desk.world.launches.get(before.id)
        if spec_of(after) != parsed:
            raise Conflict("not_amended", said["reason"], where=after.id, fix="look at the launch, and say it again")
        return shown.launch_document(after)

    def tick(self, *, wait_s: float = 0.0) -> list[str]:
        """Do everything that is due, wait for launches at most so long, and return the workflows' ids."""
        self.see_to_the_rest()
        return self.start_due(wait_s=wait_s)

    def see_to_the_rest(self) -> None:
        """Do what is due besides launches: scheduled changes, rollouts, checks, A/A runs."""
        self.chores()
        if self.placebos is not None:
            self.placebos.measure_next()

    def start_due(self, *, wait_s: float = 0.0) -> list[str]:
        """Start the launches' transitions that are due, wait for them at most so long, and return their ids."""
        started = tick(self.desk)
        if wait_s:
            for workflow in started:
                self.desk.executor.wait(workflow, wait_s)
        if started:
            self.published()
        return list(started)

    def next_due_at(self) -> datetime | None:
        """Return when the next launch is due; None while none waits for time to pass."""
        return next_due_at(self.desk)

    def launches(self, surface: str | None = None) -> list[Document]:
        """Return a line for each launch, the newest first."""
        return [shown.launch_line(launch) for launch in self.desk.world.launches.list(surface)]

    def timings(self, surface: str | None = None, *, since: datetime | None = None) -> Document:
        """Return where the time of launches went: by step, by backend, people's waiting apart.

        Raises:
            NotFound: code `unknown_surface`.
        """
        if surface is not None:
            self._release(surface)
        return timings(self.desk.world.launches.list(surface), since=since).as_document()

    def launch(self, name: str) -> Document:
        """Return a launch by its id, or the newest of an experiment."""
        return shown.launch_document(find(self.desk, name))

    def experiments(self, surface: str | None = None) -> list[Document]:
        """Return every experiment, the newest first, as its newest launch tells it."""
        seen: dict[tuple[str, str], Launch] = {}
        for launch in self.desk.world.launches.list(surface):
            seen.setdefault((launch.surface, launch.experiment), launch)
        live = {key: self._release(key).state.experiments for key in {where for where, _ in seen}}
        return [
            shown.experiment_document(launch, live[where].get(experiment))
            for (where, experiment), launch in seen.items()
        ]

    def experiment(self, key: str) -> Document:
        """Return one experiment with its spec, its launch and the findings about it.

        Raises:
            NotFound: code `unknown_launch`.
        """
        launch = find(self.desk, key)
        state = self._release(launch.surface).state
        return {
            **shown.experiment_document(launch, state.experiments.get(launch.experiment)),
            "segments": list(readable_by(state.surface, launch.experiment, now=self.clock())),
            "spec": launch.spec,
            "plan": launch.plan,
            **({"calls": calls} if (calls := self.planning.calls(launch.plan)) else {}),
            "findings": list(launch.findings),
            "launch": shown.launch_document(launch),
        }

    def results(self, key: str, *, segment: str | None = None) -> Document:
        """Return the scorecard of an experiment, as of now or as of its decision.

        Args:
            key: Of the experiment, or its launch's id.
            segment: Attribute of the surface to read the metrics by, too; a sensitive one as policy allows.

        Raises:
            NotFound: code `unknown_launch`, `not_started` or `unknown_attribute`.
            Forbidden: code `sensitive_segment`.
        """
        launch = find(self.desk, key)
        if segment is not None:
            may_read_by(self._release(launch.surface).state.surface, segment, launch.experiment, now=self.clock())
        if launch.decision is not None and segment is None:
            kept: Document = launch.decision["scorecard"]
            document = {**kept["scorecard"], "decision": kept["decision"], "decided": True}
        else:
            card, decision = self.judge.read(launch, self.clock(), segment=segment)
            document = {**card.as_document(), "decision": decision.as_document(), "decided": False}
        return self.planning.knowing.told(document | {"false_positives": self._false_positives(launch)})

    def search_past(
        self, words: str, *, surface: str | None = None, metric: str | None = None, limit: int = 10
    ) -> Document:
        """Return past experiments nearest to `words`, and the history of `metric` when surface and metric are named.

        Raises:
            NotFound: code `unknown_surface` or `unknown_metric`.
            InvalidInput: code `bad_limit` or `nothing_to_search`.
        """
        on = (surface,) if surface is not None else self.release_store.surfaces()
        declared = {name for where in on for name in self._release(where).state.surface.metrics}
        if metric is not None and metric not in declared | self.planning.knowing.primaries(surface):
            some = ", ".join(sorted(declared)[:20]) or "none yet"
            raise NotFound("unknown_metric", f"no metric is called {metric!r}", where="metric", fix=f"one of: {some}")
        return self.planning.knowing.search(words, surface=surface, metric=metric, limit=limit)

    def results_text(self, key: str) -> str:
        """Return the scorecard of an experiment in words."""
        return scorecard_text(self.results(key))

    def placebo(self, key: str) -> Document:
        """Return the scorecard of an A/A experiment on the control units of an ended one, split by another salt.

        Raises:
            NotFound: code `unknown_launch` or `not_started`.
        """
        launch = find(self.desk, key)
        card = self.judge.placebo(launch, self.clock())
        return card.as_document()

    def set_baseline(self, surface: str, values: Mapping[str, Scalar], *, actor: str, reason: str) -> Document:
        """Give everybody who is in no experiment these values at once, and return the release that did.

        No stage shows first what they do, so the audit log says `unstaged` and the log warns; `Configuring.set_values`
        goes by stages.

        Raises:
            NotFound: code `unknown_parameter`.
            InvalidInput: A value is out of bounds.
            Conflict: code `stale_base`, when somebody else published in between.
            Forbidden: The validator or the surface's policy refuses it.
        """
        self.desk.admit(actor)
        base, now = self._release(surface), self.clock()
        change = prepare(
            base,
            (SetBaseline(values=dict(values)),),
            change_id=f"baseline:{self.desk.new_id()}",
            surface=surface,
            author=actor,
            reason=reason,
            at=now,
        )
        release = self.planning.publish(change, base, actor=actor, now=now)
        warn_unstaged(change, actor)
        self.published()
        return shown.release_line(release.note)

    def releases(self, surface: str, *, limit: int = 100) -> list[Document]:
        """Return the releases of a surface, the newest first."""
        self._release(surface)
        return [shown.release_line(note) for note in self.release_store.history(surface, limit=limit)]

    def audit(self, surface: str | None = None, *, limit: int = 100) -> list[Document]:
        """Return audit entries, the newest first."""
        subject = None if surface is None else f"surfaces/{surface}"
        return [shown.audit_line(entry) for entry in self.audit_log.entries(subject=subject, limit=limit)]

    def listeners(self, surface: str) -> list[Document]:
        """Return sample listeners of a surface, to look at its page with their eyes."""
        return self.samples.sample_units(self._release(surface).state.surface, self.clock())

    def is_simulated(self, unit: str) -> bool:
        """Return whether a unit is a simulated listener."""
        return is_simulated(unit)

    def _waited(self, launch: Launch, workflow: str, wait_s: float) -> Document:
        self.desk.executor.wait(workflow, wait_s)
        self.published()
        return shown.launch_document(self.desk.world.launches.get(launch.id))

    def _false_positives(self, launch: Launch) -> Document | None:
        if self.placebos is None:
            return None
        return self.placebos.rate(launch.surface, spec_of(launch).analysis.alpha)

    def _release(self, surface: str) -> Release:
        release = self.release_store.latest(surface)
        if release is None:
            known = ", ".join(self.release_store.surfaces()) or "none yet"
            raise NotFound(
                "unknown_surface", f"there is no surface {surface!r}", where="surface", fix=f"one of: {known}"
            )
        return release
