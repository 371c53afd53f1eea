"""Where shelves stand on the page, and in which folds they reach the client."""

from collections.abc import Sequence

from counterpoint.pages.page import LoadPlan
from counterpoint.pages.visit import Visit
from counterpoint.vocabulary import digest


def arrange(wanted: Sequence[int | None]) -> list[int]:
    """Return the order in which shelves stand.

    Args:
        wanted: For each shelf, in declared order, the place it is pinned to (from 1), or None where it floats.

    Returns:
        Indices into `wanted`, top first. A pinned shelf stands at its place, or at the next one when an earlier
        pinned shelf has it; floating shelves fill what is left; places beyond the last shelf close up.

    Examples:
        >>> arrange([None, None, 1, 3])
        [2, 0, 3, 1]
        >>> arrange([None, 9, 9])
        [0, 1, 2]
    """
    held: dict[int, int] = {}
    for shelf, place in sorted(
        ((s, p) for s, p in enumerate(wanted) if p is not None), key=lambda pair: (pair[1], pair[0])
    ):
        free = place
        while free in held:
            free += 1
        held[free] = shelf
    floating = [shelf for shelf, place in enumerate(wanted) if place is None]
    order: list[int] = []
    next_floating = 0
    for place in range(1, max(held, default=0) + 1):
        if place in held:
            order.append(held[place])
        elif next_floating < len(floating):
            order.append(floating[next_floating])
            next_floating += 1
    return order + floating[next_floating:]


def load_plan(visit: Visit, shelves: Sequence[str]) -> LoadPlan:
    """Return how `shelves`, top first and at least one, reach the client."""
    mode = visit.text("loading.mode")
    folds: tuple[tuple[str, ...], ...] = (tuple(shelves),)
    cursor = None
    if mode != "full":
        n_first = visit.whole("loading.first_fold_shelves")
        if len(shelves) > n_first:
            folds = (tuple(shelves[:n_first]), tuple(shelves[n_first:]))
            if mode == "paged":
                cursor = _cursor(visit, folds[0])
    return LoadPlan(
        mode=mode,
        folds=folds,
        cursor=cursor,
        prefetch_next=visit.truth("loading.prefetch_next"),
        max_age_s=visit.whole("loading.cache_ttl_s"),
    )


def _cursor(visit: Visit, served: Sequence[str]) -> str:
    # Page two must run under the config, chance and moment of page one: whatever differs changes the cursor.
    request = visit.request
    pinned = {
        "request_id": request.request_id,
        "snapshot": visit.config.snapshot_id,
        "seed": request.seed,
        "now": request.now.isoformat(),
        "served": list(served),
    }
    return f"{len(served)}.{digest(pinned)[:16]}"
