"""Which buckets an experiment gets: drawn at random from what is free, in an order that its ramp then follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from counterpoint.assignment import N_BUCKETS, BucketSet
from counterpoint.errors import Conflict, InvalidInput, NotFound
from counterpoint.experiments.conflicts import Rival, Territory, rivals_of
from counterpoint.experiments.drawing import first_drawn, n_buckets_of
from counterpoint.experiments.experiment import Experiment, State, stage_shares
from counterpoint.experiments.holdouts import Domain, Holdout, covers, pools_of
from counterpoint.experiments.spec import ExperimentSpec


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
    holding = (
        Rival(key=rival.key, because=rival.because, buckets=rival.buckets & free, free_at=rival.free_at)
        for rival in rivals
    )
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
    # A key is never used twice on a surface, so neither are its salts.
    seed = f"{spec.surface}/{spec.key}"
    return Experiment(
        spec=spec,
        unit=unit_of(spec, territory),
        salt=f"split/{seed}",
        draw_seed=seed,
        reserved=first_drawn(seed, space.free, space.n_wanted),
        owned=BucketSet(),
        state=State.APPROVED,
        created_at=at,
        created_by=by,
        updated_at=at,
    )


def stage_buckets(experiment: Experiment, stage: int) -> BucketSet:
    """Return the buckets of ramp stage `stage`: the first of its reservation in draw order.

    Each stage holds the one before, so a unit that is in stays in, in its variant; the same stage is the same
    buckets whenever it is asked for, so a restart finds the units where they were.
    """
    n = n_buckets_of(stage_shares(experiment.spec)[stage])
    return first_drawn(experiment.draw_seed, experiment.reserved, n)


def draw_holdout_sets(
    key: str, *, share: float, unit: str, territory: Territory, covered: Holdout | None = None
) -> tuple[BucketSet, BucketSet]:
    """Return the `status_quo` and `shipped_only` buckets of a new holdout, each `share` of the surface's units.

    They come from the holdout pool first, then from buckets that no experiment, holdout or domain holds.

    Args:
        covered: The holdout as far as it is known, to leave out experiments it does not cover; None covers all.

    Raises:
        Conflict: `no_free_space`.
        InvalidInput: `bad_share`.
    """
    if not 0 < share <= 0.5:
        raise InvalidInput(
            "bad_share",
            f"share {share:g} for each of two sets",
            where=f"holdouts.{key}.share",
            fix="give 0 < share <= 0.5",
        )
    pools = pools_of(territory.surface)
    held = BucketSet()
    for other in territory.holdouts.values():
        held = held | other.status_quo | other.shipped_only
    for domain in territory.domains.values():
        held = held | domain.buckets
    for experiment in territory.experiments.values():
        if experiment.unit == unit and (covered is None or covers(covered, experiment.spec, territory.surface)):
            held = held | experiment.reserved
    n = n_buckets_of(share)
    seed = f"holdout/{territory.surface.key}/{key}"
    first = first_drawn(seed, pools.holdout - held, 2 * n)
    rest = first_drawn(seed, BucketSet.full() - pools.holdout - pools.isolated - held, 2 * n - len(first))
    both = first | rest
    if len(both) < 2 * n:
        raise Conflict(
            "no_free_space",
            f"{len(both)} of the {2 * n} buckets of a holdout of {share:g} are free",
            where=f"holdouts.{key}.share",
            fix="choose a smaller share, or archive experiments that are over",
            facts={"n_wanted": 2 * n, "n_free": len(both)},
        )
    # A second seed decides which half is which, or the pool's end would always be one of them.
    status_quo = first_drawn(f"half/{seed}", both, n)
    return status_quo, both - status_quo


def draw_domain(key: str, *, share: float, owner: str, territory: Territory) -> Domain:
    """Return a domain of `share` of the surface's units, drawn from buckets that nobody holds.

    Raises:
        Conflict: `no_free_space`.
        InvalidInput: `bad_share`.
    """
    if not 0 < share <= 1:
        raise InvalidInput("bad_share", f"share {share:g}", where=f"domains.{key}.share", fix="give 0 < share <= 1")
    pools = pools_of(territory.surface)
    free = BucketSet.full() - pools.holdout - pools.isolated
    for other in territory.domains.values():
        free = free - other.buckets
    for holdout in territory.holdouts.values():
        free = free - holdout.status_quo - holdout.shipped_only
    for experiment in territory.experiments.values():
        free = free - experiment.reserved
    n = n_buckets_of(share)
    if len(free) < n:
        raise Conflict(
            "no_free_space",
            f"{len(free)} of the {n} buckets of a domain of {share:g} are free",
            where=f"domains.{key}.share",
            fix=f"choose a share of at most {len(free) / N_BUCKETS:g}",
            facts={"n_wanted": n, "n_free": len(free)},
        )
    return Domain(key=key, owner=owner, buckets=first_drawn(f"domain/{territory.surface.key}/{key}", free, n))


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
