"""Take all backends to a goal: plan, apply and verify in order; on failure revert in reverse, or go on regardless."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from counterpoint.errors import CounterpointError, DependencyFailure
from counterpoint.orchestration.backends.protocol import Backend, Desired
from counterpoint.orchestration.launch import Receipt
from counterpoint.orchestration.ports import Outcome, Steps
from counterpoint.orchestration.world import LaunchWorld

_WAITS_S = (0.1, 0.5)


def converge(
    world: LaunchWorld, steps: Steps, desired: Callable[[], Desired], *, prefix: str, forward: bool = False
) -> Outcome:
    """Return `{"ok": True, "receipts": [...]}`, or what failed, what was reverted and what is still live.

    Each backend is two recorded steps, so a process that is killed resumes at the backend it had reached; the
    idempotency key makes an apply whose record was lost a repetition without effect.

    Args:
        desired: Returns the goal; called inside the steps, so that it is read afresh after a crash.
        prefix: Identifies this convergence; part of every idempotency key.
        forward: Go on to the other backends when one fails, and take nothing back: listeners must not go on meeting
            what is to be stopped because a backend that tells of it is down.
    """
    receipts: list[dict[str, Any]] = []
    seconds: dict[str, float] = {}
    failures: list[Outcome] = []

    def run(name: str, step: Callable[[], Outcome]) -> Outcome:
        done = steps.run(name, _timed(_patient(step, world.sleep), world.stopwatch))
        seconds[name] = done["seconds"]
        return done

    for backend in world.backends:
        done = run(f"apply {backend.name}", _apply(backend, desired, f"{prefix}:{backend.name}"))
        if done["ok"]:
            receipts.append(done["receipt"])
            done = run(f"verify {backend.name}", _verify(backend, done["receipt"]))
        if not done["ok"]:
            unsure = _unsure(backend, receipts, done["error"])
            failures.append({"ok": False, "backend": backend.name, "error": done["error"], "unsure": unsure})
            if not forward:
                break
    if not failures:
        return {"ok": True, "receipts": receipts, "seconds": seconds}
    if forward:
        return {**failures[0], "reverted": [], "still_live": [], "seconds": seconds}
    reverted = {
        receipt["backend"]: run(f"revert {receipt['backend']}", _revert(world, receipt, desired))["ok"]
        for receipt in reversed(receipts)
    }
    return {
        **failures[0],
        "reverted": [name for name, ok in reverted.items() if ok],
        "still_live": [name for name, ok in reverted.items() if not ok],
        "seconds": seconds,
    }


def _unsure(backend: Backend, receipts: Sequence[dict[str, Any]], error: dict[str, Any]) -> list[str]:
    """Return the backend that failed, unless it has a receipt or has refused: it may have done the half of it."""
    has_receipt = any(receipt["backend"] == backend.name for receipt in receipts)
    return [backend.name] if error.get("retryable") and not has_receipt else []


def _apply(backend: Backend, desired: Callable[[], Desired], key: str) -> Callable[[], Outcome]:
    def step() -> Outcome:
        want = desired()
        return {"ok": True, "receipt": msgspec.to_builtins(backend.apply(want, backend.plan(want), key))}

    return step


def _verify(backend: Backend, receipt: dict[str, Any]) -> Callable[[], Outcome]:
    def step() -> Outcome:
        differs = backend.verify(msgspec.convert(receipt, Receipt))
        if differs is None:
            return {"ok": True}
        return {"ok": False, "error": {"code": "verify_failed", "message": f"{backend.name}: {differs}."}}

    return step


def _revert(world: LaunchWorld, receipt: dict[str, Any], desired: Callable[[], Desired]) -> Callable[[], Outcome]:
    (backend,) = (each for each in world.backends if each.name == receipt["backend"])

    def step() -> Outcome:
        kept = msgspec.convert(receipt, Receipt)
        backend.revert(kept, actor=desired().actor, reason="a later backend failed", now=world.clock())
        return {"ok": True}

    return step


def _patient(step: Callable[[], Outcome], sleep: Callable[[float], None]) -> Callable[[], Outcome]:
    """Return `step` tried again while it fails in a way that may pass: under its key, what was done is found again."""

    def patient() -> Outcome:
        for wait_s in _WAITS_S:
            outcome = _caught(step)
            if outcome["ok"] or not outcome["error"].get("retryable"):
                return outcome
            sleep(wait_s)
        return _caught(step)

    return patient


def _timed(step: Callable[[], Outcome], stopwatch: Callable[[], float]) -> Callable[[], Outcome]:
    def timed() -> Outcome:
        started = stopwatch()
        outcome = step()
        return {**outcome, "seconds": round(stopwatch() - started, 4)}

    return timed


def _caught(step: Callable[[], Outcome]) -> Outcome:
    # An exception would come back from the durable store as another type; an outcome comes back as it was.
    try:
        return step()
    except CounterpointError as error:
        return {"ok": False, "error": error.as_document()}
    except Exception as error:  # a backend is somebody else's code; what came before it must be reverted
        fault = DependencyFailure("backend_broken", f"{type(error).__name__}: {error}", fix="mend the backend")
        return {"ok": False, "error": fault.as_document()}
