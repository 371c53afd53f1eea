"""Fakes of orchestration's ports: a launch store, an executor that can be killed, backends that keep count."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import msgspec

from counterpoint.errors import Conflict, CounterpointError, DependencyFailure, NotFound
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import (
    ENDED,
    STEPS,
    Desired,
    Diff,
    Edit,
    Inspection,
    Launch,
    LaunchState,
    LaunchWorld,
    Learning,
    Outcome,
    Progress,
    Receipt,
    StagedShip,
    StepPolicy,
    Verdict,
    Workflow,
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class MemoryLaunches:
    def __init__(self) -> None:
        self.rows: dict[str, Launch] = {}
        self._one_at_a_time = Lock()

    def create(self, launch: Launch) -> Launch:
        place = (launch.surface, launch.experiment)
        with self._one_at_a_time:
            live = {(each.surface, each.experiment) for each in self.rows.values() if each.state not in ENDED}
            if launch.id in self.rows or place in live:
                raise Conflict("launch_exists", "exists", where=launch.id)
            self.rows[launch.id] = launch
        return launch

    def get(self, launch_id: str) -> Launch:
        if launch_id not in self.rows:
            raise NotFound("unknown_launch", "no such launch", where=launch_id)
        return self.rows[launch_id]

    def put(self, launch: Launch) -> Launch:
        with self._one_at_a_time:
            if self.get(launch.id).version != launch.version:
                raise Conflict("stale_write", "changed since it was read", where=launch.id)
            self.rows[launch.id] = msgspec.structs.replace(launch, version=launch.version + 1)
            return self.rows[launch.id]

    def list(self, surface: str | None = None) -> tuple[Launch, ...]:
        rows = [launch for launch in self.rows.values() if surface in (None, launch.surface)]
        return tuple(sorted(rows, key=lambda launch: launch.created_at, reverse=True))

    def ids_in(self, states: Collection[LaunchState]) -> tuple[str, ...]:
        return tuple(sorted(launch.id for launch in self.rows.values() if launch.state in states))

    def first_due_at(self) -> datetime | None:
        return min((each.due_at for each in self.rows.values() if each.due_at is not None), default=None)

    def due(self, now: datetime) -> tuple[Launch, ...]:
        rows = [launch for launch in self.rows.values() if launch.due_at is not None and launch.due_at <= now]
        return tuple(sorted(rows, key=lambda launch: launch.due_at or now))


class Killed(BaseException):
    """The process was killed; BaseException, because nobody may catch it."""


class KillableExecutor:
    """Runs a workflow at once, records its steps, and can be killed around any of them.

    Args:
        kill_at: Which step of all those executed to be killed at; None for never.
        before_record: Killed after the step's effect and before it is recorded, else before the effect.
    """

    def __init__(self, kill_at: int | None = None, *, before_record: bool = False) -> None:
        self.kill_at = kill_at
        self.before_record = before_record
        self.n_steps = 0
        self.names: set[str] = set()
        self.workflows: dict[str, Workflow] = {}
        self.started: dict[str, tuple[str, dict[str, Any]]] = {}
        self.records: dict[tuple[str, int], Outcome] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.failures: dict[str, str] = {}

    def register(self, name: str, workflow: Workflow) -> None:
        self.workflows[name] = workflow

    def launch(self) -> None:
        for workflow_id in list(self.started):
            if self.progress(workflow_id) is Progress.RUNNING:
                self._run(workflow_id)

    def start(self, name: str, workflow_id: str, argument: Mapping[str, Any]) -> None:
        if workflow_id not in self.started:
            self.started[workflow_id] = (name, dict(argument))
            self._run(workflow_id)

    def wait(self, workflow_id: str, timeout_s: float) -> Outcome:
        if workflow_id in self.failures:
            raise DependencyFailure("workflow_failed", self.failures[workflow_id], where=workflow_id)
        if workflow_id not in self.outcomes:
            raise DependencyFailure("workflow_timeout", "it has not ended", where=workflow_id)
        return self.outcomes[workflow_id]

    def progress(self, workflow_id: str) -> Progress:
        if workflow_id in self.failures:
            return Progress.FAILED
        if workflow_id in self.outcomes:
            return Progress.DONE
        return Progress.RUNNING if workflow_id in self.started else Progress.UNKNOWN

    def rescue(self, workflow_id: str) -> None:
        """Leave it: the fake has no processes that could die."""

    def close(self) -> None:
        pass

    def _run(self, workflow_id: str) -> None:
        name, argument = self.started[workflow_id]
        try:
            self.outcomes[workflow_id] = self.workflows[name](_Recorder(self, workflow_id), argument)
        except Exception as error:  # whatever a workflow ends with is kept, as the real one does
            self.failures[workflow_id] = str(error)


class _Recorder:
    def __init__(self, executor: KillableExecutor, workflow_id: str) -> None:
        self._executor, self._workflow_id, self._n = executor, workflow_id, 0

    def run(self, name: str, step: Callable[[], Outcome]) -> Outcome:
        executor, place = self._executor, (self._workflow_id, self._n)
        self._n += 1
        executor.names.add(name)
        if place not in executor.records:
            executor.n_steps += 1
            if executor.n_steps == executor.kill_at and not executor.before_record:
                raise Killed
            outcome = step()
            if executor.n_steps == executor.kill_at:
                raise Killed
            # As the real store does: what comes back is JSON, not the object that went in.
            executor.records[place] = msgspec.json.decode(msgspec.json.encode(outcome))
        return executor.records[place]


class CountingBackend:
    """A backend that holds one value per experiment and counts what was really changed."""

    def __init__(self, name: str, *, fail_on: str | None = None, fail_revert: bool = False) -> None:
        self._name = name
        self.fail_on, self.fail_revert = fail_on, fail_revert
        self.state: dict[str, str] = {}
        self.by_key: dict[str, tuple[str | None, str]] = {}
        self.reverted: set[str] = set()
        self.n_lost_answers = 0
        self.n_effects = 0

    @property
    def name(self) -> str:
        return self._name

    def plan(self, desired: Desired) -> Diff:
        before, after = self.state.get(desired.spec.key), f"{desired.goal}:{desired.stage}:{desired.variant}"
        edits = () if before == after else (Edit(path=desired.spec.key, before=before, after=after),)
        return Diff(backend=self.name, edits=edits)

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        if self.fail_on == desired.goal:
            raise DependencyFailure("backend_down", f"{self.name} is down")
        if idempotency_key not in self.by_key and idempotency_key not in self.reverted:
            for edit in diff.edits:
                self.by_key[idempotency_key] = (edit.before, edit.after)
                self.state[edit.path] = edit.after
                self.n_effects += 1
        if self.n_lost_answers > 0:
            self.n_lost_answers -= 1
            raise DependencyFailure("timed_out", f"{self.name} did not answer")
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail={"experiment": desired.spec.key})

    def verify(self, receipt: Receipt) -> str | None:
        return None if receipt.detail["experiment"] in self.state else "it is not there"

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        if self.fail_revert:
            raise DependencyFailure("backend_down", f"{self.name} is down")
        if receipt.idempotency_key not in self.by_key:
            return
        before, _ = self.by_key.pop(receipt.idempotency_key, (None, ""))
        self.reverted.add(receipt.idempotency_key)
        if before is None:
            self.state.pop(receipt.detail["experiment"], None)
        else:
            self.state[receipt.detail["experiment"]] = before


class Present:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def spec_document(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "key": "podcasts-second",
        "surface": "home",
        "owner": "podcasts",
        "hypothesis": "Podcasts in second place raise podcast minutes.",
        "allocation": 0.1,
        "variants": [{"key": "control"}, {"key": "treatment", "set": {"podcasts.shelf_position": 2}}],
        "metrics": {"primary": {"metric": "podcast_minutes_7d", "direction": "increase", "mde": 0.02}},
        "schedule": {"days": 14, "ramp": [{"share": 0.01, "hours": 4}, {"share": 0.05, "hours": 24}]},
    }
    return ExperimentSpec.model_validate({**document, **changes}).model_dump(mode="json")


def hurried(timeout_s: float) -> dict[str, StepPolicy]:
    """Return the policies of all steps, with a timeout that tests can wait for."""
    return {name: dataclasses.replace(policy, timeout_s=timeout_s) for name, policy in STEPS.items()}


class FakeWorld:
    """A LaunchWorld whose every answer can be set, and what it learnt."""

    def __init__(self, *backends: CountingBackend) -> None:
        self.launches = MemoryLaunches()
        self.backends = backends or (CountingBackend("metrics"), CountingBackend("surface"))
        self.clock = Present()
        self.findings: tuple[Any, ...] = ()
        self.inspection = Inspection(budget_open=True)
        self.verdict = Verdict(
            ship="treatment", reasons=("superior on podcast_minutes_7d: ship",), scorecard={"digest": "d"}
        )
        self.n_approvals = 0
        self.ship: StagedShip | None = None
        self.owners: tuple[str, ...] = ()
        self.learnings: dict[str, Learning] = {}
        self.error: CounterpointError | None = None
        self.steps = STEPS

    def build(self) -> LaunchWorld:
        def learn(learning: Learning) -> None:
            self.learnings[learning.experiment] = learning

        return LaunchWorld(
            launches=self.launches,
            backends=self.backends,
            validate=lambda spec, now: self.findings,
            inspect=lambda launch, now: self.inspection,
            decide=lambda launch, now: self.verdict,
            approvals_needed=lambda spec: self.n_approvals,
            owners=lambda spec: self.owners,
            ship=self.ship,
            learn=learn,
            clock=self.clock,
            stopwatch=lambda: 0.0,
            sleep=lambda seconds: None,
            steps=self.steps,
        )
