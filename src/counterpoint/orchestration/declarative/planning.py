"""Compare a declared state with what is: what to launch, replace or stop, and what is left as somebody made it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from counterpoint.errors import CounterpointError
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.amending import AMENDABLE, amendment_problems, unapproved
from counterpoint.orchestration.backends.protocol import Backend, Desired, Diff, Goal
from counterpoint.orchestration.declarative.comparing import differences
from counterpoint.orchestration.declarative.items import (
    DROPPED,
    REPLACED,
    Act,
    Declared,
    Head,
    Item,
    StatePlan,
    Unreadable,
)
from counterpoint.orchestration.desk import LaunchDesk
from counterpoint.orchestration.launch import ENDED, PLATFORM, Launch, LaunchState
from counterpoint.orchestration.recording import spec_of
from counterpoint.orchestration.world import LaunchWorld
from counterpoint.vocabulary import Finding, Severity

Validate = Callable[[ExperimentSpec, datetime], tuple[Finding, ...]]

NOT_BEGUN = (LaunchState.SUBMITTED, LaunchState.PLANNED, LaunchState.VALIDATED, LaunchState.APPROVED)
NEVER_LIVE = (LaunchState.REFUSED, LaunchState.FAILED)
LIVE = (LaunchState.RUNNING, LaunchState.PAUSED)


def plan_state(
    desk: LaunchDesk,
    declared: Sequence[Declared],
    *,
    source: str,
    author: str,
    head_of: Callable[[str], Head],
    unreadable: Sequence[Unreadable] = (),
    surfaces: Iterable[str] = (),
    prune: bool = False,
    validate: Validate | None = None,
) -> StatePlan:
    """Return what has to be done for the platform to be as declared; changes nothing.

    Args:
        source: Name of the folder; of what is there and not declared, only what this folder launched is ever stopped.
        author: Who would launch.
        head_of: Returns the release that is live on a surface.
        unreadable: Documents of the folder that are no specs; while there are any nothing is stopped, because one of
            them may name what seems to be gone.
        surfaces: Further surfaces on which undeclared experiments are looked for.
        prune: Stop what this folder launched and no longer names.
        validate: The validator for all of them; the desk's own, which looks at the world anew for each, when None.

    Raises:
        NotFound: Code `unknown_surface`.
    """
    world = desk.world if validate is None else replace(desk.world, validate=validate)
    concerned = tuple(dict.fromkeys((*(each.spec.surface for each in declared), *surfaces)))
    heads = {surface: head_of(surface) for surface in concerned}
    present = present_launches(world.launches.list())
    items = [_declared_item(world, each, present, author) for each in declared]
    named = {(each.spec.surface, each.spec.key) for each in declared}
    may_stop = prune and not unreadable
    for place, launch in sorted(present.items()):
        if launch.surface in heads and place not in named and launch.state not in ENDED:
            items.append(_unnamed_item(world, launch, source, may_stop=may_stop))
    return StatePlan(
        source=source,
        made_at=world.clock(),
        heads=heads,
        items=tuple(items),
        declared=tuple(declared),
        unreadable=tuple(unreadable),
        prune=prune,
    )


def present_launches(launches: Iterable[Launch]) -> dict[tuple[str, str], Launch]:
    """Return the launch that counts of each experiment: the newest that went on, else the newest that was refused.

    Args:
        launches: Newest first.
    """
    chosen: dict[tuple[str, str], Launch] = {}
    for launch in launches:
        place = (launch.surface, launch.experiment)
        kept = chosen.get(place)
        if kept is None or (kept.state in NEVER_LIVE and launch.state not in NEVER_LIVE):
            chosen[place] = launch
    return chosen


def _declared_item(world: LaunchWorld, declared: Declared, present: dict[tuple[str, str], Launch], author: str) -> Item:
    spec = declared.spec
    launch = present.get((spec.surface, spec.key))
    if launch is None:
        return _launching(world, declared, None, author, Act.LAUNCH)
    changes = differences(spec_of(launch), spec)
    if launch.state is LaunchState.FAILED:
        return _launching(world, declared, launch, author, Act.LAUNCH, "its last launch failed: it is tried again")
    if launch.state is LaunchState.REFUSED:
        return _refused(world, declared, launch, author, changed=bool(changes))
    if not changes:
        return _kept(world, declared, launch)
    if launch.state in NOT_BEGUN and launch.begun_at is None:
        why = "it has not begun: its launch is taken back and the new text launched; approvals of the old one are void"
        return _launching(world, declared, launch, author, Act.REPLACE, why)
    if launch.state in AMENDABLE:
        return _amending(world, declared, launch, author)
    verb = "has ended" if launch.state in ENDED else f"is {launch.state}"
    return Item(
        surface=spec.surface,
        experiment=spec.key,
        act=Act.BLOCKED,
        file=declared.file,
        changes=changes,
        reasons=(f"it {verb} and cannot be changed in place: declare the new text under a new key",),
        drift=_drift(world, launch),
        launch=launch.id,
        state=str(launch.state),
    )


def _amending(world: LaunchWorld, declared: Declared, launch: Launch, author: str) -> Item:
    """Return what becomes of a text that changed under a running experiment: amended where that is safe, or blocked."""
    spec = declared.spec
    problems = amendment_problems(world, launch, spec)
    missing = "" if problems else unapproved(world, launch, spec, by=author)
    reasons = (
        "it has begun and cannot be changed so: declare the new text under a new key",
        *(each.message for each in problems),
    )
    if missing:
        reasons = (f"it would expose more than was approved: {missing}; amend it as somebody else, or by a new key",)
    blocked = bool(problems or missing)
    diffs: tuple[Diff, ...] = ()
    unasked: dict[str, str] = {}
    if not blocked:
        wanted = _wanted(world, spec, author, Goal.AMEND, stage=launch.stage, launch=launch.id)
        diffs, unasked = asked(world.backends, wanted)
    return Item(
        surface=spec.surface,
        experiment=spec.key,
        act=Act.BLOCKED if blocked else Act.AMEND,
        file=declared.file,
        changes=differences(spec_of(launch), spec),
        reasons=reasons if blocked else ("it runs, and what is registered allows this",),
        diffs=diffs,
        unasked=unasked,
        drift=_drift(world, launch),
        launch=launch.id,
        state=str(launch.state),
    )


def _launching(
    world: LaunchWorld, declared: Declared, launch: Launch | None, author: str, act: Act, *reasons: str
) -> Item:
    spec, now = declared.spec, world.clock()
    findings = world.validate(spec, now)
    refused = any(finding.severity is Severity.ERROR for finding in findings)
    diffs, unasked = asked(world.backends, _wanted(world, spec, author, Goal.START, stage=0))
    replaced = launch if act is Act.REPLACE else None
    return Item(
        surface=spec.surface,
        experiment=spec.key,
        act=Act.INVALID if refused else act,
        file=declared.file,
        reasons=("the validator refuses it",) if refused else reasons,
        changes=differences(None if replaced is None else spec_of(replaced), spec),
        diffs=diffs,
        unasked=unasked,
        findings=findings,
        approvals_needed=world.approvals_needed(spec),
        launch=None if launch is None else launch.id,
        state=None if launch is None else str(launch.state),
    )


def _refused(world: LaunchWorld, declared: Declared, launch: Launch, author: str, *, changed: bool) -> Item:
    last = launch.timeline[-1]
    if changed or last.step == "validate" or last.reason.endswith((REPLACED, DROPPED)):
        return _launching(world, declared, launch, author, Act.LAUNCH, "its last launch was refused")
    return Item(
        surface=launch.surface,
        experiment=launch.experiment,
        act=Act.BLOCKED,
        file=declared.file,
        reasons=(f"{last.reason}: change the spec, or launch it by hand; a folder does not overrule a person",),
        launch=launch.id,
        state=str(launch.state),
    )


def _kept(world: LaunchWorld, declared: Declared, launch: Launch) -> Item:
    reasons: tuple[str, ...] = ()
    needed = 0
    if launch.state in NOT_BEGUN:
        needed = world.approvals_needed(declared.spec) if launch.state is LaunchState.VALIDATED else 0
        waits = "its approval" if needed else "its start"
        reasons = (f"launched, and waits for {waits}",)
    elif launch.state in ENDED:
        reasons = (f"it ran and was {str(launch.state).replace('_', ' ')}",)
    return Item(
        surface=launch.surface,
        experiment=launch.experiment,
        act=Act.KEEP,
        file=declared.file,
        reasons=reasons,
        drift=_drift(world, launch),
        approvals_needed=needed,
        launch=launch.id,
        state=str(launch.state),
    )


def _unnamed_item(world: LaunchWorld, launch: Launch, source: str, *, may_stop: bool) -> Item:
    ours = launch.origin == source
    stoppable = launch.state in (*NOT_BEGUN, *LIVE) or launch.held
    stops = may_stop and ours and stoppable
    diffs: tuple[Diff, ...] = ()
    unasked: dict[str, str] = {}
    if stops:
        reason = f"{source} {DROPPED}"
        if launch.state not in NOT_BEGUN:
            wanted = _wanted(world, spec_of(launch), launch.author, Goal.STOP, stage=launch.stage)
            diffs, unasked = asked(world.backends, wanted)
    elif not ours:
        by = f"declared by {launch.origin}" if launch.origin else f"launched by {launch.author}"
        reason = f"not declared here ({by}): left alone"
    elif not stoppable:
        reason = f"{source} {DROPPED}; it is {launch.state}: sync again when that has passed"
    else:
        reason = f"{source} {DROPPED}: `--prune` stops it, once every file can be read"
    return Item(
        surface=launch.surface,
        experiment=launch.experiment,
        act=Act.STOP if stops else Act.UNNAMED,
        reasons=(reason,),
        diffs=diffs,
        unasked=unasked,
        launch=launch.id,
        state=str(launch.state),
    )


def _drift(world: LaunchWorld, launch: Launch) -> tuple[str, ...]:
    """Return what somebody did by hand since it was launched; it is reported and left, because somebody meant it."""
    found = []
    if launch.state is LaunchState.PAUSED:
        found.append(f"paused: {launch.timeline[-1].reason}")
    stopped = next((entry for entry in reversed(launch.timeline) if entry.state == LaunchState.STOPPED), None)
    if stopped is not None and stopped.actor != PLATFORM and launch.state is not LaunchState.RUNNING:
        found.append(stopped.reason)
    goal = _standing(launch)
    if goal is not None:
        wanted = _wanted(world, spec_of(launch), PLATFORM, goal, stage=launch.stage, launch=launch.id)
        diffs, _ = asked(world.backends, wanted)
        found += [
            f"{diff.backend}: {edit.path} is {edit.before or 'not there'}, the launch says {edit.after}"
            for diff in diffs
            for edit in diff.edits
        ]
    return tuple(found)


def _standing(launch: Launch) -> Goal | None:
    """Return the goal that has been reached and lasts, by which every backend can say whether it still is as it was."""
    if launch.held:
        return Goal.STOP
    return {LaunchState.RUNNING: Goal.STAGE, LaunchState.PAUSED: Goal.PAUSE}.get(launch.state)


def asked(backends: Iterable[Backend], wanted: Desired) -> tuple[tuple[Diff, ...], dict[str, str]]:
    """Return what each backend would change, and which could not be asked with why: a plan is made without them."""
    diffs, unasked = [], {}
    for backend in backends:
        try:
            diffs.append(backend.plan(wanted))
        except CounterpointError as error:
            unasked[backend.name] = error.sentence
    return tuple(diffs), unasked


def _wanted(
    world: LaunchWorld, spec: ExperimentSpec, actor: str, goal: Goal, *, stage: int, launch: str | None = None
) -> Desired:
    return Desired(
        launch_id=launch or f"{spec.key}-planned",
        spec=spec,
        goal=goal,
        stage=stage,
        actor=actor,
        reason="planned",
        now=world.clock(),
    )
