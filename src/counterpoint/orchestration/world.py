"""What the workflows act on: ports and policies, put together by bootstrap."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.backends.protocol import Backend
from counterpoint.orchestration.launch import Launch
from counterpoint.orchestration.ports import Clock, LaunchStore
from counterpoint.orchestration.steps import STEPS, StepPolicy
from counterpoint.vocabulary import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a look at a running experiment found.

    Attributes:
        findings: The checks of a running experiment.
        srm: Whether the sample ratio is off, by a test that holds at any number of looks.
        harmed: Guardrails shown to be worse than their margin, by an anytime-valid interval.
        broken: Why the experiment is not what was launched, in words: a variant nobody meets, an arm with slow pages.
        silent: Whether exposures do not arrive though pages are served.
        smoke: What the smoke check saw, once it has passed; empty before, and after it was noted.
        conclusion: Why the design lets it end now, in words; empty while it does not.
        budget_open: Whether the surface's error budget allows another step; None while too little was served to tell.
        scorecard: The scorecard it rests on, as a document.
    """

    findings: tuple[Finding, ...] = ()
    srm: bool = False
    harmed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    silent: bool = False
    smoke: str = ""
    conclusion: str = ""
    budget_open: bool | None = None
    scorecard: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision at the end: which variant to ship, or None to roll back, with its reasons in words."""

    ship: str | None
    reasons: tuple[str, ...]
    scorecard: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What one finished experiment taught, for the next planner."""

    experiment: str
    surface: str
    hypothesis: str
    outcome: str
    reasons: tuple[str, ...]
    spec: dict[str, Any]
    scorecard: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """Where the rollout of a winner stands.

    Attributes:
        over: None while it is under way; else True if everybody has it, False if it was taken back.
        words: Which stage it is at, or why it was taken back.
        look_at: When to look again; None once it is over.
    """

    over: bool | None
    words: str
    look_at: datetime | None = None


class StagedShip(Protocol):
    """Ships winners by stages, each watched; under the launch's id nothing is begun or taken back twice."""

    def wanted(self, spec: ExperimentSpec) -> bool:
        """Return whether the policy of the surface asks for stages."""
        ...

    def begin(self, launch: Launch, variant: str, *, actor: str, reason: str, now: datetime) -> Shipping:
        """Give the first units of the rest what the variant sets, and return where that stands."""
        ...

    def look(self, launch: Launch) -> Shipping:
        """Return where the rollout of a launch stands."""
        ...

    def abort(self, launch: Launch, *, actor: str, reason: str) -> None:
        """Take the rollout back, if it is under way."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchWorld:
    """Everything the workflows need.

    Attributes:
        backends: In the order in which they are applied.
        validate: The deterministic validator, bound to its ports.
        inspect: A look at a running experiment.
        decide: The decision when the design says so.
        approvals_needed: How many people must approve a spec.
        owners: Names, or patterns of them, of whom one must be among those; empty asks for nobody in particular.
        learn: Keeps what an ended experiment taught.
        stopwatch: Seconds of a monotonic clock, to time steps.
        approvals_last: How long an approval counts, unless the launch is approved meanwhile.
        ship: Ships by stages; None ships to everybody at once.
        sleep: Waits so many seconds; between attempts at a backend that fails.
        steps: The policy of each step.
    """

    launches: LaunchStore
    backends: tuple[Backend, ...]
    validate: Callable[[ExperimentSpec, datetime], tuple[Finding, ...]]
    inspect: Callable[[Launch, datetime], Inspection]
    decide: Callable[[Launch, datetime], Verdict]
    approvals_needed: Callable[[ExperimentSpec], int]
    learn: Callable[[Learning], None]
    clock: Clock
    stopwatch: Callable[[], float]
    approvals_last: timedelta = timedelta(days=7)
    ship: StagedShip | None = None
    sleep: Callable[[float], None] = time.sleep
    owners: Callable[[ExperimentSpec], tuple[str, ...]] = lambda spec: ()  # noqa: ARG005 - asks for nobody
    steps: Mapping[str, StepPolicy] = field(default_factory=lambda: STEPS)
