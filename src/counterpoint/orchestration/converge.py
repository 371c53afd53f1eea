"""Take all backends to a goal: plan, apply and verify in order; on failure revert in reverse, or go on regardless."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from counterpoint.errors import CounterpointError
from counterpoint.orchestration.attempts import Attempts, Late
from counterpoint.orchestration.backends.protocol import Backend, Desired
from counterpoint.orchestration.launch import Receipt
from counterpoint.orchestration.ports import Outcome
from counterpoint.orchestration.world import LaunchWorld
from counterpoint.telemetry import logger

_SERVES = "surface"
_TAKEN_BACK = "a later backend failed"


def converge(
    world: LaunchWorld, steps: Attempts, desired: Callable[[], Desired], *, prefix: str, forward: bool = False
) -> Outcome:
    """Return `{"ok": True, "receipts": [...]}`, or what failed, what was reverted and what is still live.

    Each backend is two recorded steps, so a process that is killed resumes at the backend it had reached; the
    idempotency key makes an apply whose record was lost a repetition without effect.

    Args:
        desired: Returns the goal; called inside the steps, so that it is read afresh after a crash.
        prefix: Identifies this convergence; part of every idempotency key.
        forward: Go on to the other backends when one fails, and take nothing back: listeners must not go on meeting
            what is to be stopped because a backend that tells of it is down. What serves them is asked first.
    """
    receipts: list[dict[str, Any]] = []
    seconds: dict[str, float] = {}
    failures: list[Outcome] = []

    def ask(verb: str, backend: Backend, step: Callable[[], Outcome], late: Late | None = None) -> Outcome:
        name = f"{verb} {backend.name}"
        done = steps.ask(name, backend.name, step, key=prefix, late=late)
        seconds[name] = done["seconds"]
        return done

    for backend in _in_order(world.backends, forward=forward):
        # A call that was given up may still end. Going forward it then did what is wanted; else it is taken back too.
        late = None if forward else _take_back(world, backend, desired)
        done = ask("apply", backend, _apply(backend, desired, f"{prefix}:{backend.name}"), late)
        if done["ok"]:
            receipts.append(done["receipt"])
            done = ask("verify", backend, _verify(backend, done["receipt"]))
        if not done["ok"]:
            unsure = _unsure(backend, receipts, done["error"])
            failures.append({"ok": False, "backend": backend.name, "error": done["error"], "unsure": unsure})
            if not forward:
                break
    if not failures:
        return {"ok": True, "receipts": receipts, "seconds": seconds}
    if forward:
        return {**failures[0], "reverted": [], "still_live": [], "why_still_live": {}, "seconds": seconds}
    by_name = {backend.name: backend for backend in world.backends}
    reverts = {
        receipt["backend"]: ask(
            "revert", by_name[receipt["backend"]], _revert(world, by_name[receipt["backend"]], receipt, desired)
        )
        for receipt in reversed(receipts)
    }
    return {
        **failures[0],
        "reverted": [name for name, done in reverts.items() if done["ok"]],
        "still_live": [name for name, done in reverts.items() if not done["ok"]],
        "why_still_live": {name: done["error"]["message"] for name, done in reverts.items() if not done["ok"]},
        "seconds": seconds,
    }


def _in_order(backends: Sequence[Backend], *, forward: bool) -> Sequence[Backend]:
    """Return the backends as they are asked: what serves listeners is the last to give and the first to take."""
    return sorted(backends, key=lambda backend: backend.name != _SERVES) if forward else backends


def _unsure(backend: Backend, receipts: Sequence[dict[str, Any]], error: dict[str, Any]) -> list[str]:
    """Return the backend that failed, unless it has a receipt or has refused: it may have done the half of it."""
    has_receipt = any(receipt["backend"] == backend.name for receipt in receipts)
    return [backend.name] if error.get("retryable") and not has_receipt else []


def _apply(backend: Backend, desired: Callable[[], Desired], key: str) -> Callable[[], Outcome]:
    def step() -> Outcome:
        want = desired()
        return {"receipt": msgspec.to_builtins(backend.apply(want, backend.plan(want), key))}

    return step


def _verify(backend: Backend, receipt: dict[str, Any]) -> Callable[[], Outcome]:
    def step() -> Outcome:
        differs = backend.verify(msgspec.convert(receipt, Receipt))
        if differs is None:
            return {}
        return {"ok": False, "error": {"code": "verify_failed", "message": f"{backend.name}: {differs}."}}

    return step


def _revert(
    world: LaunchWorld, backend: Backend, receipt: dict[str, Any], desired: Callable[[], Desired]
) -> Callable[[], Outcome]:
    def step() -> Outcome:
        kept = msgspec.convert(receipt, Receipt)
        backend.revert(kept, actor=desired().actor, reason=_TAKEN_BACK, now=world.clock())
        return {}

    return step


def _take_back(world: LaunchWorld, backend: Backend, desired: Callable[[], Desired]) -> Late:
    """Return what takes a late answer back; whether that worked is said loudly, since no workflow waits for it."""

    def late(outcome: Outcome) -> None:
        said = {"backend": backend.name, "receipt": outcome["receipt"]["idempotency_key"]}
        log = logger("orchestration")
        try:
            _revert(world, backend, outcome["receipt"], desired)()
        except CounterpointError as error:
            log.error("STILL LIVE: answered late, and could not be taken back", extra={**said, **error.as_document()})
        else:
            log.warning("answered after it was given up, and was taken back", extra=said)

    return late
