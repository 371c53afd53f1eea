"""Opening shelves and fetching their candidates, each source once: failures cost a shelf, never the page."""

from dataclasses import replace

import numpy as np

from counterpoint.pages.evidence import MISCONFIGURED, Rows, StageStatus
from counterpoint.pages.judge import Candidates, lawful
from counterpoint.pages.stages import Fetched, PageDeclaration, RemoteSource, ShelfDeclaration
from counterpoint.pages.visit import Visit
from counterpoint.pages.watch import Watch

N_EDITORS = 40
N_EDITORS_JUDGED = 4_000
NO_ROWS: Rows = np.empty(0, dtype=np.int64)


def opens(visit: Visit, shelf: ShelfDeclaration) -> bool:
    """Return whether every gate of `shelf` opens; one that fails closes only optional shelves."""
    for gate in shelf.gates:
        try:
            if not gate.opens(visit):
                return False
        except MISCONFIGURED:
            raise
        except Exception as failure:
            # A broken gate is that gate's affair; the page is answered without the shelf, and says so.
            visit.degrade(f"gate_failed:{shelf.key}:{type(failure).__name__}")
            return shelf.essential
    return True


def questions_of(visit: Visit, declaration: PageDeclaration) -> dict[str, tuple[RemoteSource, float]]:
    """Return what this page asks of remote sources: question -> source and how long to wait, in milliseconds."""
    questions: dict[str, tuple[RemoteSource, float]] = {}
    for shelf in declaration.shelves:
        if shelf.remote is not None and opens(visit, shelf):
            questions[shelf.remote.question(visit)] = (shelf.remote, shelf.remote.timeout_ms(visit))
    return questions


def propose(visit: Visit, declaration: PageDeclaration, watch: Watch) -> Candidates:
    """Return the candidates of every shelf whose gates open, in declared order."""
    shelves: list[ShelfDeclaration] = []
    fetched: list[Fetched] = []
    shared: dict[str, Fetched] = {}
    for shelf in declaration.shelves:
        if not opens(visit, shelf):
            watch.note("gate", shelf.key, status=StageStatus.GATED)
            continue
        key = shelf.source_key
        found = shared.get(key)
        if found is None:
            found = shared[key] = _fetch(visit, shelf, declaration)
            watch.note("source", key, status=found.status, n_out=len(found.rows), reason=found.reason)
        shelves.append(shelf)
        fetched.append(found)
    return Candidates(shelves, fetched)


def _fetch(visit: Visit, shelf: ShelfDeclaration, declaration: PageDeclaration) -> Fetched:
    try:
        found = shelf.source.fetch(visit) if shelf.source else _recorded(visit, shelf)
    except MISCONFIGURED:
        raise
    except Exception as failure:
        # Whoever wrote the source, its failure costs its shelf and no more.
        found = Fetched(rows=NO_ROWS, status=StageStatus.FAILED, reason=type(failure).__name__)
    if found.status in (StageStatus.FAILED, StageStatus.TIMEOUT, StageStatus.STALE):
        visit.degrade(f"source_{found.status}:{shelf.source_key}")
        if shelf.falls_back and not found.rows.size:
            visit.degrade(f"editors:{shelf.key}")
            return replace(found, rows=editors(visit, declaration))
    elif not found.rows.size:
        return replace(found, status=StageStatus.EMPTY)
    return found


def _recorded(visit: Visit, shelf: ShelfDeclaration) -> Fetched:
    assert shelf.remote is not None  # noqa: S101 - declared: exactly one of the two
    answer = visit.inputs.remote.get(shelf.remote.question(visit))
    if answer is None:
        return Fetched(rows=NO_ROWS, status=StageStatus.FAILED, reason="not_recorded")
    rows = visit.index.rows_of(answer.items)
    n_unknown = len(answer.items) - len(rows)
    return Fetched(
        rows=rows,
        title=answer.title,
        explanation=answer.explanation,
        status=answer.status,
        reason=answer.reason or (f"unknown_items:{n_unknown}" if n_unknown else ""),
    )


def editors(visit: Visit, declaration: PageDeclaration) -> Rows:
    """Return the editors' list as far as policy allows it here: theirs when they wrote one, else popular music.

    Judged before it is cut, so that a strict policy leaves a shorter list and not an empty page.
    """
    index = visit.index
    ranked = index.editors if index.editors.size else index.music
    return lawful(visit, ranked[:N_EDITORS_JUDGED], declaration)[:N_EDITORS]
