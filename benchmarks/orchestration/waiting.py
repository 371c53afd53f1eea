"""Measures what 1,000 experiments cost that wait in their ramps: CPU, memory and workflow history of a real worker.

Run: `python -m benchmarks.orchestration.waiting [--postgres] [--seconds 60] [--experiments 1000]`

The experiments are published on a synthetic surface, one parameter each (a surface's 10,000 buckets cannot hold 1,000
that exclude each other), and their launches are as the workflow leaves them after the first stage: due in hours to
weeks. Then `counterpoint serve --role worker` runs as its users run it, and the operating system says what it takes.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks.orchestration.databases import postgres_url
from counterpoint.bootstrap import Platform, opened
from counterpoint.experiments import Event, ExperimentSpec, allocate, parse_spec
from counterpoint.orchestration import Launch, LaunchState, TimelineEntry, end_of
from counterpoint.releases import AddExperiment, MoveExperiment, check_change, prepare, publish, sign, territory_of
from counterpoint.settings import Settings

SURFACE = "synthetic"
_PER_CHANGE = 100
# Longer than the first look of every hourly chore takes, on a machine that others use too.
_SETTLE_S = 100.0
_N_LOOKS = 10
_READY = "worker runs"
# DuckDB loads pandas where it finds it: here it is installed for other benchmarks, an installation does not have it.
_WORKER = """
import sys

class AsInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "pandas":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, AsInstalled())
from counterpoint.cli import main

