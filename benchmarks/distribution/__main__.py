"""Publishes to a hundred connected followers and prints when each serves it; `--write` keeps it in results.md."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

N_FOLLOWERS = 100
N_LISTENING = 4
N_PUBLISHES = 30
PAUSE_S = 1.0
PROMISED = "p99 <= 1 s"


class Child:
    """A process of this benchmark that is spoken to in lines of JSON."""

    def __init__(self, module: str, *words: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.distribution.{module}", *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def ask(self, command: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self.read()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def main() -> None:
    others = os.getloadavg()[0]
    rows = [
        *scenario("the Home surface, in the control plane's own process", "home", ("baseline", "kill switch")),
        *scenario("the Home surface, published by another process", "home-and-other", ("baseline elsewhere",)),
        *scenario("100 live experiments", "synthetic-100", ("every baseline", "kill switch")),
    ]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("fastapi", "uvicorn", "httpx", "msgspec"))
    python = f"{platform.machine()}, {platform.system()}, Python {sys.version.split()[0]}"
    text = "\n".join(
        [
            "# From a publish to a hundred processes",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, two shared cores, {python}; {libraries}. Written by",
            "`python -m benchmarks.distribution --write`. One control process on loopback; "
            f"{N_FOLLOWERS} followers with a connection each,",
            f"in {N_LISTENING} processes; {N_PUBLISHES} publishes a line, each timed from before the command is given "
            "until each follower serves it,",
            f"with {others:.1f} other processes wanting those cores at the start;",
            "served is: committed, sent (what changed, not the whole), checked against its address and compiled.",
            "The last two columns are processor time per publish, heartbeats included; load lengthens the wall",
            "times, not those. Here a hundred followers compile on two cores; in a fleet each does on its own.",
            "",
            "| what | snapshot | median | p99 | slowest | promised | CPU to publish | CPU per follower |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
    print(text)
    if "--write" in sys.argv:
        (Path(__file__).parent / "results.md").write_text(text, encoding="utf-8")


def scenario(name: str, kind: str, commands: tuple[str, ...]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        control = Child("publisher", folder, kind)
        listening: list[Child] = []
        try:
            at = control.read()
            listening = [Child("listeners", at["url"], N_FOLLOWERS // N_LISTENING) for _ in range(N_LISTENING)]
            arrivals = Arrivals(listening)
            arrivals.wait_for(at["release"])
            return [_measured(f"{command}: {name}", control, arrivals, command) for command in commands]
        finally:
            for child in (control, *listening):
                child.close()


class Arrivals:
    """When each follower began to serve each release, seconds since the epoch."""

    def __init__(self, listening: list[Child]) -> None:
        self._at: dict[int, list[float]] = {}
        self._cpu: dict[int, float] = {}
        self._came = threading.Condition()
        for number, child in enumerate(listening):
            threading.Thread(target=self._listen, args=(child, number), daemon=True).start()

    def wait_for(self, release: int) -> list[float]:
        with self._came:
            assert self._came.wait_for(lambda: len(self._at.get(release, ())) == N_FOLLOWERS, timeout=60), release
            return self._at[release]

    def cpu_s(self) -> float:
        """Return the processor time that all followers have used so far."""
        with self._came:
            return sum(self._cpu.values())

    def _listen(self, child: Child, number: int) -> None:
        while (arrival := child.read()) is not None:
            with self._came:
                self._at.setdefault(arrival["release"], []).append(arrival["at"])
                self._cpu[number] = arrival["cpu_s"]
                self._came.notify_all()


def _measured(name: str, control: Child, arrivals: Arrivals, command: str) -> str:
    spent: list[float] = []
    said: dict[str, Any] = {}
    cpu_s: list[tuple[float, float]] = []
    for _ in range(N_PUBLISHES):
        said = control.ask(command)
        spent += [at - said["began"] for at in arrivals.wait_for(said["release"])]
        cpu_s.append((said["cpu_s"], arrivals.cpu_s()))
        time.sleep(PAUSE_S)
    (publisher_from, followers_from), (publisher_to, followers_to) = cpu_s[0], cpu_s[-1]
    n = N_PUBLISHES - 1
    publishing, following = (publisher_to - publisher_from) / n, (followers_to - followers_from) / n / N_FOLLOWERS
    spent.sort()
    show: Callable[[float], str] = lambda share: f"{1e3 * spent[min(len(spent) - 1, int(share * len(spent)))]:.0f} ms"  # noqa: E731 - a cell
    size = f"{said['bytes'] / 1000:,.0f} kB"
    return (
        f"| {name} | {size} | {show(0.5)} | {show(0.99)} | {show(1.0)} | {PROMISED} | "
        f"{1e3 * publishing:.0f} ms | {1e3 * following:.1f} ms |"
    )


if __name__ == "__main__":
    main()
