"""The record of one experiment: what was written, where it stands, and which buckets are its own."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from counterpoint.assignment import BucketSet
from counterpoint.experiments.spec import ExperimentSpec


class State(StrEnum):
    """Where an experiment stands; `lifecycle.TRANSITIONS` says what may follow what."""

    DRAFT = "draft"
    VALIDATED = "validated"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DECIDED = "decided"
    SHIPPED = "shipped"
    ROLLED_BACK = "rolled_back"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One experiment as the platform holds it; each change makes a new record.

    Attributes:
        unit: Attribute that is randomised; the spec's, or else the surface's.
        salt: Seeds the split among variants; never changes, nor is it used twice on a surface.
        draw_seed: Seeds the one order in which its buckets are drawn and its ramp stages grow.
        reserved: Every bucket drawn for it; kept until it is archived.
        owned: The buckets it takes at its present stage, a prefix of `reserved` in draw order; empty before its start.
        stage: Index into `stage_shares(spec)`; None before its start.
        shipped_variant: Which variant became the baseline; None unless it was shipped.
        started_at: When its first stage went live; a restart does not change it.
        ended_at: When it last stopped serving treatments; None while it may.
    """

    spec: ExperimentSpec
    unit: str
    salt: str
    draw_seed: str
    reserved: BucketSet
    owned: BucketSet
    state: State = State.DRAFT
    stage: int | None = None
    shipped_variant: str | None = None
    created_at: datetime
    created_by: str
    updated_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def key(self) -> str:
        """The key its spec gives it; unique on its surface for good."""
        return self.spec.key


def stage_shares(spec: ExperimentSpec) -> tuple[float, ...]:
    """Return the share of the audience's units of each stage, ending with the full allocation."""
    shares = tuple(stage.share for stage in spec.schedule.ramp)
    return shares if shares and shares[-1] >= spec.allocation else (*shares, spec.allocation)


def is_serving(experiment: Experiment) -> bool:
    """Return whether its variants reach units now."""
    return experiment.state is State.RUNNING


def holds_buckets(experiment: Experiment) -> bool:
    """Return whether its reservation keeps conflicting experiments out."""
    return experiment.state is not State.ARCHIVED and len(experiment.reserved) > 0
