"""Runs the steps of a workflow as their table says: each attempt within its time, and as often as it says."""

import threading
from collections.abc import Callable
from contextvars import copy_context

from counterpoint.errors import CounterpointError, DependencyFailure
from counterpoint.orchestration.ports import Outcome, Steps
from counterpoint.orchestration.steps import StepPolicy, policy_of
from counterpoint.orchestration.world import LaunchWorld

Late = Callable[[Outcome], None]


class _Call:
    """One call under way in a thread of its own."""

    def __init__(self, key: str) -> None:
        self.key: str | None = key
        self.done = threading.Event()
        self.late: Late | None = None
        self.outcome: Outcome = {}
        self.error: BaseException | None = None


class Calls:
    """The calls of this process that are under way, one at a time on each line.

    A call that does not end in time is left alone, not killed. Whoever asks again under its key takes its answer, and
    whoever wants something else on its line waits for it: so nothing is done twice, and nothing done late is done last.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, _Call] = {}

    def within(
        self, line: str, key: str, timeout_s: float, step: Callable[[], Outcome], *, late: Late | None = None
    ) -> Outcome:
        """Return what `step` returns, or raise what it raises.

        Args:
            line: Calls on one line never overlap.
            key: Asking again under the key of a call that is under way is asking for its answer.
            late: Gets the answer if it comes after it was given up here, and before anybody asks for it again.

        Raises:
            DependencyFailure: code `step_timeout`, when it has not ended in time; it may yet end, and is not forgotten.
        """
        call = self._call(line, key, timeout_s, step)
        if not call.done.wait(timeout_s):
            with self._lock:
                if not call.done.is_set():
                    call.late = late
                    raise DependencyFailure(
                        "step_timeout",
                        f"no answer within {timeout_s:g} s",
                        where=line,
                        fix="it is asked again; an answer that comes late is taken, and nothing is done twice",
                    )
        if call.error is not None:
            raise call.error
        return call.outcome

    def _call(self, line: str, key: str, timeout_s: float, step: Callable[[], Outcome]) -> _Call:
        while True:
            with self._lock:
                before = self._under_way.get(line)
                if before is None:
                    call = self._under_way[line] = _Call(key)
                    break
                if before.key == key:
                    before.late = None
                    return before
            if not before.done.wait(timeout_s):
                raise DependencyFailure(
                    "step_timeout",
                    f"an earlier call has not ended, and {timeout_s:g} s more did not help",
                    where=line,
                    fix="look why it hangs; it is tried again",
                )
        context = copy_context()
        threading.Thread(target=lambda: context.run(self._do, line, call, step), daemon=True, name=line).start()
        return call

    def _do(self, line: str, call: _Call, step: Callable[[], Outcome]) -> None:
        try:
            call.outcome = step()
        except BaseException as error:
            call.error = error
        while True:
            with self._lock:
                late, call.late = call.late, None
                if late is None:
                    del self._under_way[line]
                    call.done.set()
                    return
                # From here on nobody takes its answer: it is being taken back.
                call.key = None
            if call.error is None:
                late(call.outcome)


class Attempts:
    """The steps of one run of a workflow.

    Args:
        steps: Records them.
        run: Identifies the run; `launch` the launch that it moves.
    """

    def __init__(self, steps: Steps, world: LaunchWorld, calls: Calls, *, launch: str, run: str) -> None:
        self._steps, self._world, self._calls = steps, world, calls
        self._launch, self._run = launch, run

    def run(self, name: str, step: Callable[[], Outcome]) -> Outcome:
        """Run a step and record its outcome; what it raises after its last attempt ends the workflow."""
        policy = policy_of(self._world.steps, name)
        line, key = f"{self._launch}:{name}", f"{self._run}:{name}"
        return self._steps.run(name, lambda: self._tried(policy, line, key, step))

    def ask(
        self, name: str, backend: str, step: Callable[[], Outcome], *, key: str, late: Late | None = None
    ) -> Outcome:
        """Run a step that asks a backend, and record its outcome with `ok`, its error if it failed, and its seconds.

        Args:
            key: Of what it does; asked again under it, a call that is still under way is waited for, not repeated.
            late: Gets the outcome of a call that was given up and ends all the same.
        """
        policy = policy_of(self._world.steps, name)
        line, whole = f"{self._launch} on {backend}", f"{name}:{key}"

        def asked() -> Outcome:
            try:
                return step()
            except CounterpointError:
                raise
            except Exception as error:  # a backend is somebody else's code; what came before it must be reverted
                raise DependencyFailure(
                    "backend_broken", f"{type(error).__name__}: {error}", fix="mend the backend"
                ) from error

        def answered() -> Outcome:
            started = self._world.stopwatch()
            # An exception would come back from the durable store as another type; an outcome comes back as it was.
            try:
                outcome = {"ok": True, **self._tried(policy, line, whole, asked, late)}
            except CounterpointError as error:
                outcome = {"ok": False, "error": error.as_document()}
            return {**outcome, "seconds": round(self._world.stopwatch() - started, 4)}

        return self._steps.run(name, answered)

    def _tried(
        self, policy: StepPolicy, line: str, key: str, step: Callable[[], Outcome], late: Late | None = None
    ) -> Outcome:
        for wait_s in policy.waits_s:
            try:
                return self._calls.within(line, key, policy.timeout_s, step)
            except CounterpointError as error:
                if not error.retryable:
                    raise
            self._world.sleep(wait_s)
        return self._calls.within(line, key, policy.timeout_s, step, late=late)
