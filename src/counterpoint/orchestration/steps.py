"""The steps of all workflows in one table: stored name, timeout, retries, what undoes each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from counterpoint.errors import PlatformFault

_BRIEFLY = (0.1, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPolicy:
    """How one step is run.

    Attributes:
        timeout_s: After how long one attempt is given up, from outside: a step that hangs holds no claim for ever.
        waits_s: How long to wait before each further attempt at what failed in a way that may pass.
        undone_by: What takes its effect back, or why nothing has to.
    """

    timeout_s: float
    waits_s: tuple[float, ...]
    undone_by: str


_ROW = "nothing: it writes one row, compared by version; under its transition's name it is written once"
_READS = "nothing: it reads, and its findings are stored with the next transition"

STEPS: Mapping[str, StepPolicy] = MappingProxyType(
    {
        "validate": StepPolicy(timeout_s=60, waits_s=(), undone_by="giving the claim back"),
        "apply *": StepPolicy(
            timeout_s=30,
            waits_s=_BRIEFLY,
            undone_by="revert *, in reverse order; what takes treatments away goes forward instead and is tried again",
        ),
        # A hundred launches on one surface take turns there, each validated anew on the release of the one before.
        "apply surface": StepPolicy(
            timeout_s=300,
            waits_s=_BRIEFLY,
            undone_by="revert *, in reverse order; what takes treatments away goes forward instead and is tried again",
        ),
        "verify *": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_READS),
        "revert *": StepPolicy(
            timeout_s=30, waits_s=_BRIEFLY, undone_by="a person: the launch says what is still live and where"
        ),
        "record running": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "record failure": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "inspect": StepPolicy(timeout_s=300, waits_s=(), undone_by="giving the claim back"),
        "record look": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "record smoke check": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "hear kill": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by="nothing: a kill that was heard is done"),
        "claim": StepPolicy(timeout_s=60, waits_s=(), undone_by="giving the claim back"),
        "record stage": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "record amend": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "record pause": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "record resume": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "record restart": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "record retry": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
        "record stopped": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by="restart, while it is held"),
        "record held": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by="restart"),
        "decide": StepPolicy(timeout_s=300, waits_s=(), undone_by=_ROW),
        "begin shipping": StepPolicy(timeout_s=60, waits_s=_BRIEFLY, undone_by="abort shipping"),
        "abort shipping": StepPolicy(
            timeout_s=60, waits_s=_BRIEFLY, undone_by="nothing: the baseline is what everybody had"
        ),
        "learn": StepPolicy(timeout_s=60, waits_s=_BRIEFLY, undone_by="nothing: one row per experiment, written over"),
        "record end": StepPolicy(timeout_s=15, waits_s=_BRIEFLY, undone_by=_ROW),
    }
)
"""Step -> its policy. A name is stored with every workflow, so it never changes; `*` stands for a backend's name."""


def policy_of(steps: Mapping[str, StepPolicy], name: str) -> StepPolicy:
    """Return the policy of a step by its stored name.

    Raises:
        PlatformFault: `undeclared_step`, when the table does not have it.
    """
    found = steps.get(name) or steps.get(f"{name.partition(' ')[0]} *")
    if found is None:
        raise PlatformFault("undeclared_step", f"the table of steps lacks {name!r}", where="orchestration/steps.py")
    return found
