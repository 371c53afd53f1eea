"""The edge of the page: ask the outside within its deadlines, then compose."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from counterpoint.pages.compose import Kit, compose
from counterpoint.pages.evidence import MISCONFIGURED, StageRecord, StageStatus
from counterpoint.pages.home import HOME
from counterpoint.pages.inputs import Inputs, RemoteResult
from counterpoint.pages.last_pages import LastPage
from counterpoint.pages.listener import NO_HISTORY, History
from counterpoint.pages.page import Page, PageStatus
from counterpoint.pages.ports import PageConfig, World
from counterpoint.pages.request import Request
from counterpoint.pages.sourcing import questions_of
from counterpoint.pages.stages import PageDeclaration, RemoteSource
from counterpoint.pages.visit import Visit


async def serve_page(request: Request, config: PageConfig, world: World, declaration: PageDeclaration = HOME) -> Page:
    """Return the page for `request`; it is always answered, and says how complete it is.

    Args:
        config: The values of this request; the page records its reads there.

    Raises:
        InvalidInput: The configuration names something that does not exist. Never for a dependency that is down.
    """
    page, _ = await serve_recorded(request, config, world, declaration)
    return page


async def serve_recorded(
    request: Request, config: PageConfig, world: World, declaration: PageDeclaration = HOME
) -> tuple[Page, Inputs]:
    """Return the page with the inputs that it was made from: with them it can be made again."""
    inputs = await gather(request, config, world, declaration)
    page = compose(request, config, inputs, kit_of(world, declaration))
    if world.last_pages is not None and request.leaves_records and page.status is PageStatus.COMPLETE:
        world.last_pages.keep(request.unit, _remembered(page))
    return page, inputs


def kit_of(world: World, declaration: PageDeclaration) -> Kit:
    """Return what pages of `declaration` are made with in `world`: its immutable parts, none of its ports."""
    return Kit(declaration=declaration, index=world.index, rankers=world.rankers, clock=world.clock)


async def gather(request: Request, config: PageConfig, world: World, declaration: PageDeclaration) -> Inputs:
    """Return what the page needs from outside: the listener first, then every remote source whose gates open."""
    history, status, stage = await _hydrate(request, world, declaration)
    last_page = world.last_pages.recall(request.unit, request.now.timestamp()) if world.last_pages else None
    inputs = Inputs(history=history, history_status=status, last_page=last_page, stages=(stage,))
    return await ask_remotes(inputs, request, config, world, declaration)


async def ask_remotes(
    inputs: Inputs, request: Request, config: PageConfig, world: World, declaration: PageDeclaration
) -> Inputs:
    """Return `inputs` with the answers that a page under `config` needs; known ones are not asked again."""
    visit = Visit(request=request, config=config, inputs=inputs, index=world.index, rankers=world.rankers)
    questions = {
        question: asked for question, asked in questions_of(visit, declaration).items() if question not in inputs.remote
    }
    if not questions:
        return inputs
    # Whatever the source asks for, the page is answered in time: what was spent is gone, and composing takes its share.
    spent_ms = sum(stage.elapsed_us for stage in inputs.stages) / 1000.0
    left_ms = max(1.0, declaration.deadline_ms - declaration.compose_ms - spent_ms)
    answers = await asyncio.gather(
        *(
            _ask(request, question, world, remote, min(timeout_ms, left_ms))
            for question, (remote, timeout_ms) in questions.items()
        )
    )
    known = zip(questions, answers, strict=True)
    remote = {question: _or_stale(request, question, answer, world) for question, answer in known}
    return replace(inputs, remote={**inputs.remote, **remote})


def _or_stale(request: Request, question: str, answer: RemoteResult, world: World) -> RemoteResult:
    """Return `answer`, or in place of a failure the last good one, marked; remember what is good."""
    memory, now_s = world.last_answers, request.now.timestamp()
    if memory is None:
        return answer
    if answer.status is StageStatus.OK and request.leaves_records:
        memory.keep(request.unit, question, answer, now_s)
    if answer.status not in (StageStatus.TIMEOUT, StageStatus.FAILED):
        return answer
    last = memory.recall(request.unit, question, now_s)
    return answer if last is None else replace(last, status=StageStatus.STALE, reason=answer.reason)


async def _hydrate(
    request: Request, world: World, declaration: PageDeclaration
) -> tuple[History, StageStatus, StageRecord]:
    hydrator, started = declaration.hydrator, world.clock()
    history, status, reason = NO_HISTORY, StageStatus.OK, ""
    try:
        async with asyncio.timeout(hydrator.timeout_ms / 1000.0):
            history = await hydrator.hydrate(request, world)
    except MISCONFIGURED:
        raise
    except TimeoutError:
        status, reason = StageStatus.TIMEOUT, "timeout"
    except Exception as failure:
        # Nobody's history is worth an unanswered page; the default is declared, and marked.
        status, reason = StageStatus.FAILED, type(failure).__name__
    elapsed_us = (world.clock() - started) * 1e6
    record = StageRecord(stage="hydrator", key=hydrator.key, status=status, elapsed_us=elapsed_us, reason=reason)
    return history, status, record


async def _ask(request: Request, question: str, world: World, remote: RemoteSource, timeout_ms: float) -> RemoteResult:
    try:
        async with asyncio.timeout(timeout_ms / 1000.0):
            return await remote.ask(request, question, world)
    except MISCONFIGURED:
        raise
    except TimeoutError:
        return RemoteResult(status=StageStatus.TIMEOUT, reason="timeout")
    except Exception as failure:
        # A remote source costs its shelf and no more.
        return RemoteResult(status=StageStatus.FAILED, reason=type(failure).__name__)


def _remembered(page: Page) -> LastPage:
    shelves: Sequence[tuple[str, str, tuple[str, ...]]] = [
        (shelf.key, shelf.title, tuple(card.item for card in shelf.cards)) for shelf in page.shelves
    ]
    return LastPage(at_s=page.request.now.timestamp(), shelves=tuple(shelves), reads=tuple(page.reads))
