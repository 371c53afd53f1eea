"""What people do with a launch that has begun: pause, resume, hold, restart, stop, kill, archive."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from counterpoint.errors import Conflict
from counterpoint.orchestration.attempts import Attempts
from counterpoint.orchestration.backends.protocol import Desired, Goal
from counterpoint.orchestration.conclusion import archive, conclude, hold, stop_shipping
from counterpoint.orchestration.converge import converge
from counterpoint.orchestration.launch import Launch, LaunchState
from counterpoint.orchestration.moving import move_to
from counterpoint.orchestration.ports import Outcome
from counterpoint.orchestration.recording import claimed, desired, is_killed, spec_of, write
from counterpoint.orchestration.schedule import end_of
from counterpoint.orchestration.world import LaunchWorld
from counterpoint.telemetry import logger


class Verb(StrEnum):
    """What a person may say.

    PAUSE: everybody gets the baseline until it is resumed; RESUME: every unit finds the variant that it had.
    HOLD: it stops and nothing is decided; RESTART: it goes on at its stage, every unit where it was.
    STOP: it ends, is decided on what was measured, and ships or rolls back.
    KILL: the baseline for everybody at once, whatever else is going on; then it is held, or rolled back if it
        is decided already.
    ARCHIVE: it ends without a decision, and its buckets are free for others.
    """

    PAUSE = "pause"
    RESUME = "resume"
    HOLD = "hold"
    RESTART = "restart"
    STOP = "stop"
    KILL = "kill"
    ARCHIVE = "archive"


_STARTING = (LaunchState.APPROVED, LaunchState.APPLIED, LaunchState.VERIFIED)
_ENDING = (LaunchState.STOPPED, LaunchState.DECIDED, LaunchState.SHIPPING)
_BETWEEN = "held"
ALLOWED: Mapping[Verb, tuple[str, ...]] = {
    Verb.PAUSE: (LaunchState.RUNNING,),
    Verb.RESUME: (LaunchState.PAUSED,),
    Verb.HOLD: (LaunchState.RUNNING, LaunchState.PAUSED),
    Verb.RESTART: (_BETWEEN,),
    Verb.STOP: (LaunchState.RUNNING, LaunchState.PAUSED, _BETWEEN),
    Verb.KILL: (*_STARTING, LaunchState.RUNNING, LaunchState.PAUSED, *_ENDING),
    Verb.ARCHIVE: (_BETWEEN,),
}
"""In which states each may be said; a launch that is stopped and waits for a person is `held`."""
_FINAL = (Verb.STOP, Verb.KILL, Verb.ARCHIVE)
_SAID = {
    Verb.HOLD: "stopped and held",
    Verb.RESTART: "restarted",
    Verb.STOP: "stopped",
    Verb.KILL: "KILLED",
    Verb.ARCHIVE: "archived",
}
_CLAIM_EVERY_S = 0.1
_N_CLAIMS = 300


def place_of(launch: Launch) -> str:
    """Return where a launch is, as `ALLOWED` tells places apart."""
    return _BETWEEN if launch.held else str(launch.state)


def refuse(world: LaunchWorld, launch: Launch, verb: Verb) -> None:
    """Refuse what cannot be done to a launch as it is.

    Raises:
        Conflict: `bad_transition`, when its state does not allow it; `not_begun`, when it serves nobody yet;
            `design_ended`, when it has run its days and cannot be restarted.
    """
    if not _allows(launch, verb):
        places = " or ".join(ALLOWED[verb])
        raise Conflict(
            "bad_transition",
            f"a launch that is {place_of(launch)} cannot {verb}",
            where=launch.id,
            fix=f"it must be {places}",
            facts={"state": str(launch.state), "held": launch.held, "allowed": list(ALLOWED[verb])},
        )
    if verb is Verb.KILL and launch.begun_at is None:
        raise Conflict("not_begun", "it serves nobody yet", where=launch.id, fix="reject it instead")
    if verb is Verb.RESTART and launch.started_at is not None:
        end = end_of(spec_of(launch), launch.started_at)
        if world.clock() >= end:
            raise Conflict(
                "design_ended",
                f"its days ended at {end:%Y-%m-%d %H:%M} UTC",
                where=launch.id,
                fix="stop it, so that it is decided on what was measured, or archive it",
            )


def intervene(world: LaunchWorld, steps: Attempts, argument: Mapping[str, Any]) -> Outcome:
    """Do to a launch what somebody says.

    Args:
        argument: `launch`, `run`, `goal` (the verb), `actor` and `reason`.
    """
    launch_id, run, verb = argument["launch"], argument["run"], Verb(argument["goal"])
    actor, reason = argument["actor"], f"{_SAID.get(verb, verb)} by {argument['actor']}: {argument['reason']}"
    if verb is Verb.KILL:
        heard = steps.run("hear kill", lambda: _hear(world, launch_id, actor, reason))
        if heard["at_once"]:
            # Whoever moves it now may take long: what serves the treatment is told first, and all of it again below.
            converge(
                world,
                steps,
                lambda: _at_once(world, launch_id, reason=reason, actor=actor),
                prefix=f"{run}:at once",
                forward=True,
            )
    held = steps.run("claim", lambda: _take(world, launch_id, run, verb))
    if not held["go"]:
        return held
    return carry_out(world, steps, launch_id, run, verb, place=held["place"], actor=actor, reason=reason)


def carry_out(
    world: LaunchWorld,
    steps: Attempts,
    launch_id: str,
    run: str,
    verb: Verb,
    *,
    place: str,
    actor: str,
    reason: str,
) -> Outcome:
    """Take a launch that is claimed where a verb says.

    Args:
        place: Where it was when it was claimed.
        reason: What the record says, by whom included.
    """
    match verb:
        case Verb.STOP:
            return conclude(world, steps, launch_id, run, reason=reason, actor=actor)
        case Verb.HOLD:
            return hold(world, steps, launch_id, run, Goal.STOP, reason=reason, actor=actor)
        case Verb.KILL if place in (LaunchState.DECIDED, LaunchState.SHIPPING):
            # It is on its way to an end, which is not to be shipped; what of it has shipped already is taken back.
            return stop_shipping(world, steps, launch_id, run, reason=reason, actor=actor)
        case Verb.KILL:
            return hold(world, steps, launch_id, run, Goal.KILL, reason=reason, actor=actor)
        case Verb.ARCHIVE:
            return archive(world, steps, launch_id, run, reason=reason, actor=actor)
        case _:
            return move_to(world, steps, launch_id, run, Goal(str(verb)), actor=actor, reason=reason)


def _hear(world: LaunchWorld, launch_id: str, actor: str, reason: str) -> Outcome:
    """Note a kill on the launch, so that nothing serves a treatment from now on; it asks for no claim."""
    now = world.clock()
    logger("orchestration").warning("KILL SWITCH", extra={"launch": launch_id, "actor": actor, "reason": reason})

    def change(launch: Launch) -> Launch:
        if not _allows(launch, Verb.KILL) or launch.begun_at is None:
            return launch
        wish = {"verb": str(Verb.KILL), "actor": actor, "reason": reason}
        return msgspec.structs.replace(launch, wish=wish, updated_at=now)

    launch = write(world, launch_id, change)
    # What begins is not live everywhere yet: it is let through and taken back, or its own failure reverts it.
    return {"at_once": launch.claim is not None and launch.state not in _STARTING}


def _at_once(world: LaunchWorld, launch_id: str, *, reason: str, actor: str) -> Desired:
    """Return what a kill wants of the backends before it has the launch: where the launch will be, carried out.

    Raises:
        Conflict: code `carried_out`, when a look was faster: what has come after that is not to be touched.
    """
    launch = world.launches.get(launch_id)
    if not is_killed(launch):
        raise Conflict("carried_out", "the kill is carried out already", where=launch_id)
    goal = Goal.KILL if launch.decision is None else Goal.ROLL_BACK
    return desired(world, launch_id, goal, reason=reason, actor=actor)


def _take(world: LaunchWorld, launch_id: str, run: str, verb: Verb) -> Outcome:
    """Claim a launch for a person's wish; a look that has it ends soon, so it is waited for."""

    def change(launch: Launch) -> Launch:
        return claimed(world, launch, run) if _may(launch, verb) else launch

    for _ in range(_N_CLAIMS):
        launch = write(world, launch_id, change)
        if launch.claim == run:
            return {"go": True, "place": place_of(launch)}
        if not _may(launch, verb):
            now_is = place_of(launch) if not _allows(launch, verb) else "being stopped"
            return {"go": False, "state": str(launch.state), "reason": f"a launch that is {now_is} cannot {verb}"}
        world.sleep(_CLAIM_EVERY_S)
    raise Conflict(
        "launch_busy", "another run is moving it and does not end", where=launch_id, fix="say it again in a minute"
    )


def _allows(launch: Launch, verb: Verb) -> bool:
    # What is held and moved is on its way back to its treatments: a restart records that last.
    returns = launch.held and (launch.claim is not None or is_killed(launch))
    return place_of(launch) in ALLOWED[verb] or (verb is Verb.KILL and returns)


def _may(launch: Launch, verb: Verb) -> bool:
    ends = launch.wish is not None and wished(launch) in _FINAL
    return _allows(launch, verb) and (verb in _FINAL or not ends)


def wished(launch: Launch) -> Verb | None:
    """Return what somebody said that is carried out in part only, or None."""
    if launch.wish is None:
        return None
    # What was stored before there were verbs says `goal`.
    return Verb(launch.wish.get("verb") or launch.wish["goal"])
