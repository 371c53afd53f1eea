"""A process that takes one launch from its spec to its end on a real platform, and can die around any step.

Run by the chaos tests, with the folder, the database and when to die as one JSON argument.
"""

import dataclasses
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chaos.faulty_flags import FaultyFlags
from counterpoint.bootstrap import Platform, SimulatedClock, opened, opening
from counterpoint.errors import Conflict
from counterpoint.orchestration import STEPS, Desired, Diff, LaunchWorld, Outcome, Progress, Receipt
from counterpoint.settings import Settings
from counterpoint.storage.durable import dbos_executor
from counterpoint.storage.sql import SqlReleaseStore, release_store

START = datetime.fromisoformat("2026-06-01T08:00:00+00:00")
SPEC: dict[str, Any] = {
    "key": "podcasts-second",
    "surface": "home",
    "owner": "podcasts",
    "hypothesis": "Podcasts in second place get more listeners to play one.",
    "allocation": 0.1,
    "variants": [{"key": "control"}, {"key": "treatment", "set": {"podcasts.shelf_position": 2}}],
    "metrics": {
        "primary": {"metric": "podcast_starters_7d", "direction": "increase", "mde": 0.1},
        "guardrails": [
            {"metric": "home_empty_rate", "margin": 0.05},
            {"metric": "page_load_ms_p95", "margin_abs": 100},
        ],
    },
    "schedule": {"days": 14, "ramp": [{"share": 0.05, "hours": 4}]},
}
_PATIENCE_S = 60.0


@dataclass
class Death:
    """Kills this process at its n-th step, before the effect or between effect and record."""

    kill_at: int | None
    after_effect: bool
    n_steps: int = 0

    def watch(self) -> None:
        recorded = dbos_executor._DbosSteps.run

        def run(steps: Any, name: str, step: Callable[[], Outcome]) -> Outcome:
            def fatal() -> Outcome:
                self.n_steps += 1
                if self.n_steps == self.kill_at and not self.after_effect:
                    os.kill(os.getpid(), signal.SIGKILL)
                outcome = step()
                if self.n_steps == self.kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return outcome

            return recorded(steps, name, fatal)

        dbos_executor._DbosSteps.run = run


class KeptClock(SimulatedClock):
    """A simulated clock that the next process reads where this one left it."""

    def __init__(self, file: Path) -> None:
        super().__init__(datetime.fromisoformat(file.read_text()) if file.exists() else START)
        self._file = file

    def move_to(self, at: datetime) -> None:
        super().move_to(at)
        fresh = self._file.with_suffix(f".{os.getpid()}")
        fresh.write_text(self().isoformat())
        fresh.replace(self._file)


def take_to_the_end(platform: Platform, clock: KeptClock, until: str, *, amended: bool = False) -> None:
    """Submit if nobody has, amend it if asked to, ramp, stop by hand, and return once the launch is as `until` says."""
    deadline = time.monotonic() + _PATIENCE_S
    control = platform.control
    n_waits = 0
    while time.monotonic() < deadline:
        found = control.launches()
        if not found:
            control.submit(surface="home", author="ada", spec=SPEC, wait_s=_PATIENCE_S)
            continue
        launch = control.launch(found[0]["id"])
        if launch["claim"] is not None or launch["state"] in ("planned", "validated", "approved"):
            # A workflow moves it: the one that was resumed, or one that another process executes.
            platform.refresh()
            time.sleep(0.02)
            n_waits += 1
            claim = launch["claim"]
            moving = claim is not None and control.desk.executor.progress(claim) is Progress.RUNNING
            # A machine that is slow must not make the clock run: the times of the two runs are compared.
            if not moving and n_waits % 500 == 0 and launch["due_at"] is not None:
                # Nobody moves it any more: its run was given up, which is looked at when its lease has run out.
                clock.move_to(max(clock(), datetime.fromisoformat(launch["due_at"])))
                control.tick(wait_s=_PATIENCE_S)
        elif launch["state"] == until or launch["ended"]:
            return
        elif amended and all(entry["step"] != "amend" for entry in launch["timeline"]):
            slower = {**SPEC, "schedule": {"days": 14, "ramp": [{"share": 0.05, "hours": 6}]}}
            control.amend(launch["id"], slower, actor="grace", reason="two hours more", wait_s=_PATIENCE_S)
        elif launch["stage"] == 0:
            clock.move_to(datetime.fromisoformat(launch["due_at"]))
            control.tick(wait_s=_PATIENCE_S)
        else:
            try:
                control.move(launch["id"], "stop", actor="grace", reason="seen enough", wait_s=_PATIENCE_S)
            except Exception as error:  # another worker may have stopped it first
                if getattr(error, "code", "") != "bad_transition":
                    raise
    raise TimeoutError(f"the launch is still {launch['state']}: {launch['trouble']}")


