"""Launches that publish on one surface at once take turns: none is overtaken until it gives up."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.errors import DependencyFailure
from counterpoint.orchestration import Desired, Goal, Receipt, SurfaceBackend
from counterpoint.releases import Attestation, Change, Release, SetBaseline
from experiment_examples import KEY, NOW, a_spec, attested, first_release, published

N = 30


def wanted(key: str) -> Desired:
    return Desired(
        launch_id=key,
        spec=a_spec(key, allocation=0.02),
        goal=Goal.START,
        stage=0,
        actor="ada",
        reason="approved",
        now=NOW,
    )


def slowly(change: Change, base: Release | None, now: datetime) -> Attestation:
    # As long as a real validator looks, somebody else could publish.
    time.sleep(0.005)
    return attested(change)


def test_launches_that_publish_at_once_all_get_their_release() -> None:
    store = MemoryReleaseStore()
    first_release(store)
    backend = SurfaceBackend(store, slowly, KEY)

    def start(place: int) -> Receipt:
        desired = wanted(f"e{place}")
        return backend.apply(desired, backend.plan(desired), f"e{place}:begin:surface")

    with ThreadPoolExecutor(N) as pool:
        receipts = list(pool.map(start, range(N)))
    assert sorted(receipt.detail["release"] for receipt in receipts) == list(range(2, N + 2))
    assert all(backend.verify(receipt) is None for receipt in receipts)


def test_one_that_other_processes_keep_overtaking_fails_in_a_way_that_is_tried_again() -> None:
    store = MemoryReleaseStore()
    first_release(store)
    values = itertools.cycle((2, 3))

    def overtaken(change: Change, base: Release | None, now: datetime) -> Attestation:
        published(store, SetBaseline(values={"a.x": next(values)}))
        return attested(change)

    backend = SurfaceBackend(store, overtaken, KEY)
    desired = wanted("e1")
    with pytest.raises(DependencyFailure) as failed:
        backend.apply(desired, backend.plan(desired), "e1:begin:surface")
    assert failed.value.code == "surface_contended"
    assert failed.value.retryable
