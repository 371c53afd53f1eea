"""The signed webhook: the four verbs of a backend as calls to somebody's own server, tried again within a budget."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from counterpoint.errors import Conflict, DependencyFailure, Forbidden, InvalidInput
from counterpoint.experiments import spec_document
from counterpoint.orchestration.backends.calls import down, parsed_answer
from counterpoint.orchestration.backends.protocol import Desired, Diff, Edit
from counterpoint.orchestration.backends.signing import HEADER, signature
from counterpoint.orchestration.launch import Receipt

_FIRST_WAIT_S = 0.2
_WAIT_ANYWAY = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call is tried again.

    Attributes:
        budget_s: Seconds that one call may take with everything tried again; a step's patience begins after it.
        sleep: Waits so many seconds.
        stopwatch: Seconds of a monotonic clock.
    """

    budget_s: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    stopwatch: Callable[[], float] = time.monotonic


class WebhookBackend:
    """A backend that somebody else runs behind one address.

    Args:
        name: Stored with every receipt, so it never changes.
        key: Secret that calls are signed with.
        surfaces: The surfaces that it is told of; None for all.
        clock: The present: each attempt is signed anew, or a patient one would leave the replay window.
    """

    def __init__(
        self,
        name: str,
        client: httpx.Client,
        url: str,
        key: bytes,
        *,
        surfaces: frozenset[str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience: Patience | None = None,
    ) -> None:
        self._name = name
        self._client, self._url, self._key = client, url, key
        self._surfaces, self._clock = surfaces, clock
        self._patience = patience or Patience()

    @property
    def name(self) -> str:
        """The declared name."""
        return self._name

    def plan(self, desired: Desired) -> Diff:
        """Return what the receiver says it would change."""
        if not self.holds(desired.spec.surface):
            return Diff(backend=self.name, edits=())
        answer = self._call("plan", {"desired": _document(desired)})
        try:
            edits = msgspec.convert(answer.get("edits", []), tuple[Edit, ...])
            detail = msgspec.convert(answer.get("detail", {}), dict[str, Any])
        except msgspec.ValidationError as error:
            raise self._unreadable(str(error)) from error
        return Diff(backend=self.name, edits=edits, detail=detail)

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        """Have the receiver make the change; it answers what it needs to verify and to revert it."""
        detail: dict[str, Any] = {"told": False}
        if self.holds(desired.spec.surface):
            body = {"desired": _document(desired), "diff": msgspec.to_builtins(diff)}
            answered = self._call("apply", body, idempotency_key).get("detail", {})
            if not isinstance(answered, dict):
                raise self._unreadable("`detail` is no object")
            detail = {"told": True, "answered": answered}
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail=detail)

    def verify(self, receipt: Receipt) -> str | None:
        """Return None if the receiver says that nothing differs from the receipt, else what it says."""
        if not receipt.detail["told"]:
            return None
        differs = self._call("verify", {"receipt": msgspec.to_builtins(receipt)}, receipt.idempotency_key)
        if "differs" not in differs:
            raise self._unreadable("`differs` is missing")
        return None if differs["differs"] is None else str(differs["differs"])

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        """Have the receiver undo what the receipt says was done."""
        if receipt.detail["told"]:
            body = {"receipt": msgspec.to_builtins(receipt), "actor": actor, "reason": reason, "at": now.isoformat()}
            self._call("revert", body, f"{receipt.idempotency_key}:revert")

    def remind(self, surface: str, holdout: str, reminder: str, *, idempotency_key: str) -> None:
        """Tell the receiver what the owner of a holdout should do."""
        body = {"surface": surface, "holdout": holdout, "reminder": reminder, "at": self._clock().isoformat()}
        self._call("remind", body, idempotency_key)

    def holds(self, surface: str) -> bool:
        """Return whether it is told of `surface`."""
        return self._surfaces is None or surface in self._surfaces

    def _call(self, verb: str, body: dict[str, Any], idempotency_key: str | None = None) -> dict[str, Any]:
        """Return the answer to one call, tried again until the budget is spent.

        Raises:
            DependencyFailure: code `backend_down`, when no attempt was answered; `backend_unreadable`.
            Conflict: code `webhook_refused`, when the receiver answers 409.
            Forbidden: code `backend_token`, at 401 and 403.
            InvalidInput: code `backend_refused`, at every other 4xx.
        """
        content = json.dumps({"call": verb, "backend": self.name, "idempotency_key": idempotency_key, **body}).encode()
        started, wait_s = self._patience.stopwatch(), _FIRST_WAIT_S
        while True:
            why, asked_s = self._attempt(content, idempotency_key)
            if not isinstance(why, str):
                return why
            left_s = self._patience.budget_s - (self._patience.stopwatch() - started)
            pause_s = wait_s if asked_s is None else max(asked_s, 0.0)
            if pause_s >= left_s:
                failure = down(self._url, f"{verb}: {why}")
                failure.facts["retry_after_s"] = asked_s
                raise failure
            self._patience.sleep(pause_s)
            wait_s *= 2

    def _attempt(self, content: bytes, idempotency_key: str | None) -> tuple[dict[str, Any] | str, float | None]:
        """Return the answer, or why to try again and after how many seconds if the receiver said so."""
        headers = {
            "Content-Type": "application/json",
            HEADER: signature(content, key=self._key, at=self._clock()),
            **({} if idempotency_key is None else {"Idempotency-Key": idempotency_key}),
        }
        try:
            answer = self._client.post(self._url, content=content, headers=headers)
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}", None
        status, said = answer.status_code, answer.text[:300].strip()
        if status >= 500 or status in _WAIT_ANYWAY:
            return f"it answered {status} {said}", self._asked_s(answer.headers.get("Retry-After"))
        if status == 409:
            raise Conflict("webhook_refused", said or "it refuses", where=self._url, fix="do what it says")
        if status in (401, 403):
            raise Forbidden(
                "backend_token",
                f"it does not accept our signature ({status} {said})",
                where=self._url,
                fix="give both sides the same secret, and look at their clocks",
            )
        if status >= 300:
            raise InvalidInput("backend_refused", f"it answered {status}: {said}", where=self._url, fix="mend it there")
        document = parsed_answer(answer)
        if not isinstance(document, dict):
            raise self._unreadable("it is no object")
        return document, None

    def _asked_s(self, header: str | None) -> float | None:
        if header is None:
            return None
        if header.isascii() and header.isdecimal():
            return float(header)
        try:
            return (parsedate_to_datetime(header) - self._clock()).total_seconds()
        except (ValueError, TypeError):
            return None

    def _unreadable(self, why: str) -> DependencyFailure:
        return DependencyFailure(
            "backend_unreadable", f"its answer cannot be read: {why}", where=self._url, fix="mend the receiver"
        )


def _document(desired: Desired) -> dict[str, Any]:
    return {
        "launch": desired.launch_id,
        "surface": desired.spec.surface,
        "experiment": desired.spec.key,
        "goal": str(desired.goal),
        "stage": desired.stage,
        "variant": desired.variant,
        "actor": desired.actor,
        "reason": desired.reason,
        "at": desired.now.isoformat(),
        "approved_by": list(desired.approved_by),
        "spec": spec_document(desired.spec),
    }
