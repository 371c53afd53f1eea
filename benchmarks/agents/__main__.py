"""Plans every hypothesis kept with the tests and validates its spec; `--write` keeps the times in results.md."""

import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from counterpoint.agents import World, apply_fixes, generate, load_cases, plan_offline, validate
from counterpoint.config import Surface, load_surface
from counterpoint.vocabulary import Severity

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "agents" / "data"
HOME = ROOT.parent / "shared" / "home"
WORLD = World(now=datetime(2026, 3, 2, tzinfo=UTC))

Spent = tuple[float, float]
"""Seconds of wall time, and of processor time."""


def main() -> None:
    others = os.getloadavg()[0]
    rows: list[str] = []
    if (HOME / "surface.yaml").is_file():
        home = load_surface((HOME / "surface.yaml").read_text("utf-8"), source="surface.yaml")
        rows += _measured("Home", home, [HOME / "hypotheses.yaml", *sorted(DATA.glob("fresh_home_*.yaml"))])
    search = load_surface((DATA / "search_surface.yaml").read_text("utf-8"), source="search_surface.yaml")
    rows += _measured("Search", search, [DATA / "search_cases.yaml"])
    python = f"{platform.machine()}, {platform.system()}, Python {sys.version.split()[0]}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("rapidfuzz", "msgspec", "pyyaml"))
    text = "\n".join(
        [
            "# From a hypothesis to a validated spec, offline",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, two shared cores, {python}; {libraries}. Written by",
            f"`python -m benchmarks.agents --write`, with {others:.1f} other processes wanting those cores.",
            "One process, every hypothesis once, after one that is not counted (it reads the language data). A plan is",
            "promised in 50 ms, a validated spec within a second at the 95th percentile: plan, spec, all checks, their",
            "fixes applied, all checks again, in a world without recorded traffic. Load lengthens wall times,",
            "not processor time.",
            "",
            "| what | hypotheses | median | p95 | slowest | CPU median | CPU p95 |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
    print(text)
    if "--write" in sys.argv:
        (Path(__file__).parent / "results.md").write_text(text, encoding="utf-8")


def _measured(name: str, surface: Surface, sources: list[Path]) -> list[str]:
    texts = [case.text for source in sources for case in load_cases(source.read_text("utf-8"), source.name)]
    plan_offline(texts[0], surface)
    plans = [_timed(lambda text=text: plan_offline(text, surface)) for text in texts]  # type: ignore[misc]
    planned = [text for text in texts if plan_offline(text, surface).outcome == "plan"]
    specs = [_timed(lambda text=text: _validated(text, surface)) for text in planned]  # type: ignore[misc]
    return [_row(f"{name}: plan", plans), _row(f"{name}: validated spec", specs)]


def _validated(text: str, surface: Surface) -> None:
    spec = generate(plan_offline(text, surface), surface, owner=surface.key, hypothesis=text).spec
    validate(apply_fixes(spec, validate(spec, surface, WORLD), least=Severity.ERROR), surface, WORLD)


def _timed(work: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _row(name: str, spent: list[Spent]) -> str:
    wall, cpu = sorted(w for w, _ in spent), sorted(c for _, c in spent)
    show: Callable[[list[float], float], str] = lambda times, share: (  # noqa: E731 - a cell
        f"{1e3 * times[min(len(times) - 1, int(share * len(times)))]:.1f} ms"
    )
    cells = (show(wall, 0.5), show(wall, 0.95), show(wall, 1.0), show(cpu, 0.5), show(cpu, 0.95))
    return f"| {name} | {len(spent)} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
