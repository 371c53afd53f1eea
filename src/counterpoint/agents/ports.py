"""What planner and validator ask of the rest of the platform: protocols and facts, gathered in one `World`."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from counterpoint.config import BaselineRule
from counterpoint.experiments import ExperimentSpec, Territory, TrafficHistory, Unknown
from counterpoint.vocabulary import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class PastExperiment:
    """What is remembered of an experiment that has ended.

    Attributes:
        parameters: Parameters that its arms set.
        relative_effect: Effect found on its primary metric, as a fraction; None when none was measured.
        relative_std_error: Standard error of that effect, a fraction; None when its interval was not kept.
        decision: What was decided: shipped, rolled_back, inconclusive.
    """

    key: str
    surface: str
    hypothesis: str
    parameters: AbstractSet[str]
    audience: str
    primary: str
    relative_effect: float | None = None
    relative_std_error: float | None = None
    decision: str = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPreview:
    """What one variant does to the pages of control.

    Attributes:
        share_changed: Pages that differ from control's, in [0, 1].
        share_empty: Pages without a shelf, in [0, 1].
    """

    variant: str
    share_changed: float
    share_empty: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePreview:
    """A dry run of a spec on requests.

    Attributes:
        n_pages: Pages composed of each variant.
        trigger_rate: Pages that read a parameter of the change, in [0, 1].
        arms: Control first.
        source: Recorded or synthetic requests, in words.
    """

    n_pages: int
    trigger_rate: float
    arms: tuple[ArmPreview, ...]
    source: str


class Preview(Protocol):
    """Runs requests through every variant of a spec."""

    def preview(self, spec: ExperimentSpec) -> PagePreview | Unknown:
        """Return what the variants do to pages, or why that is not known."""
        ...


class Budgets(Protocol):
    """Error budgets of a surface and of the platform."""

    def spent(self, surface: str) -> Sequence[str] | Unknown:
        """Return, in words, each error budget that is gone; nothing when all are left; Unknown without traffic."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a validation may look at; a port that is None is answered with `unknown`, never with a guess.

    Attributes:
        now: When the validation happens, UTC.
        baseline: Live value of every parameter; the surface's own when None.
        rules: Targeted rules of the baseline, in order.
    """

    now: datetime
    baseline: Mapping[str, Scalar] | None = None
    rules: tuple[BaselineRule, ...] = ()
    territory: Territory | None = None
    traffic: TrafficHistory | None = None
    preview: Preview | None = None
    budgets: Budgets | None = None
    past: tuple[PastExperiment, ...] = ()
    memo: dict[str, object] = field(default_factory=dict, compare=False, repr=False)
    """Answers of slow ports, kept so that two checks of one validation ask once."""

    @property
    def ruled(self) -> frozenset[str]:
        """Parameters that a targeted rule sets."""
        return frozenset(key for rule in self.rules for key in rule.set)