def as_document(platform: Platform) -> dict[str, Any]:
    """Return everything by which one run is compared with another."""
    control = platform.control
    launch = control.launch("podcasts-second")
    timeline = [[entry[field] for field in ("state", "step", "at", "reason")] for entry in launch["timeline"]]
    return {
        "state": launch["state"],
        "timeline": timeline,
        "releases": [[each["id"], each["at"], each["reason"], each["author"]] for each in control.releases("home")],
        "audit": [[each[field] for field in ("at", "actor", "action", "reason")] for each in control.audit("home")],
        "plan": dict(control.desk.world.backends[0]._plans.get("podcasts-second")),
    }


class Last:
    """A backend that refuses to begin: what came before it has to be reverted."""

    name = "last"

    def plan(self, desired: Desired) -> Diff:
        return Diff(backend=self.name, edits=())

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        raise Conflict("refused", "it does not want to")

    def verify(self, receipt: Receipt) -> str | None:
        return None

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        raise AssertionError("it has done nothing")


def with_flags(flags: FaultyFlags, timeout_s: float | None, *, refusing: bool = False) -> None:
    """Let platforms that are opened from now on have one backend more, and give calls up after `timeout_s`."""
    build = opening.LaunchWorld

    def world(**parts: Any) -> LaunchWorld:
        steps = STEPS
        if timeout_s is not None:
            steps = {**STEPS, "apply *": dataclasses.replace(STEPS["apply *"], timeout_s=timeout_s)}
        more = (flags, Last()) if refusing else (flags,)
        return build(**{**parts, "backends": (*parts["backends"], *more), "steps": steps})

    opening.LaunchWorld = world


def as_older_code(version: str) -> None:
    """Let this process be one of an earlier release: another version, a step renamed, a step that is gone by now."""
    dbos_executor.DbosExecutor.__init__.__kwdefaults__["version"] = version
    recorded = dbos_executor._DbosSteps.run

    def run(steps: Any, name: str, step: Callable[[], Outcome]) -> Outcome:
        if name == "verify metrics":
            recorded(steps, "ponder", lambda: {"ok": True})
            name = "check metrics"
        return recorded(steps, name, step)

    dbos_executor._DbosSteps.run = run


def die_in_the_write(goal: str, where: str) -> None:
    """Die around the write of the release that takes the experiment to `goal`, before it, in it, or after it."""
    append = SqlReleaseStore.append
    record = release_store.insert_audit

    def fatal(store: Any, note: Any, **words: Any) -> None:
        is_it = f":{goal}:surface" in note.change_id
        if is_it and where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if is_it and where == "between":
            # The rows of the release are written, and its transaction is not committed.
            release_store.insert_audit = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        append(store, note, **words)
        if is_it and where == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    assert callable(record)
    SqlReleaseStore.append = fatal


def main() -> None:
    words = json.loads(sys.argv[1])
    folder = Path(words["folder"])
    flags = FaultyFlags(folder, words.get("fault"))
    if words.get("flags"):
        with_flags(flags, words.get("timeout_s"), refusing=words.get("refusing", False))
    if "older" in words:
        as_older_code(words["older"])
    if "in_write" in words:
        die_in_the_write(*words["in_write"])
    death = Death(words.get("kill_at"), words.get("after_effect", False))
    death.watch()
    clock = KeptClock(folder / "clock")
    settings = Settings(data=folder, database_url=words["url"])
    with opened(settings, clock=clock, new_id=lambda: "chaos") as platform:
        for ready, go in words.get("barrier", []):
            Path(ready).touch()
            while not Path(go).exists():
                time.sleep(0.01)
        take_to_the_end(platform, clock, words.get("until", "the end"), amended=words.get("amended", False))
        kept = flags.state()
        told = {"flags": kept["flags"], "flags_log": kept["log"]}
        print(json.dumps({**as_document(platform), **told, "n_steps": death.n_steps}))


if __name__ == "__main__":
    main()
