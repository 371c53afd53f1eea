"""Which buckets an experiment gets: drawn at random from what is free, in an order that its ramp then follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from counterpoint.assignment import N_BUCKETS, BucketSet
from counterpoint.errors import Conflict, NotFound
from counterpoint.experiments.conflicts import Rival, Territory, exclusivity_findings, rivals_of
from counterpoint.experiments.drawing import first_drawn, n_buckets_of
from counterpoint.experiments.experiment import Experiment, State, stage_shares
from counterpoint.experiments.holdouts import covers, pools_of
from counterpoint.experiments.spec import ExperimentSpec
from counterpoint.vocabulary import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSpace:
    """What a design could draw now; buckets count in ten-thousandths of the surface's units.

    Attributes:
        n_wanted: Buckets that the design's allocation takes.
        free: The buckets it may draw from.
        rivals: Who holds the rest, the largest first, with the buckets that each keeps from this design.
        set_aside: Buckets that pools, holdouts and domains keep from it, by their path.
    """

    n_wanted: int
    free: BucketSet
    rivals: tuple[Rival, ...]
    set_aside: Mapping[str, int]

    @property
    def n_free(self) -> int:
        """How many buckets could be drawn."""
        return len(self.free)

    @property
    def share_free(self) -> float:
        """Largest allocation that would fit, in [0, 1]."""
        return self.n_free / N_BUCKETS

    @property
    def fits(self) -> bool:
        """Whether the design could be drawn now."""
        return self.n_wanted <= self.n_free


def unit_of(spec: ExperimentSpec, territory: Territory) -> str:
    """Return the attribute that `spec` randomises."""
    return spec.unit or territory.surface.unit


def free_space(spec: ExperimentSpec, territory: Territory) -> FreeSpace:
    """Return how many buckets `spec` could draw, and who holds the others.

    Raises:
        NotFound: `unknown_domain`, when the spec names a domain that the surface lacks.
    """
    free, set_aside = _ground(spec, territory)
    rivals = rivals_of(spec, unit=unit_of(spec, territory), territory=territory)
    left = free
    for rival in rivals:
        left = left - rival.buckets
    holding = (replace(rival, buckets=rival.buckets & free) for rival in rivals)
    return FreeSpace(
        n_wanted=n_buckets_of(spec.allocation),
        free=left,
        rivals=tuple(sorted(holding, key=lambda rival: (-len(rival.buckets), rival.key))),
        set_aside=set_aside,
    )


def allocate(spec: ExperimentSpec, territory: Territory, *, at: datetime, by: str) -> Experiment:
    """Return the approved experiment of `spec` with its buckets drawn.

    The share counts all buckets of the surface: they are filled independently of audiences, so a share of the
    buckets is that share of any audience's units.

    Args:
        at: When it is created, UTC.
        by: Who creates it.

    Raises:
        Conflict: `no_free_space`, whose facts name the rivals; `key_taken`.
        NotFound: `unknown_domain`.
    """
    if spec.key in territory.experiments:
        raise Conflict(
            "key_taken",
            f"'{spec.key}' exists",
            where="key",
            fix="choose another key; results are kept under it for good",
        )
    space = free_space(spec, territory)
    if not space.fits:
        raise Conflict(
            "no_free_space",
            f"{space.n_free} of the {space.n_wanted} buckets that allocation {spec.allocation:g} takes are free",
            where="allocation",
            fix=_what_would_fit(space),
            facts={
                "n_wanted": space.n_wanted,
                "n_free": space.n_free,
                "share_free": space.share_free,
                "rivals": [
                    {
                        "key": rival.key,
                        "because": rival.because,
                        "n_buckets": len(rival.buckets),
                        "free_at": rival.free_at.isoformat() if rival.free_at else None,
                    }
                    for rival in space.rivals
                ],
                "set_aside": dict(space.set_aside),
            },
        )
    seed = _seed_of(spec)
    return Experiment(
        spec=spec,
        unit=unit_of(spec, territory),
        salt=_salt_of(spec),
        draw_seed=seed,
        reserved=first_drawn(seed, space.free, space.n_wanted),
        owned=BucketSet(),
        state=State.APPROVED,
        created_at=at,
        created_by=by,
        updated_at=at,
    )


def draw_findings(experiment: Experiment, territory: Territory) -> tuple[Finding, ...]:
    """Return what is wrong with the draw of an experiment that is about to be added, whoever made it.

    Codes: `buckets_taken`; `buckets_set_aside`, when it draws from a pool or from outside its domain; `wrong_draw`,
    when it holds more or fewer buckets than its allocation says, or hashes by another unit or salt than its key gives.
    """
    taken = exclusivity_findings(experiment, territory)
    if taken:
        return taken
    space = free_space(experiment.spec, territory)
    n_outside = len(experiment.reserved - space.free)
    if n_outside:
        message = f"{n_outside} of its buckets are set aside for others; draw again"
        return (_wrong(experiment, "buckets_set_aside", "reserved", message),)
    findings: list[Finding] = []
    if len(experiment.reserved) != space.n_wanted:
        message = f"it holds {len(experiment.reserved)} buckets, and its allocation is {space.n_wanted}"
        findings.append(_wrong(experiment, "wrong_draw", "reserved", message))
    expected = {
        "unit": unit_of(experiment.spec, territory),
        "salt": _salt_of(experiment.spec),
        "draw_seed": _seed_of(experiment.spec),
    }
    for name, wanted in expected.items():
        if getattr(experiment, name) != wanted:
            # A salt of another experiment would tie the two splits together.
            message = f"its {name} is '{getattr(experiment, name)}' and has to be '{wanted}'"
            findings.append(_wrong(experiment, "wrong_draw", name, message))
    return tuple(findings)


def stage_buckets(experiment: Experiment, stage: int) -> BucketSet:
    """Return the buckets of ramp stage `stage`: the first of its reservation in draw order.

    Each stage holds the one before, so a unit that is in stays in, in its variant; the same stage is the same
    buckets whenever it is asked for, so a restart finds the units where they were.
    """
    n = n_buckets_of(stage_shares(experiment.spec)[stage])
    return first_drawn(experiment.draw_seed, experiment.reserved, n)


def _seed_of(spec: ExperimentSpec) -> str:
    # A key is never used twice on a surface, so neither are its seeds and salts.
    return f"{spec.surface}/{spec.key}"


def _salt_of(spec: ExperimentSpec) -> str:
    return f"split/{_seed_of(spec)}"


def _wrong(experiment: Experiment, code: str, field: str, message: str) -> Finding:
    path = f"experiments.{experiment.key}.{field}"
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message)


def _ground(spec: ExperimentSpec, territory: Territory) -> tuple[BucketSet, Mapping[str, int]]:
    # The buckets that the design could draw if it had no rival, and what keeps it from the others.
    pools = pools_of(territory.surface)
    set_aside: dict[str, int] = {}
    if spec.domain is not None:
        if spec.domain not in territory.domains:
            known = ", ".join(sorted(territory.domains)) or "none"
            raise NotFound(
                "unknown_domain", f"no domain '{spec.domain}'", where="domain", fix=f"domains of this surface: {known}"
            )
        ground = territory.domains[spec.domain].buckets
    else:
        ground = BucketSet.full() - pools.holdout
        set_aside["pools.holdout"] = len(pools.holdout)
        if not spec.isolated:
            ground = ground - pools.isolated
            set_aside["pools.isolated"] = len(pools.isolated)
        for domain in territory.domains.values():
            set_aside[f"domains.{domain.key}"] = len(domain.buckets & ground)
            ground = ground - domain.buckets
    for holdout in territory.holdouts.values():
        if covers(holdout, spec, territory.surface):
            both = (holdout.status_quo | holdout.shipped_only) & ground
            set_aside[f"holdouts.{holdout.key}"] = len(both)
            ground = ground - both
    return ground, set_aside


def _what_would_fit(space: FreeSpace) -> str:
    waits = sorted(rival.free_at for rival in space.rivals if rival.free_at is not None and len(rival.buckets))
    if space.n_free:
        return f"ask for at most {space.share_free:g}" + (
            f", or wait until {waits[0]:%Y-%m-%d %H:%M} UTC" if waits else ""
        )
    return f"wait until {waits[0]:%Y-%m-%d %H:%M} UTC" if waits else "archive an experiment that is over"
