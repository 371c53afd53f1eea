"""Preparing a holdout: its buckets drawn, and the baseline of now kept for the parameters that it covers."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Literal, TypeAlias

from counterpoint.assignment import BucketSet, bucket_of, bucket_salt
from counterpoint.config import BaselineRule, Surface
from counterpoint.errors import NotFound
from counterpoint.experiments import Holdout, draw_holdout_sets
from counterpoint.releases.operations import AddHoldout
from counterpoint.releases.snapshotting import bucket_salt_of
from counterpoint.releases.state import SurfaceState, territory_of

Half: TypeAlias = Literal["status_quo", "shipped_only"]


def holdout_operation(
    state: SurfaceState,
    key: str,
    *,
    owner: str,
    share: float,
    starts_at: datetime,
    ends_at: datetime,
    layers: tuple[str, ...] = (),
    owners: tuple[str, ...] = (),
    unit: str | None = None,
) -> AddHoldout:
    """Return the operation that begins a holdout on `state`.

    Args:
        owner: Who reads it and renews or ends it.
        share: Share of the surface's units in each of its two sets, in (0, 0.5].
        layers: Layers and tags it covers; empty covers everything. Layers also choose the parameters that it keeps.
        owners: Owners whose experiments it covers; empty covers everyone's.
        unit: What it holds out; the surface's own unit when None.

    Raises:
        Conflict: `no_free_space`.
        InvalidInput: `bad_share`.
        NotFound: `unknown_layer`, when none of `layers` has a parameter or an experiment here.
    """
    surface = state.surface
    tags = {layer for experiment in state.experiments.values() for layer in experiment.spec.layers}
    for layer in layers:
        if layer not in surface.layers and layer not in tags:
            known = ", ".join(sorted(surface.layers))
            raise NotFound("unknown_layer", f"no layer or tag '{layer}'", where=f"holdouts.{key}.layers", fix=known)
    covered = {key for key, parameter in surface.parameters.items() if not layers or parameter.layer in layers}
    holdout = Holdout(
        key=key,
        owner=owner,
        unit=unit or surface.unit,
        share=share,
        status_quo=BucketSet(),
        shipped_only=BucketSet(),
        layers=layers,
        owners=owners,
        baseline={key: value for key, value in state.baseline.items() if key in covered},
        rules=tuple(_cut(state.rules, covered)),
        starts_at=starts_at,
        ends_at=ends_at,
    )
    status_quo, shipped_only = draw_holdout_sets(
        key, share=share, unit=holdout.unit, territory=territory_of(state), covered=holdout
    )
    return AddHoldout(holdout=replace(holdout, status_quo=status_quo, shipped_only=shipped_only))


def half_of_holdout(holdout: Holdout, surface: Surface) -> Callable[[str], Half | None]:
    """Return what says which half of `holdout` a unit is in: what its read-out compares; None for most units.

    The halves are equally large draws of one hash, so units fall into them as at random, by nothing else.
    """
    salt = bucket_salt(bucket_salt_of(surface.key), unit_type=holdout.unit, surface_unit=surface.unit)

    def half(unit: str) -> Half | None:
        bucket = bucket_of(unit, salt)
        if bucket in holdout.status_quo:
            return "status_quo"
        return "shipped_only" if bucket in holdout.shipped_only else None

    return half


def _cut(rules: Iterable[BaselineRule], covered: set[str]) -> Iterable[BaselineRule]:
    for rule in rules:
        values = {key: value for key, value in rule.set.items() if key in covered}
        if values:
            yield BaselineRule(key=rule.key, audience=rule.audience, set=values)
