"""Snapshots by the release, a clock that is moved by hand, and a feed served on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import uvicorn

from api.fake_platform import FakePlatform
from counterpoint.api import create_app
from counterpoint.assignment import BucketSet
from counterpoint.bootstrap import Fleet
from counterpoint.config import (
    AttributeSchema,
    BaselineRule,
    LiveExperiment,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    compile_snapshot,
    encode_snapshot,
    snapshot_id,
)
from counterpoint.storage.snapshots import LastGood
from memory_documents import MemoryDocuments

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERYBODY = BucketSet((1 << 10_000) - 1).to_text()
HALVES = LiveExperiment(
    key="halves",
    salt="halves",
    unit="user_id",
    audience='country == "SE"',
    buckets=EVERYBODY,
    variants=(VariantSlice(key="control", weight=1), VariantSlice(key="treatment", weight=1, set={"rows": 7})),
)


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def snapshot(release: int = 1, **changes: Any) -> Snapshot:
    fields: dict[str, Any] = {
        "surface": "home",
        "release": release,
        "created_at": NOW - timedelta(hours=1) + timedelta(seconds=release),
        "unit": "user_id",
        "bucket_salt": "buckets/home",
        "attributes": (AttributeSchema(key="country", type="string"), AttributeSchema(key="age", type="int")),
        "parameters": (
            ParameterSchema(key="rows", type="int", baseline=3, min=1, max=9),
            ParameterSchema(key="title", type="string", baseline="Good morning"),
            ParameterSchema(key="dense", type="bool", baseline=False),
            ParameterSchema(key="zoom", type="float", baseline=1.5),
        ),
        "rules": (BaselineRule(key="norway", audience='country == "NO"', set={"title": "God morgen"}),),
    }
    return Snapshot(**{**fields, **changes})


def put(good: LastGood, made: Snapshot, at: datetime = NOW) -> bool:
    return good.put(compile_snapshot(made, confirmed_at=at), encode_snapshot(made), "releases")


def take(good: LastGood, made: Snapshot, at: datetime = NOW, age_s: float = 0.0, **changes: Any) -> bool:
    asked = {"expected_id": snapshot_id(made), "now": at, "age_s": age_s, **changes}
    return good.take(made.surface, encode_snapshot(made), **asked)


def distributing(good: LastGood, clock: Callable[[], datetime] = lambda: NOW) -> Any:
    """Return a platform that answers like the fake one, and distributes `good`."""
    fake = FakePlatform()
    return SimpleNamespace(
        delivery=fake.delivery,
        control=fake.control,
        meters=fake.meters,
        snapshots=good,
        fleet=Fleet(clock, MemoryDocuments()),
        clock=clock,
    )


class Served:
    """An application on a port of loopback, which can be stopped and started again there."""

    def __init__(self, app: Any, good: LastGood) -> None:
        self._app = app
        self._good = good
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._good.closed = False
        config = uvicorn.Config(self._app, log_level="error", lifespan="off", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        eventually(lambda: self._server.started)

    def stop(self) -> None:
        self._good.close()
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()


@contextmanager
def served(app: Any, good: LastGood) -> Iterator[Served]:
    server = Served(app, good)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def served_feed(good: LastGood, clock: Callable[[], datetime] = lambda: NOW) -> Iterator[Served]:
    with served(create_app(distributing(good, clock)), good) as server:
        yield server


def eventually(holds: Callable[[], Any], within_s: float = 15.0) -> None:
    """Wait until `holds()`; the limit only keeps a failing test from hanging."""
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.005)
