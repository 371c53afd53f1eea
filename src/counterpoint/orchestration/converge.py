"""Take all backends to a goal: plan, apply and verify in order; on failure revert in reverse what was applied."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from counterpoint.errors import CounterpointError, DependencyFailure
from counterpoint.orchestration.backends.protocol import Backend, Desired
from counterpoint.orchestration.launch import Receipt
from counterpoint.orchestration.ports import Clock, Outcome, Steps

_WAITS_S = (0.1, 0.5)


def converge(
    steps: Steps,
    backends: Sequence[Backend],
    desired: Callable[[], Desired],
    *,
    prefix: str,
    clock: Clock,
    stopwatch: Callable[[], float],
    sleep: Callable[[float], None],
) -> Outcome:
    """Return `{"ok": True, "receipts": [...]}`, or what failed, what was reverted and what is still live.

    Each backend is two recorded steps, so a process that is killed resumes at the backend it had reached; the
    idempotency key makes an apply whose record was lost a repetition without effect.

    Args:
        desired: Returns the goal; called inside the steps, so that it is read afresh after a crash.
        prefix: Identifies this convergence; part of every idempotency key.
        stopwatch: Seconds of a monotonic clock.
    """
    receipts: list[dict[str, Any]] = []
    seconds: dict[str, float] = {}

    def run(name: str, step: Callable[[], Outcome]) -> Outcome:
        done = steps.run(name, _timed(step, stopwatch))
        seconds[name] = done["seconds"]
        return done

    for backend in backends:
        apply = _apply(backend, desired, f"{prefix}:{backend.name}")
        done = run(f"apply {backend.name}", _patient(apply, sleep))
        if done["ok"]:
            receipts.append(done["receipt"])
            done = run(f"verify {backend.name}", _patient(_verify(backend, done["receipt"]), sleep))
        if not done["ok"]:
            reverted = [
                {
                    **run(f"revert {receipt['backend']}", _patient(_revert(backends, receipt, desired, clock), sleep)),
                    "backend": receipt["backend"],
                }
                for receipt in reversed(receipts)
            ]
            return {
                "ok": False,
                "backend": backend.name,
                "error": done["error"],
                "reverted": [each["backend"] for each in reverted if each["ok"]],
                "still_live": [each["backend"] for each in reverted if not each["ok"]],
                "unsure": _unsure(backend, receipts, done["error"]),
                "seconds": seconds,
            }
    return {"ok": True, "receipts": receipts, "seconds": seconds}


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


def _revert(
    backends: Sequence[Backend], receipt: dict[str, Any], desired: Callable[[], Desired], clock: Clock
) -> Callable[[], Outcome]:
    (backend,) = (each for each in backends if each.name == receipt["backend"])

    def step() -> Outcome:
        kept = msgspec.convert(receipt, Receipt)
        backend.revert(kept, actor=desired().actor, reason="a later backend failed", now=clock())
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
