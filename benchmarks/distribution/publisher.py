"""The publishing side: a control plane that serves its feed, and publishes when a line on its input says so."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvicorn

from counterpoint.api import create_app
from counterpoint.assignment import BucketSet
from counterpoint.bootstrap import Platform, opened, utc_now
from counterpoint.cli.chores import repeat
from counterpoint.cli.server import _bind
from counterpoint.config import (
    AttributeSchema,
    LiveExperiment,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    compile_snapshot,
    encode_snapshot,
)
from counterpoint.settings import read_settings
from counterpoint.storage.snapshots import LastGood

SPEC = {
    "kind": "experiment",
    "key": "podcasts-second",
    "surface": "home",
    "owner": "podcasts",
    "hypothesis": "Podcasts in second place get more listeners to play one.",
    "allocation": 0.1,
    "variants": [{"key": "control"}, {"key": "treatment", "set": {"podcasts.shelf_position": 2}}],
    "metrics": {
        "primary": {"metric": "podcast_starters_7d", "direction": "increase", "mde": 0.1},
        "guardrails": [
            {"metric": "home_empty_rate", "margin": 0.05},
            {"metric": "page_load_ms_p95", "margin_abs": 100},
        ],
    },
    "schedule": {"days": 14},
}
BASELINE = "visual.autoplay_preview"


def main() -> None:
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    if kind == "elsewhere":
        _publish_elsewhere(folder)
        return
    made = (
        _synthetic(int(kind.split("-")[1])) if kind.startswith("synthetic") else _home(folder, kind == "home-and-other")
    )
    with made as (app, good, do, chores):
        listener = _bind("127.0.0.1", 0)
        listener.listen(2048)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
        for chore, every_s in chores:
            threading.Thread(target=_forever, args=(chore, every_s), daemon=True).start()
        surface = good.surfaces()[0]
        _say(url=url, release=good.live(surface).release)
        for line in sys.stdin:
            began = time.time()
            release = do(line.strip())
            _say(began=began, release=release, bytes=len(good.live(surface).data), cpu_s=time.process_time())


@contextmanager
def _home(folder: Path, with_other: bool) -> Iterator[Any]:
    settings = replace(read_settings({}, data=folder), role="control")
    with opened(settings) as platform:
        launch = platform.control.submit(surface="home", author="bench", spec=SPEC)
        assert launch["state"] == "running", launch
        elsewhere = _Elsewhere(folder) if with_other else None
        paused = False

        def do(command: str) -> int:
            nonlocal paused
            if command == "baseline":
                return _set_baseline(platform)
            if command == "kill switch":
                paused = not paused
                platform.control.move("podcasts-second", "pause" if paused else "resume", actor="bench", reason="bench")
                return platform.snapshots.live("home").release
            assert elsewhere is not None
            return elsewhere.publish()

        yield create_app(platform), platform.snapshots, do, [(platform.control.published, 0.2)]
        if elsewhere is not None:
            elsewhere.close()


def _set_baseline(platform: Platform) -> int:
    live = platform.control.surface("home")["parameters"][BASELINE]["value"]
    edit = platform.configuring.edit(actor="bench", reason="bench")
    changed = platform.configuring.set_values("home", {BASELINE: not live}, edit, at_once=True)
    return int(changed["release"])


class _Elsewhere:
    """A second process on the same database."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.distribution.publisher", str(folder), "elsewhere"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def publish(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("publish\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline())["release"])

    def close(self) -> None:
        self._process.kill()


def _publish_elsewhere(folder: Path) -> None:
    with opened(read_settings({}, data=folder)) as platform:
        _say(ready=True)
        for _ in sys.stdin:
            _say(release=_set_baseline(platform))


@contextmanager
def _synthetic(n_experiments: int) -> Iterator[Any]:
    good = LastGood()
    number, level = 1, 0
    _put(good, n_experiments, number, level=level)

    def do(command: str) -> int:
        nonlocal number, level
        number += 1
        # A kill switch leaves everything as it is and takes one experiment away, every other time; the other command
        # moves the baseline of every parameter, so that nothing of the snapshot before can be taken over but buckets.
        level = level if command == "kill switch" else number % 100
        _put(good, n_experiments, number, level=level, killed=command == "kill switch" and number % 2 == 0)
        return number

    platform: Any = SimpleNamespace(
        delivery=None, control=None, meters=_meters(), snapshots=good, fleet=None, clock=utc_now
    )
    confirm = lambda: good.confirm("home", good.live("home").compiled.id, utc_now())  # noqa: E731 - a chore
    yield create_app(platform), good, do, [(confirm, 0.2)]


def _meters() -> Any:
    from counterpoint.telemetry import Meters

    return Meters()


def _put(good: LastGood, n: int, release: int, *, level: int, killed: bool = False) -> None:
    buckets = BucketSet((1 << 10_000) - 1).to_text()
    audience = 'country == "SE" && plan == "premium" && age > 20'
    snapshot = Snapshot(
        surface="home",
        release=release,
        created_at=datetime.now(UTC),
        unit="user_id",
        bucket_salt="buckets/home",
        attributes=tuple(
            AttributeSchema(key=key, type=kind)
            for key, kind in (("age", "int"), ("country", "string"), ("plan", "string"))
        ),
        parameters=tuple(ParameterSchema(key=f"p{i:04}", type="int", baseline=level) for i in range(n)),
        experiments=tuple(
            LiveExperiment(
                key=f"e{i:04}",
                salt=f"e{i:04}",
                unit="user_id",
                audience=audience,
                buckets=buckets,
                variants=(
                    VariantSlice(key="control", weight=1),
                    VariantSlice(key="on", weight=1, set={f"p{i:04}": -1}),
                ),
                enabled=not (killed and i == 0),
            )
            for i in range(n)
        ),
    )
    good.put(compile_snapshot(snapshot, confirmed_at=utc_now()), encode_snapshot(snapshot), "releases")


def _forever(chore: Callable[[], object], every_s: float) -> None:
    import asyncio

    asyncio.run(repeat(chore, every_s))


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
