"""Measure what the framework adds to a page: 16 shelves of 50 candidates, full trace, everything in memory.

Times are processor time of this thread, so that neighbours on the machine do not count.
"""

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from counterpoint.pages import HOME, MemoryHistory, index_catalogue, page_document, serve_page
from pages.page_world import FakeConfig, FakeRanker, a_history, a_request, a_world, synthetic_catalogue

N_PAGES = 1_500
N_LISTENERS = 50


async def main() -> None:
    """Serve pages one after another and print the quantiles of their time."""
    catalogue = synthetic_catalogue(18_000, 284)
    world = a_world(
        index=index_catalogue(catalogue),
        history=MemoryHistory({f"u{k}": a_history(k, catalogue=catalogue) for k in range(N_LISTENERS)}),
        rankers={"als": FakeRanker(catalogue)},
        clock=time.perf_counter,
    )
    everything = {"layout.max_shelves": 24}
    await _measure("Home as declared, cold listeners", world, {}, unit="stranger")
    await _measure("Home as declared, with history", world, {})
    await _measure("Home, all 16 shelves", world, everything)
    await _measure("Home, all 16 shelves, with document", world, everything, document=True)
    free = replace(world, rankers={"als": _FreeRanker(catalogue)})
    await _measure("Framework alone: 16 shelves, relevance for nothing", free, everything)


class _FreeRanker:
    """Answers with relevance computed beforehand: what remains is the framework's own time."""

    name = version = "free"

    def __init__(self, catalogue):
        self._relevance = np.random.default_rng(3).random(len(catalogue))

    def score(self, _state):
        return self._relevance


async def _measure(label, world, values, *, unit=None, document=False):
    times, cards, candidates = [], 0, 0
    for k in range(N_PAGES):
        request = a_request(unit or f"u{k % N_LISTENERS}", seed=k)
        config = FakeConfig(values)
        started = time.thread_time()
        page = await serve_page(request, config, world, HOME)
        if document:
            page_document(page)
        times.append((time.thread_time() - started) * 1e3)
        cards += sum(len(shelf.cards) for shelf in page.shelves)
        candidates += len(page.trace.rows)
    p50, p99 = np.quantile(times[N_LISTENERS:], (0.5, 0.99))
    print(
        f"{label:52} p50 {p50:5.2f} ms  p99 {p99:5.2f} ms  {1e3 / np.mean(times[N_LISTENERS:]):5.0f} pages/s  "
        f"{len(page.shelves)} shelves, {cards / N_PAGES:.0f} cards, {candidates / N_PAGES:.0f} candidates"
    )


if __name__ == "__main__":
    asyncio.run(main())
