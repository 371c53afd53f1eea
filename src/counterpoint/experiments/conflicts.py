"""Which experiments exclude each other, why, and until when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from counterpoint.assignment import BucketSet, compile_audience, disjoint
from counterpoint.config import Attribute, Surface
from counterpoint.errors import InvalidInput
from counterpoint.experiments.experiment import Experiment, holds_buckets
from counterpoint.experiments.holdouts import Domain, Holdout, covers, layers_of
from counterpoint.experiments.spec import ExperimentSpec
from counterpoint.vocabulary import Finding, Severity

EVERYONE = "true"
"""The audience that is all units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """Everything on a surface that holds buckets: what a draw has to respect."""

    surface: Surface
    experiments: Mapping[str, Experiment]
    holdouts: Mapping[str, Holdout]
    domains: Mapping[str, Domain]


class Ground(StrEnum):
    """What two experiments can have in common that keeps their units apart."""

    PARAMETER = "parameter"
    LAYER = "layer"
    TAG = "tag"
    ISOLATED = "isolated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """An experiment that another one may share no unit with.

    Attributes:
        because: What they share, in words: a parameter, a layer, a tag, or that one of them is isolated.
        ground: The same as a code.
        shared: The parameters, layers or tags shared; for isolation, the key of who is isolated.
        audience: Whom it is for, CEL.
        buckets: What it holds; every bucket when the two randomise different kinds of unit, since buckets of users
            say nothing about buckets of devices.
        free_at: When its schedule ends, UTC; None while that is not known.
    """

    key: str
    because: str
    ground: Ground
    shared: tuple[str, ...]
    audience: str
    buckets: BucketSet
    free_at: datetime | None


def shared_ground(spec: ExperimentSpec, other: ExperimentSpec, surface: Surface) -> str | None:
    """Return why the two conflict, in words, or None when they may overlap.

    Sharing a parameter, a layer or a tag is no conflict when their audiences are provably disjoint;
    isolation always is.
    """
    common = _shared(spec, layers_of(spec, surface), other, surface)
    return None if common is None else _in_words(*common)


def never_meet(audience: str, other: str, surface: Surface) -> bool:
    """Return whether it is proven that no unit is ever in both audiences.

    Only attributes that the surface declares fixed prove it. An audience that cannot be read proves nothing here; it is
    refused where it is written.
    """
    attributes = tuple(surface.attributes.values())
    fixed = frozenset(attribute.key for attribute in attributes if attribute.fixed)
    # Most pairs are settled without looking: everyone meets everyone, and without a fixed attribute nothing is proven.
    if not fixed or audience == other or EVERYONE in (audience.strip(), other.strip()):
        return False
    return _proven(audience, other, attributes)


@lru_cache(maxsize=65_536)
def _proven(audience: str, other: str, attributes: tuple[Attribute, ...]) -> bool:
    declared = {attribute.key: attribute for attribute in attributes}
    fixed = frozenset(attribute.key for attribute in attributes if attribute.fixed)
    try:
        return disjoint(compile_audience(audience, declared), compile_audience(other, declared), fixed)
    except InvalidInput:
        return False


def rivals_of(spec: ExperimentSpec, *, unit: str, territory: Territory) -> tuple[Rival, ...]:
    """Return the experiments that hold buckets which `spec`, randomising `unit`, may not draw, in order of key."""
    return tuple(_rivals(spec, unit, territory))


def exclusivity_findings(experiment: Experiment, territory: Territory) -> tuple[Finding, ...]:
    """Return one refusal for each rival or holdout that holds a bucket of `experiment` too.

    This is the law that draws obey, checked again on what was drawn, since the territory may have changed since.
    """
    findings: list[Finding] = []
    for rival in rivals_of(experiment.spec, unit=experiment.unit, territory=territory):
        shared = len(experiment.reserved & rival.buckets)
        if shared:
            findings.append(
                _taken(experiment.key, f"experiments.{rival.key}", f"'{rival.key}' ({rival.because})", shared)
            )
    for holdout in territory.holdouts.values():
        shared = len(experiment.reserved & (holdout.status_quo | holdout.shipped_only))
        if shared and covers(holdout, experiment.spec, territory.surface):
            findings.append(_taken(experiment.key, f"holdouts.{holdout.key}", f"holdout '{holdout.key}'", shared))
    for domain in territory.domains.values():
        shared = len(experiment.reserved & domain.buckets)
        if shared and experiment.spec.domain != domain.key:
            findings.append(_taken(experiment.key, f"domains.{domain.key}", f"domain '{domain.key}'", shared))
    return tuple(findings)


def _rivals(spec: ExperimentSpec, unit: str, territory: Territory) -> Iterator[Rival]:
    layers = layers_of(spec, territory.surface)
    for key, other in sorted(territory.experiments.items()):
        if key == spec.key or not holds_buckets(other):
            continue
        common = _shared(spec, layers, other.spec, territory.surface)
        if common is None:
            continue
        because = _in_words(*common)
        if other.unit != unit:
            because, buckets = f"{because}, and it randomises {other.unit}, not {unit}", BucketSet.full()
        else:
            buckets = other.reserved
        yield Rival(
            key=key,
            because=because,
            ground=common[0],
            shared=common[1],
            audience=other.spec.audience,
            buckets=buckets,
            free_at=_scheduled_end(other),
        )


def _shared(
    spec: ExperimentSpec, layers: frozenset[str], other: ExperimentSpec, surface: Surface
) -> tuple[Ground, tuple[str, ...]] | None:
    if spec.isolated or other.isolated:
        return Ground.ISOLATED, tuple(one.key for one in (spec, other) if one.isolated)
    # A parameter belongs to one layer, so who shares no layer shares no parameter.
    common = layers & layers_of(other, surface)
    if not common or never_meet(spec.audience, other.audience, surface):
        return None
    if parameters := set(spec.parameters) & set(other.parameters):
        return Ground.PARAMETER, tuple(sorted(parameters))
    declared = common & surface.layers.keys()
    return (Ground.LAYER, tuple(sorted(declared))) if declared else (Ground.TAG, tuple(sorted(common)))


def _in_words(ground: Ground, shared: tuple[str, ...]) -> str:
    if ground is Ground.ISOLATED:
        return f"'{shared[0]}' is isolated"
    if ground is Ground.PARAMETER:
        return f"both set {shared[0]}"
    return f"both are in layer {shared[0]}" if ground is Ground.LAYER else f"both carry tag {shared[0]}"


def _scheduled_end(experiment: Experiment) -> datetime | None:
    """Return when its days are over: counted from its start, or from the start it is scheduled for."""
    begins = experiment.started_at
    if begins is None and experiment.spec.schedule.start is not None:
        try:
            begins = datetime.fromisoformat(experiment.spec.schedule.start)
        except ValueError:
            return None
    # Without a zone it is no moment; once ended it stays reserved until somebody archives it.
    if begins is None or begins.tzinfo is None or experiment.ended_at is not None:
        return None
    return begins + timedelta(days=experiment.spec.schedule.days)


def _taken(key: str, path: str, holder: str, n_shared: int) -> Finding:
    return Finding(
        code="buckets_taken",
        severity=Severity.ERROR,
        path=path,
        message=f"{n_shared} buckets of '{key}' belong to {holder}; draw again",
        facts={"experiment": key, "holder": path, "n_buckets": n_shared},
    )
