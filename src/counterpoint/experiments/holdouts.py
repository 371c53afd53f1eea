"""Buckets set aside: holdouts that measure what all shipped changes did together, domains of a programme, pools."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from counterpoint.assignment import BucketSet
from counterpoint.config import BaselineRule, Surface
from counterpoint.experiments.drawing import draw_order, n_buckets_of
from counterpoint.experiments.spec import ExperimentSpec
from counterpoint.vocabulary import Finding, Scalar, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """Units kept out of experiments for a period.

    Attributes:
        share: Share of the surface's units in each of the two sets.
        status_quo: Buckets that keep the baseline of its start.
        shipped_only: Buckets that get shipped changes but no experiments.
        layers: The layers and tags it covers; empty covers everything.
        owners: The owners whose experiments it covers; empty covers everyone's.
        baseline: Values of the parameters it covers, as they were when it began.
        rules: The rules in force when it began, cut down to those parameters.
        ends_at: From then on it blocks launches until it is read, renewed or ended.
        read_at: When its read-out was taken, which is once, after its end; None until then and after a renewal.
        readout: Digest of that read-out, which is kept and never computed anew.
    """

    key: str
    owner: str
    unit: str
    share: float
    status_quo: BucketSet
    shipped_only: BucketSet
    layers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    baseline: Mapping[str, Scalar]
    rules: tuple[BaselineRule, ...] = ()
    starts_at: datetime
    ends_at: datetime
    read_at: datetime | None = None
    readout: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A named set of buckets reserved for a programme, whose experiments draw from it only."""

    key: str
    owner: str
    buckets: BucketSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Buckets that ordinary experiments never draw from."""

    holdout: BucketSet
    isolated: BucketSet


def pools_of(surface: Surface) -> Pools:
    """Return the pools that the policy of `surface` sets aside.

    They stand at the two ends of one fixed random order, so that either can grow without the other moving.
    """
    order = draw_order(f"pools/{surface.key}")
    n_holdout = n_buckets_of(surface.policy.holdout_pool)
    n_isolated = n_buckets_of(surface.policy.isolated_pool)
    return Pools(
        holdout=BucketSet.of(order[:n_holdout]),
        isolated=BucketSet.of(order[max(n_holdout, len(order) - n_isolated) :]),
    )


def layers_of(spec: ExperimentSpec, surface: Surface) -> frozenset[str]:
    """Return every layer and tag that the experiment joins: those of its parameters and its own extra ones."""
    own = {surface.parameters[key].layer for key in spec.parameters if key in surface.parameters}
    return frozenset(own | set(spec.layers))


def covers(holdout: Holdout, spec: ExperimentSpec, surface: Surface) -> bool:
    """Return whether the units of `holdout` stay out of the experiment."""
    by_layer = not holdout.layers or not layers_of(spec, surface).isdisjoint(holdout.layers)
    by_owner = not holdout.owners or spec.owner in holdout.owners
    return by_layer and by_owner


def expired_holdouts(holdouts: Mapping[str, Holdout], *, now: datetime) -> tuple[Finding, ...]:
    """Return one refusal for every unread holdout past its end: launches wait until it is read, renewed or ended."""
    return tuple(
        Finding(
            code="holdout_expired",
            severity=Severity.ERROR,
            path=f"holdouts.{holdout.key}",
            message=f"Holdout '{holdout.key}' ended on {holdout.ends_at:%Y-%m-%d}: {holdout.owner} must read or renew",
            facts={"holdout": holdout.key, "owner": holdout.owner, "ends_at": holdout.ends_at.isoformat()},
        )
        for holdout in holdouts.values()
        if holdout.ends_at <= now and holdout.read_at is None
    )
