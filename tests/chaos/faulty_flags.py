"""A flag store in two files, written one after the other, that fails as it is told: what backends outside may be like.

Its state is whole only when both files are written, so a process that dies between them leaves the half of an effect.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from counterpoint.errors import DependencyFailure
from counterpoint.orchestration import Desired, Diff, Edit, Receipt


class FaultyFlags:
    """Keeps one line per experiment, and a log of what was really done.

    Args:
        fault: `goal` at which it fails (`revert` too, which can only be killed),
            `where` (before, between or after its two writes), `kind` (kill, down, hang,
            twice), `times` for down, `seconds` for hang; None for a store that never fails.
    """

    name = "flags"

    def __init__(self, folder: Path, fault: Mapping[str, Any] | None) -> None:
        self._rules, self._flags = folder / "flags.rules.json", folder / "flags.json"
        self._fault = dict(fault or {})
        self._left = self._fault.get("times", 1)
        self._one_at_a_time = threading.Lock()

    def plan(self, desired: Desired) -> Diff:
        key, after = desired.spec.key, f"{desired.goal}:{desired.stage}:{desired.variant}"
        before = self.state()["flags"].get(key)
        whole = before == after and _read(self._rules).get(key) == after
        return Diff(backend=self.name, edits=() if whole else (Edit(path=key, before=before, after=after),))

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        for _ in range(2 if self._is_due(desired, "twice") else 1):
            self._deliver(desired, diff, idempotency_key)
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail={"experiment": desired.spec.key})

    def verify(self, receipt: Receipt) -> str | None:
        key = receipt.detail["experiment"]
        return None if self.state()["flags"].get(key) == _read(self._rules).get(key) else "its files contradict"

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        with self._one_at_a_time:
            state = self.state()
            if receipt.idempotency_key in state["done"]:
                key, before = receipt.detail["experiment"], state["done"].pop(receipt.idempotency_key)
                self._die_reverting("before")
                _write(self._rules, {**_read(self._rules), key: before})
                self._die_reverting("between")
                state["flags"][key] = before
                _write(self._flags, state)
                self._die_reverting("after")

    def state(self) -> dict[str, Any]:
        return {"flags": {}, "done": {}, "log": [], **_read(self._flags)}

    def _deliver(self, desired: Desired, diff: Diff, idempotency_key: str) -> None:
        with self._one_at_a_time:
            state = self.state()
            if idempotency_key in state["done"]:
                return
            for edit in diff.edits:
                self._fail("before", desired)
                _write(self._rules, {**_read(self._rules), edit.path: edit.after})
                self._fail("between", desired)
                state["done"][idempotency_key] = state["flags"].get(edit.path)
                state["flags"][edit.path] = edit.after
                state["log"].append(edit.after)
                _write(self._flags, state)
                self._fail("after", desired)

    def _die_reverting(self, where: str) -> None:
        if (self._fault.get("kind"), self._fault.get("goal"), self._fault.get("where")) == ("kill", "revert", where):
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_due(self, desired: Desired, kind: str) -> bool:
        return (self._fault.get("kind"), self._fault.get("goal")) == (kind, str(desired.goal)) and self._left > 0

    def _fail(self, where: str, desired: Desired) -> None:
        if self._fault.get("where") != where:
            return
        for kind in ("kill", "down", "hang"):
            if self._is_due(desired, kind):
                self._left -= 1
                if kind == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                if kind == "hang":
                    time.sleep(self._fault["seconds"])
                if kind == "down":
                    raise DependencyFailure("backend_down", f"flags fell over {where} its writes")


def _read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text()) if file.exists() else {}


def _write(file: Path, document: Mapping[str, Any]) -> None:
    fresh = file.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    fresh.write_text(json.dumps(document))
    fresh.replace(file)
