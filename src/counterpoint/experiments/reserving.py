"""Setting buckets aside: the two halves of a holdout, the ground of a programme."""

from counterpoint.assignment import N_BUCKETS, BucketSet
from counterpoint.errors import Conflict, InvalidInput
from counterpoint.experiments.conflicts import Territory
from counterpoint.experiments.drawing import first_drawn, n_buckets_of
from counterpoint.experiments.holdouts import Domain, Holdout, covers, pools_of
from counterpoint.vocabulary import KEY_RULE, is_key


def draw_holdout_sets(
    key: str, *, share: float, unit: str, territory: Territory, covered: Holdout | None = None
) -> tuple[BucketSet, BucketSet]:
    """Return the `status_quo` and `shipped_only` buckets of a new holdout, each `share` of the surface's units.

    They come from the holdout pool first, then from buckets that no experiment, holdout or domain holds.

    Args:
        covered: The holdout as far as it is known, to leave out experiments it does not cover; None covers all.

    Raises:
        Conflict: `no_free_space`.
        InvalidInput: `bad_key` or `bad_share`.
    """
    _require_key(key, where="holdouts")
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
        InvalidInput: `bad_key` or `bad_share`.
    """
    _require_key(key, where="domains")
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


def _require_key(key: str, *, where: str) -> None:
    if not is_key(key):
        raise InvalidInput("bad_key", f"'{key[:60]}' is no key", where=where, fix=KEY_RULE)
