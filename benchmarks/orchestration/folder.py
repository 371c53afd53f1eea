"""Measures `counterpoint plan` on a folder of specs, all new: seconds and where they go.

Run: `python -m benchmarks.orchestration.folder [--specs 200] [--profile]`

A process of its own plans, as in CI: it opens the platform, reads the files, validates every spec on what is live and
asks every embedded backend what it would change. The specs are on dials and layers of a synthetic surface.
"""

import argparse
import cProfile
import io
import json
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.orchestration.waiting import surface_file, synthetic_spec
from counterpoint.bootstrap import opened
from counterpoint.experiments import spec_document
from counterpoint.settings import Settings

_N_SHOWN = 25
_COMMAND = "import sys; from counterpoint.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What planning a folder took.

    Attributes:
        wall_s: Of the whole process.
        cpu_s: Of it and what it started.
        n_changes: Specs that would be launched.
        n_faults: Specs that are refused; 0, or the figure says nothing.
    """

    wall_s: float
    cpu_s: float
    n_changes: int
    n_faults: int


def main() -> None:
    """Measure and print one line."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--specs", type=int, default=200)
    words.add_argument("--profile", action="store_true", help="say where the seconds go, in this process")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        settings, specs = prepared(Path(name), given.specs)
        if given.profile:
            print(profile(settings, specs))
            return
        found = planned(settings, specs)
    print(
        f"{given.specs} specs planned in {found.wall_s:.1f} s ({found.cpu_s:.1f} s of CPU), process start included: "
        f"{found.n_changes} to launch, {found.n_faults} refused"
    )


def prepared(place: Path, n: int) -> tuple[Settings, Path]:
    """Return a platform with a surface of `n` dials, and a folder with a spec on each."""
    surface, specs, data = place / "surface.yaml", place / "specs", place / "data"
    surface.write_text(surface_file(n), encoding="utf-8")
    specs.mkdir()
    for each in range(n):
        document = spec_document(synthetic_spec(each))
        (specs / f"{document['key']}.json").write_text(json.dumps(document), encoding="utf-8")
    settings = Settings(data=data, database_url=f"sqlite:///{data / 'counterpoint.sqlite'}", surfaces=(surface,))
    with opened(settings):
        pass
    return settings, specs


def planned(settings: Settings, specs: Path) -> Planned:
    """Return what `counterpoint plan` takes in a process of its own."""
    command = [sys.executable, "-c", _COMMAND, "--data", str(settings.data), "plan", str(specs), "--json"]
    before, started = _children_s(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall_s = time.perf_counter() - started
    document = json.loads(done.stdout)
    return Planned(
        wall_s=wall_s,
        cpu_s=_children_s() - before,
        n_changes=document["n_changes"],
        n_faults=document["n_faults"],
    )


def profile(settings: Settings, specs: Path) -> str:
    """Return the functions in which planning spends its time, the dearest first."""
    texts = [(path.read_text(encoding="utf-8"), path.name) for path in sorted(specs.iterdir())]
    watched = cProfile.Profile()
    with opened(settings) as platform:
        watched.enable()
        platform.declaring.plan(texts, source="benchmark", author="you")
        watched.disable()
    out = io.StringIO()
    pstats.Stats(watched, stream=out).sort_stats("cumulative").print_stats(_N_SHOWN)
    return out.getvalue()


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
