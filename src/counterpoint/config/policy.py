"""What the owners of a surface insist on: guardrails, pools, approvals, who may force, how old a snapshot may get."""

from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

StalePolicy: TypeAlias = Literal["serve", "baseline", "refuse"]
_STRICTNESS: tuple[StalePolicy, ...] = ("serve", "baseline", "refuse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """What happens to values of a snapshot that nobody has confirmed for a while.

    Attributes:
        max_age_s: Beyond this age values carry the reason STALE; 0 for never.
        policy: What else happens then: `serve` values as they are, serve the `baseline`, or `refuse`.
    """

    max_age_s: int = 0
    policy: StalePolicy = "serve"


def tightened(declared: Staleness, wanted: Staleness) -> Staleness:
    """Return the stricter of both in each respect: one process may promise more than the surface, never less."""
    ages = [each.max_age_s for each in (declared, wanted) if each.max_age_s > 0]
    policies = [each.policy for each in (declared, wanted) if each.max_age_s > 0] or [declared.policy]
    return Staleness(max_age_s=min(ages, default=0), policy=max(policies, key=_STRICTNESS.index))


@dataclass(frozen=True, slots=True, kw_only=True)
class Forcing:
    """Who may ask to see a variant, and for how long one permission lasts.

    Attributes:
        actors: Names, or patterns such as `*@qa.example.org`; empty lets nobody.
        hours: Longest life of a permit.
    """

    actors: tuple[str, ...] = ()
    hours: float = 24.0


def may_force(actors: tuple[str, ...], actor: str) -> bool:
    """Return whether `actor` is one of those who may ask to see a variant."""
    return any(fnmatchcase(actor, pattern) for pattern in actors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time in which nothing is launched on the surface.

    Attributes:
        start: First moment, UTC.
        end: First moment after it, UTC.
    """

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyApproval:
    """A recorded permission to target on a sensitive attribute, for one experiment.

    Attributes:
        by: Who gave it.
        until: When it lapses, UTC.
    """

    attribute: str
    experiment: str
    by: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the owners of a surface insist on.

    Attributes:
        required_guardrails: Metrics that every experiment must watch.
        max_allocation_without_ramp: Largest share of an audience that may start at once, in (0, 1].
        holdout_pool: Share of buckets set aside for holdouts.
        isolated_pool: Share of buckets set aside for isolated experiments.
        global_holdout: Share of units in each of the two halves of the global holdout; 0 when there is none.
        sensitive_attributes: The rule in words.
        approvals: How many people, other than the author, must approve a launch.
        owners: Names of the surface's owners, or patterns of them; one of them must be among those who approve a
            launch. Empty asks for no owner.
        staged_ship: Whether a winner is given to everybody by stages, each watched; at once if not.
        least_units_to_ship: Matured units that each arm must have before a winner is shipped, however clear it looks.
        forcing: Who may force variants.
        staleness: How old a snapshot may get, and what happens then, in every process.
        freezes: Times in which nothing is launched.
        privacy_approvals: Which experiments may target on which sensitive attribute.
    """

    required_guardrails: tuple[str, ...] = ()
    max_allocation_without_ramp: float = 1.0
    holdout_pool: float = 0.0
    isolated_pool: float = 0.0
    global_holdout: float = 0.0
    sensitive_attributes: str = ""
    approvals: int = 0
    owners: tuple[str, ...] = ()
    staged_ship: bool = False
    least_units_to_ship: int = 100
    forcing: Forcing = field(default_factory=Forcing)
    staleness: Staleness = field(default_factory=Staleness)
    freezes: tuple[Freeze, ...] = ()
    privacy_approvals: tuple[PrivacyApproval, ...] = ()
