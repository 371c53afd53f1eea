"""The typed operations that a Change is made of, as they are written down, reviewed and stored."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from counterpoint.config import BaselineRule, Surface
from counterpoint.experiments import Domain, Event, Experiment, ExperimentSpec, Holdout
from counterpoint.releases.stages import RolloutStage
from counterpoint.vocabulary import Scalar


class ReplaceSurface(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="replace_surface"):
    """Put another version of the surface in place, or create it; parameters that are new start at its baselines."""

    surface: Surface


class SetBaseline(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="set_baseline"):
    """Give everybody who is in no experiment these values."""

    values: dict[str, Scalar]


class SetRules(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="set_rules"):
    """Replace the ordered targeted rules by these; the first that matches a parameter wins."""

    rules: tuple[BaselineRule, ...]


class AddExperiment(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="add_experiment"):
    """Add an experiment whose buckets are drawn; it serves nothing until it is started."""

    experiment: Experiment


class MoveExperiment(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="move_experiment"):
    """Let one event of the lifecycle happen to an experiment; `stage` counts from 0 and belongs to ramps and starts."""

    experiment: str
    event: Event
    stage: int | None = None


class AmendExperiment(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="amend_experiment"):
    """Put another text in the place of a running experiment's, where that leaves its error rates as they are."""

    experiment: str
    spec: ExperimentSpec


class ShipVariant(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="ship_variant"):
    """Give the values of one variant to those it was measured on, or to everyone, and mark the experiment shipped.

    An experiment on everyone ships into the baseline; one on an audience ships as the first targeted rule.
    """

    experiment: str
    variant: str
    to: Literal["audience", "everyone"] = "audience"


class AddHoldout(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="add_holdout"):
    """Keep the units of drawn buckets at the baseline of now."""

    holdout: Holdout


class RenewHoldout(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="renew_holdout"):
    """Move the end of a holdout."""

    holdout: str
    ends_at: datetime


class ReadHoldout(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="read_holdout"):
    """Note that a holdout that has ended was read: it blocks launches no longer.

    Attributes:
        readout: Digest of the read-out that was kept.
    """

    holdout: str
    readout: str


class EndHoldout(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="end_holdout"):
    """Give the units of a holdout back."""

    holdout: str


class AddDomain(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="add_domain"):
    """Reserve drawn buckets for a programme."""

    domain: Domain


class EndDomain(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="end_domain"):
    """Give the buckets of a programme back; refused while one of its experiments holds some."""

    domain: str


class StageBaseline(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="stage_baseline"):
    """Begin to change the baseline: the buckets of the first stage get it, the others follow stage by stage.

    What it was prepared against is part of it, so that an approval of it is one of exactly this change of these values.

    Attributes:
        rollout: Key of the rollout that it begins.
        values: New value of each parameter that changes, and `before` what it is now.
        rules: All rules as they shall be, None when they stay, and `rules_before` what they are now.
    """

    rollout: str
    values: dict[str, Scalar]
    before: dict[str, Scalar]
    stages: tuple[RolloutStage, ...]
    author: str
    reason: str
    rules: tuple[BaselineRule, ...] | None = None
    rules_before: tuple[BaselineRule, ...] | None = None
    acknowledges: tuple[str, ...] = ()


class AdvanceRollout(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="advance_rollout"):
    """Go on to the next stage of a rollout, once the one before has had its hours."""

    rollout: str
    stage: int


class FinishRollout(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="finish_rollout"):
    """Make the baseline of everybody what the last stage of a rollout has."""

    rollout: str


class AbortRollout(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="abort_rollout"):
    """Take a rollout back: its units have the baseline again."""

    rollout: str


class Recall(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="recall"):
    """Give everybody the declared baseline of these parameters at once, units of holdouts and experiments too."""

    parameters: tuple[str, ...]


class Restore(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag="restore"):
    """Put parts of the state back to what they were in release `number`.

    `parts` maps the path of each part to its JSON text, or to None when it was not there.
    """

    number: int
    parts: dict[str, str | None]


Operation: TypeAlias = (
    ReplaceSurface
    | SetBaseline
    | SetRules
    | AddExperiment
    | MoveExperiment
    | AmendExperiment
    | ShipVariant
    | AddHoldout
    | RenewHoldout
    | ReadHoldout
    | EndHoldout
    | AddDomain
    | EndDomain
    | StageBaseline
    | AdvanceRollout
    | FinishRollout
    | AbortRollout
    | Recall
    | Restore
)