main(["serve", "--role", "worker"])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the waiting worker took.

    Attributes:
        core_share: CPU seconds per second of one core.
        rss_mb: Resident memory at the end, in MB.
        look_s: CPU seconds of one daily look at one of them, on no records; the looks come on top of the waiting.
        idle_share: The same worker's share of a core with no experiment at all, measured before.
        idle_rss_mb: The same worker's memory then.
        rows_before: Rows of all tables of the durable executor at the beginning of the measurement.
        rows_after: And at its end.
    """

    core_share: float
    rss_mb: float
    look_s: float
    idle_share: float
    idle_rss_mb: float
    rows_before: int
    rows_after: int


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--postgres", action="store_true", help="on a temporary PostgreSQL server instead of SQLite")
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--experiments", type=int, default=1_000)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        cost = waiting(Path(name), given.experiments, given.seconds, postgres=given.postgres)
    where = "PostgreSQL" if given.postgres else "SQLite"
    print(
        f"{where}: {given.experiments:,} waiting experiments cost {cost.core_share:.2%} of a core and "
        f"{cost.rss_mb:.0f} MB (without any: {cost.idle_share:.2%} and {cost.idle_rss_mb:.0f} MB); "
        f"workflow history {cost.rows_before} -> {cost.rows_after} rows in {given.seconds:g} s; "
        f"a look costs {cost.look_s:.2f} s of CPU, so a look a day at each "
        f"{cost.look_s * given.experiments / 86_400:.2%} of a core more"
    )


def waiting(folder: Path, n: int, seconds: float, *, postgres: bool = False) -> Cost:
    """Return what a worker costs while `n` experiments wait, and while none does."""
    (folder / "synthetic.yaml").write_text(surface_file(n), encoding="utf-8")
    url = postgres_url() if postgres else f"sqlite:///{folder / 'counterpoint.sqlite'}"
    settings = Settings(data=folder / "data", database_url=url, surfaces=(folder / "synthetic.yaml",))
    with opened(settings):
        pass
    idle_share, idle_rss, *_ = _measured(settings, seconds)
    with opened(settings) as platform:
        _fill(platform, n)
    share, rss, before, after = _measured(settings, seconds)
    with opened(settings) as platform:
        look_s = _look_s(platform)
    return Cost(
        look_s=look_s,
        core_share=share,
        rss_mb=rss,
        idle_share=idle_share,
        idle_rss_mb=idle_rss,
        rows_before=before,
        rows_after=after,
    )


def _measured(settings: Settings, seconds: float) -> tuple[float, float, int, int]:
    environment = {
        **os.environ,
        "COUNTERPOINT_DATA": str(settings.data),
        "COUNTERPOINT_DATABASE_URL": settings.database_url,
        "COUNTERPOINT_SURFACES": os.pathsep.join(str(path) for path in settings.surfaces),
    }
    command = [sys.executable, "-c", _WORKER]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        while _READY not in (line := process.stdout.readline()):
            if not line:
                raise SystemExit("the worker did not start")
        time.sleep(_SETTLE_S)
        before, started, spent = _history_rows(settings), time.monotonic(), _cpu_s(process.pid)
        time.sleep(seconds)
        spent, took = _cpu_s(process.pid) - spent, time.monotonic() - started
        return spent / took, _rss_mb(process.pid), before, _history_rows(settings)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _look_s(platform: Platform) -> float:
    launches = platform.control.desk.world.launches.list(SURFACE)[:_N_LOOKS]
    spent = time.process_time()
    for launch in launches:
        platform.control.judge.inspect(launch, platform.clock())
    return (time.process_time() - spent) / len(launches)


def _fill(platform: Platform, n: int) -> None:
    """Publish `n` running experiments on the synthetic surface, and store their launches as they stand after it."""
    control, now = platform.control, datetime.now(UTC)
    store, attest_key = control.release_store, platform.configuring.desk.key
    specs = [synthetic_spec(place) for place in range(n)]
    for start in range(0, n, _PER_CHANGE):
        base = store.latest(SURFACE)
        assert base is not None
        operations: list[AddExperiment | MoveExperiment] = []
        for spec in specs[start : start + _PER_CHANGE]:
            drawn = allocate(spec, territory_of(base.state), at=now, by="benchmark")
            operations += [
                AddExperiment(experiment=drawn),
                MoveExperiment(experiment=spec.key, event=Event.START, stage=0),
            ]
        change = prepare(
            base,
            tuple(operations),
            change_id=f"fill-{start}",
            surface=SURFACE,
            author="benchmark",
            reason="to wait",
            at=now,
        )
        _, findings = check_change(base, change, now=now)
        signed = sign(change, findings=findings, validator="benchmark", key=attest_key, at=now)
        publish(change, signed, store=store, now=now, actor="benchmark", key=attest_key)
    for place, spec in enumerate(specs):
        control.desk.world.launches.create(_launch(spec, now, place))


def _launch(spec: ExperimentSpec, now: datetime, place: int) -> Launch:
    states = ("planned", "validated", "approved", "applied", "verified", "running")
    timeline = tuple(
        TimelineEntry(
            transition=f"{spec.key}:{state}", state=state, step=state, at=now, seconds=0.1, reason=f"{state} on surface"
        )
        for state in states
    )
    # From an hour to two weeks ahead: nothing falls due while it is measured.
    due_at = now + timedelta(hours=1, minutes=20 * place)
    return Launch(
        id=f"{spec.key}-launch",
        surface=SURFACE,
        experiment=spec.key,
        author="benchmark",
        hypothesis=spec.hypothesis,
        created_at=now,
        updated_at=now,
        state=LaunchState.RUNNING,
        spec=spec.model_dump(mode="json"),
        stage=0,
        started_at=now,
        staged_at=now,
        begun_at=now,
        due_at=min(due_at, end_of(spec, now)),
        timeline=timeline,
    )


def synthetic_spec(place: int) -> ExperimentSpec:
    """Return the spec of an experiment on the dial of this number, at its first small stage for a week."""
    return parse_spec(
        {
            "key": f"waits-{place:04}",
            "surface": SURFACE,
            "owner": "benchmark",
            "hypothesis": f"Dial {place} at 7 raises starts.",
            "allocation": 0.1,
            "variants": [{"key": "control"}, {"key": "treatment", "set": {f"dial.d{place:04}": 7}}],
            "metrics": {"primary": {"metric": "starts_7d", "direction": "increase", "mde": 0.05}},
            "schedule": {"days": 28, "ramp": [{"share": 0.02, "hours": 168}]},
        }
    )


def surface_file(n: int) -> str:
    """Return the YAML of a surface with `n` dials, each in a layer of its own."""
    layers = "\n".join(f"  l{place:04}: {{description: one dial}}" for place in range(n))
    dials = "\n".join(
        f"  dial.d{place:04}: {{layer: l{place:04}, type: int, min: 1, max: 12, baseline: 3, description: a dial}}"
        for place in range(n)
    )
    return f"""surface: {SURFACE}
description: A surface with as many dials as experiments.
unit: user_id
attributes:
  country: {{type: string, fixed: true, description: market}}
layers:
{layers}
parameters:
{dials}
metrics:
  starts_7d: {{type: mean, unit: starts, window: 7d, better: higher, description: starts}}
policy: {{}}
"""


def _history_rows(settings: Settings) -> int:
    """Return the rows of every table of the durable executor."""
    postgres = settings.database_url.startswith("postgresql")
    url = settings.database_url if postgres else f"sqlite:///{settings.data / 'workflows.sqlite'}"
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg") if postgres else url)
    schema = "dbos" if postgres else None
    try:
        with engine.connect() as connection:
            tables = sa.inspect(connection).get_table_names(schema=schema)
            named = [f'"{schema}"."{table}"' if schema else f'"{table}"' for table in tables]
            return sum(int(connection.scalar(sa.text(f"SELECT count(*) FROM {each}")) or 0) for each in named)
    finally:
        engine.dispose()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


if __name__ == "__main__":
    main()
