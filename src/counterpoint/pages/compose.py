"""Making a page from its recorded inputs: gates, sources, rules, layout, selection; pure but for timing itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from counterpoint.pages.draw import draw
from counterpoint.pages.evidence import StageRecord, StageStatus, Trace
from counterpoint.pages.fallback import fallback, give_up, lost_essential
from counterpoint.pages.index import PageIndex
from counterpoint.pages.inputs import Inputs
from counterpoint.pages.judge import Candidates, judge
from counterpoint.pages.page import Page, PageStatus, ReadExposure, ReadValue, SnapshotStamp
from counterpoint.pages.ports import PageConfig
from counterpoint.pages.request import Request
from counterpoint.pages.slate import choose
from counterpoint.pages.sourcing import propose, questions_of
from counterpoint.pages.stages import SELECTION_RULES, PageDeclaration
from counterpoint.pages.visit import Visit
from counterpoint.pages.watch import Watch
from counterpoint.recommend import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What every page of one moment is made with: the catalogue, the models, the declaration and a stopwatch.

    Attributes:
        clock: Seconds, monotonic; it times stages and changes no page.
    """

    declaration: PageDeclaration
    index: PageIndex
    rankers: Mapping[str, Model]
    clock: Callable[[], float]


def compose(request: Request, config: PageConfig, inputs: Inputs, kit: Kit) -> Page:
    """Return the page: equal arguments give an equal page, however often and wherever it is made.

    Raises:
        InvalidInput: The configuration names something that is not there, such as a ranker nobody loaded.
    """
    visit = Visit(request=request, config=config, inputs=inputs, index=kit.index, rankers=kit.rankers)
    watch = Watch(kit.clock, list(inputs.stages))
    if inputs.history_status is not StageStatus.OK:
        visit.degrade(f"history_{inputs.history_status}")
    if config.is_stale:
        visit.degrade("config_stale")
    # Asked before the page is composed, so read first: a page made again reads in the order of the one served.
    questions_of(visit, kit.declaration)
    candidates = propose(visit, kit.declaration, watch)
    judge(visit, candidates, kit.declaration)
    watch.note("rules", "all", n_in=len(candidates.rows), n_out=int(np.count_nonzero(candidates.fates == 0)))
    chosen = choose(visit, candidates, kit.declaration)
    status = PageStatus.COMPLETE
    parts = [candidates]
    if not chosen or lost_essential(candidates, chosen):
        replacement, again = fallback(visit, kit.declaration)
        if again or not chosen:
            give_up(candidates, kit.declaration)
            parts.append(replacement)
            chosen, status = again, PageStatus.FALLBACK
    watch.note("select", "all", n_in=len(candidates.rows), n_out=sum(len(one.rows) for one in chosen))
    if status is PageStatus.COMPLETE and visit.degradations:
        status = PageStatus.DEGRADED
    drawn = draw(visit, chosen, kit.declaration)
    watch.note("marshal", "page", n_in=len(chosen), n_out=len(drawn.shelves))
    return Page(
        request=request,
        snapshot=SnapshotStamp(id=config.snapshot_id, release=config.release, age_s=config.age_s),
        status=status,
        reasons=tuple(visit.degradations),
        shelves=drawn.shelves,
        presentation=drawn.presentation,
        loading=drawn.loading,
        reads={
            read.parameter: ReadValue(
                value=read.value, reason=str(read.reason), experiment=read.experiment, variant=read.variant
            )
            for read in config.reads
        },
        exposures=_exposures(config),
        trace=_trace(parts, kit.declaration, tuple(watch.records)),
    )


def _exposures(config: PageConfig) -> tuple[ReadExposure, ...]:
    """Return the first read of each experiment of this unit, in order."""
    first: dict[str, ReadExposure] = {}
    for read in config.reads:
        if (
            read.is_exposure
            and read.experiment is not None
            and read.variant is not None
            and read.experiment not in first
        ):
            first[read.experiment] = ReadExposure(
                experiment=read.experiment, variant=read.variant, parameter=read.parameter
            )
    return tuple(first.values())


def _trace(parts: list[Candidates], declaration: PageDeclaration, stages: tuple[StageRecord, ...]) -> Trace:
    first, *rest = parts
    offsets = list(first.offsets)
    for part in rest:
        offsets.extend(offsets[-1] + offset for offset in part.offsets[1:])
    shelves = [shelf for part in parts for shelf in part.shelves]
    return Trace(
        shelves=tuple(shelf.key for shelf in shelves),
        sources=tuple(shelf.source_key for shelf in shelves),
        offsets=tuple(offsets),
        rows=first.rows if not rest else np.concatenate([part.rows for part in parts]),
        scores=first.scores if not rest else np.concatenate([part.scores for part in parts]),
        fates=first.fates if not rest else np.concatenate([part.fates for part in parts]),
        dropped=first.dropped if not rest else np.concatenate([part.dropped for part in parts]),
        unknown=first.unknown if not rest else np.concatenate([part.unknown for part in parts]),
        rules=(*declaration.filter_keys, *SELECTION_RULES),
        stages=stages,
    )
