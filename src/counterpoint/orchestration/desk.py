"""The launch desk: what a person, a script or an agent can do with launches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from counterpoint.agents import guard_findings, is_agent
from counterpoint.errors import Forbidden, InvalidInput, NotFound
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.amending import amend, refuse_amendment
from counterpoint.orchestration.approving import add_approval, refuse, take_back
from counterpoint.orchestration.attempts import Attempts, Calls
from counterpoint.orchestration.beginning import begin
from counterpoint.orchestration.launch import Approval, Launch, LaunchState, moved
from counterpoint.orchestration.ports import Executor, Outcome, Steps, Workflow
from counterpoint.orchestration.recording import LEASE
from counterpoint.orchestration.running import look
from counterpoint.orchestration.steering import Verb, intervene
from counterpoint.orchestration.steering import refuse as refuse_verb
from counterpoint.orchestration.watch import pull_back, start, start_due, without_dead_claim
from counterpoint.orchestration.world import LaunchWorld

WORKFLOWS: Mapping[str, Callable[[LaunchWorld, Attempts, Mapping[str, Any]], Outcome]] = {
    "begin": begin,
    "look": look,
    "intervene": intervene,
    "amend": amend,
}
"""Every workflow by the name that is stored, so that never changes."""


def _anybody(actor: str) -> None:
    del actor


@dataclass(slots=True)
class LastTick:
    """When a process ticked last; None before it did."""

    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchDesk:
    """Launches and what executes them.

    Attributes:
        new_id: Returns an identifier that was never returned before.
        ticked: When this process ticked last.
        admit: Asked with the actor before anything is written; raises for those who may not write at once.
    """

    world: LaunchWorld
    executor: Executor
    new_id: Callable[[], str]
    ticked: LastTick = field(default_factory=LastTick)
    admit: Callable[[str], None]


def open_desk(
    world: LaunchWorld, executor: Executor, new_id: Callable[[], str], *, admit: Callable[[str], None] = _anybody
) -> LaunchDesk:
    """Return a desk whose workflows are registered and resume where an earlier process left them."""
    calls = Calls()
    for name, workflow in WORKFLOWS.items():
        executor.register(name, _workflow(world, calls, workflow))
    executor.launch()
    return LaunchDesk(world=world, executor=executor, new_id=new_id, admit=admit)


def _workflow(
    world: LaunchWorld, calls: Calls, workflow: Callable[[LaunchWorld, Attempts, Mapping[str, Any]], Outcome]
) -> Workflow:
    def bounded(steps: Steps, argument: Mapping[str, Any]) -> Outcome:
        attempts = Attempts(steps, world, calls, launch=argument["launch"], run=argument["run"])
        return workflow(world, attempts, argument)

    return bounded


def submit(
    desk: LaunchDesk,
    spec: ExperimentSpec,
    *,
    author: str,
    plan: dict[str, Any] | None = None,
    simulated: bool = False,
    origin: str | None = None,
    approvals: tuple[Approval, ...] = (),
) -> tuple[Launch, str]:
    """Store a launch and begin it.

    Args:
        plan: The plan that the spec was generated from, with the source of every field.
        simulated: Whether its units will be simulated ones.
        origin: Name of the folder of specs that declares it; None when somebody submits it.
        approvals: Given before it was submitted, to exactly this spec.

    Returns:
        The launch and the id of the workflow that begins it.

    Raises:
        Conflict: code `launch_exists`, when a launch of this experiment has not ended.
        Forbidden: code `agent_unguarded`, when an agent's experiment would not stop by itself on harm.
    """
    desk.admit(author)
    _refuse_unguarded(spec, author)
    now = desk.world.clock()
    launch_id = f"{spec.key}-{desk.new_id()}"
    launch = Launch(
        id=launch_id,
        surface=spec.surface,
        experiment=spec.key,
        author=author,
        hypothesis=spec.hypothesis,
        created_at=now,
        updated_at=now,
        spec=spec.model_dump(mode="json"),
        plan=plan,
        simulated=simulated,
        origin=origin,
        approvals=approvals,
        # A process that dies before it starts the workflow leaves it to whoever ticks next.
        due_at=now + LEASE,
    )
    how = "planned from its hypothesis" if plan is not None else "submitted as a spec"
    planned = moved(
        launch,
        LaunchState.PLANNED,
        transition=f"{launch_id}:planned",
        step="plan",
        at=now,
        seconds=0.0,
        reason=how,
        actor=author,
    )
    stored = desk.world.launches.create(planned)
    return stored, start(desk.executor, "begin", stored, {})


def _refuse_unguarded(spec: ExperimentSpec, author: str) -> None:
    """Refuse an agent what nothing would stop: by whichever door it comes, though parking has asked the same."""
    lacking = guard_findings(spec) if is_agent(author) else ()
    if lacking:
        raise Forbidden(
            "agent_unguarded",
            lacking[0].message,
            where=lacking[0].path,
            fix="change the spec so that it stops by itself",
            facts={"findings": [each.as_document() for each in lacking]},
        )


def approve(desk: LaunchDesk, launch_id: str, *, by: str, note: str = "") -> tuple[Launch, str]:
    """Record an approval and let the launch go on if that was the last one missing.

    Raises:
        Conflict: code `not_awaiting_approval`, `own_launch` or `already_approved`.
    """
    desk.admit(by)
    launch = add_approval(desk.world, launch_id, by=by, note=note)
    return launch, start(desk.executor, "begin", launch, {})


def withdraw(desk: LaunchDesk, launch_id: str, *, by: str, reason: str) -> Launch:
    """Take back an approval of a launch that has not begun; one that waits for its start is no longer approved.

    Raises:
        InvalidInput: code `reason_missing`.
        Conflict: code `has_begun` or `not_approved`.
    """
    desk.admit(by)
    return take_back(desk.world, launch_id, by=by, reason=reason)


def reject(desk: LaunchDesk, launch_id: str, *, by: str, reason: str) -> Launch:
    """Refuse a launch that has not begun, for good; its author may too. Its experiment may then be submitted again.

    Raises:
        InvalidInput: code `reason_missing`.
        Conflict: code `has_begun`.
    """
    desk.admit(by)
    return refuse(desk.world, launch_id, by=by, reason=reason)


def move(desk: LaunchDesk, launch_id: str, verb: str, *, actor: str, reason: str) -> tuple[Launch, str]:
    """Do to a launch what somebody says: one of `Verb`.

    Raises:
        InvalidInput: `bad_verb`; `reason_missing`, because the audit log keeps why.
        Conflict: `bad_transition`, when the launch is not in a state for it; `not_begun`; `design_ended`.
    """
    desk.admit(actor)
    try:
        said = Verb(verb)
    except ValueError:
        known = ", ".join(Verb)
        raise InvalidInput("bad_verb", f"{verb} is not done by hand", where="verb", fix=f"say {known}") from None
    if not reason.strip():
        raise InvalidInput("reason_missing", "no reason is given", where="reason", fix="say why in a few words")
    launch = without_dead_claim(desk.world, desk.executor, desk.world.launches.get(launch_id))
    refuse_verb(desk.world, launch, said)
    workflow = start(desk.executor, "intervene", launch, {"goal": str(said), "actor": actor, "reason": reason.strip()})
    return launch, workflow


def amend_text(
    desk: LaunchDesk, launch_id: str, spec: ExperimentSpec, *, actor: str, reason: str
) -> tuple[Launch, str]:
    """Put another text in the place of a running launch's, where that leaves its error rates as they are.

    Raises:
        InvalidInput: `reason_missing`.
        Conflict: `bad_transition`, `nothing_amended`, or why this cannot change any more.
        Forbidden: `amendment_unapproved`.
    """
    desk.admit(actor)
    if not reason.strip():
        raise InvalidInput("reason_missing", "no reason is given", where="reason", fix="say why in a few words")
    launch = without_dead_claim(desk.world, desk.executor, desk.world.launches.get(launch_id))
    refuse_amendment(desk.world, launch, spec, by=actor)
    said = {"spec": spec.model_dump(mode="json"), "actor": actor, "reason": reason.strip()}
    return launch, start(desk.executor, "amend", launch, said)


def tick(desk: LaunchDesk) -> tuple[str, ...]:
    """Start the transition of every launch that is due, each once however many processes tick; return their ids."""
    last, desk.ticked.at = desk.ticked.at, desk.world.clock()
    if last is None or desk.ticked.at < last:
        pull_back(desk.world)
    return start_due(desk.world, desk.executor)


def find(desk: LaunchDesk, name: str) -> Launch:
    """Return the launch with this id, or the newest of the experiment with this key.

    Raises:
        NotFound: code `unknown_launch`.
    """
    try:
        return desk.world.launches.get(name)
    except NotFound:
        pass
    for launch in desk.world.launches.list():
        if launch.experiment == name:
            return launch
    raise NotFound(
        "unknown_launch", f"there is no launch or experiment {name!r}", fix="list them with `counterpoint experiments`"
    )


def next_due_at(desk: LaunchDesk) -> datetime | None:
    """Return when the next launch is due, or None while none waits for time to pass."""
    return desk.world.launches.first_due_at()
