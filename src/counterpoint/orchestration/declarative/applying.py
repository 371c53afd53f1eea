"""Carry out a plan: each launch, replacement and stop through the same durable workflow as anybody's."""

from dataclasses import dataclass
from typing import Any

from counterpoint.errors import Conflict, CounterpointError, DependencyFailure
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.beginning import BEGINNING
from counterpoint.orchestration.declarative.items import CHANGES, DROPPED, EXPERIMENT, REPLACED, Act, Item, StatePlan
from counterpoint.orchestration.declarative.planning import NOT_BEGUN
from counterpoint.orchestration.desk import LaunchDesk, amend_text, move, reject, submit
from counterpoint.orchestration.launch import Launch, LaunchState
from counterpoint.orchestration.steering import Verb
from counterpoint.orchestration.watch import start

# What these say somebody else has done meanwhile; a plan made now sees it and goes on from there.
_OVERTAKEN = ("launch_exists", "has_begun", "bad_transition", "nothing_amended", "stage_is_past")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one item of a plan.

    Attributes:
        launch: The launch as it stands now.
        problem: Why it could not be done; None when it was begun.
    """

    item: Item
    launch: Launch | None
    problem: dict[str, Any] | None = None

    @property
    def ended_badly(self) -> bool:
        """Whether somebody has to look."""
        bad = (LaunchState.REFUSED, LaunchState.FAILED)
        return self.problem is not None or (
            self.item.act is not Act.STOP and self.launch is not None and self.launch.state in bad
        )

    def as_document(self) -> dict[str, Any]:
        """Return the outcome, JSON-compatible."""
        launch = self.launch
        return {
            "surface": self.item.surface,
            "experiment": self.item.experiment,
            "kind": self.item.kind,
            "act": str(self.item.act),
            "launch": None if launch is None else launch.id,
            "state": None if launch is None else str(launch.state),
            "reason": launch.timeline[-1].reason if launch is not None and launch.timeline else None,
            "problem": self.problem,
        }


def apply_plan(desk: LaunchDesk, plan: StatePlan, *, actor: str, wait_s: float) -> tuple[Done, ...]:
    """Begin every experiment that the plan changes, wait at most so long altogether, and return what came of it.

    A process that is killed meanwhile leaves what it has begun to its workflows; the next call takes them up, waits for
    them, and does the rest.

    Args:
        actor: Who launches and stops.
        wait_s: Seconds to wait for all workflows together.
    """
    specs = {(each.spec.surface, each.spec.key): each.spec for each in plan.declared}
    begun: list[tuple[Item, str | None, str | None, dict[str, Any] | None]] = []
    for item in plan.items:
        if item.act in CHANGES and item.kind == EXPERIMENT:
            spec = specs.get((item.surface, item.experiment))
            try:
                launch_id, workflow = _begin(desk, item, spec, source=plan.source, actor=actor)
                begun.append((item, launch_id, workflow, None))
            except CounterpointError as error:
                begun.append((item, item.launch, None, _problem(error)))
    begun += _resumed(desk, plan)
    started = desk.world.stopwatch()
    for _, _, workflow, _ in begun:
        if workflow is not None:
            _wait(desk, workflow, wait_s - (desk.world.stopwatch() - started))
    return tuple(
        Done(item=item, launch=None if name is None else desk.world.launches.get(name), problem=problem)
        for item, name, _, problem in begun
    )


def _resumed(desk: LaunchDesk, plan: StatePlan) -> list[tuple[Item, str | None, str | None, dict[str, Any] | None]]:
    """Return this folder's launches that a process left half-way, their workflows under way again."""
    taken_up: list[tuple[Item, str | None, str | None, dict[str, Any] | None]] = []
    for item in plan.items:
        if item.act is not Act.KEEP or item.kind != EXPERIMENT or item.launch is None:
            continue
        launch = desk.world.launches.get(item.launch)
        if launch.origin != plan.source or launch.state not in BEGINNING:
            continue
        if launch.claim is not None:
            taken_up.append((item, launch.id, launch.claim, None))
        elif launch.state is LaunchState.PLANNED:
            # Stored, and its process died before it started the workflow; started twice it is the same run.
            taken_up.append((item, launch.id, start(desk.executor, "begin", launch, {}), None))
    return taken_up


def _begin(
    desk: LaunchDesk, item: Item, spec: ExperimentSpec | None, *, source: str, actor: str
) -> tuple[str, str | None]:
    if item.act is Act.STOP:
        return _stop(desk, item, source=source, actor=actor)
    if spec is None:
        raise Conflict("not_declared", "no spec declares it", where=item.experiment, fix="plan again")
    if item.act is Act.AMEND and item.launch is not None:
        launch, workflow = amend_text(desk, item.launch, spec, actor=actor, reason=f"{source} {REPLACED}")
        return launch.id, workflow
    if item.act is Act.REPLACE and item.launch is not None:
        # A process that dies here leaves a refused launch of the old text, which the next plan launches anew.
        reject(desk, item.launch, by=actor, reason=f"{source} {REPLACED}")
    launch, workflow = submit(desk, spec, author=actor, origin=source)
    return launch.id, workflow


def _stop(desk: LaunchDesk, item: Item, *, source: str, actor: str) -> tuple[str, str | None]:
    launch = desk.world.launches.get(item.launch or "")
    reason = f"{source} {DROPPED}"
    if launch.state in NOT_BEGUN:
        return reject(desk, launch.id, by=actor, reason=reason).id, None
    moved, workflow = move(desk, launch.id, Verb.STOP, actor=actor, reason=reason)
    return moved.id, workflow


def _wait(desk: LaunchDesk, workflow: str, wait_s: float) -> None:
    try:
        desk.executor.wait(workflow, max(0.01, wait_s))
    except DependencyFailure:
        # It goes on by itself, or has failed: the launch says which.
        return


def _problem(error: CounterpointError) -> dict[str, Any]:
    document = error.as_document()
    if error.code in _OVERTAKEN:
        document = {**document, "fix": "somebody was faster: sync or plan again"}
    return document
