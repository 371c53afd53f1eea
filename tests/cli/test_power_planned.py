"""The units planned at a launch are kept with its analysis plan, and later records do not change them."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from contracts.event_log_contract import MemoryEventLog
from counterpoint.control.judging.gates import Judge, StoredPlans
from counterpoint.events import Served
from counterpoint.experiments import spec_document
from counterpoint.orchestration import Launch, LaunchState
from counterpoint.storage.sql import SqlDocuments, open_database
from metrics.metrics_world import SURFACE, T0, spec

START = T0 + timedelta(days=14)


def visits(first: int, n: int, day: float) -> list[Served]:
    return [
        Served(
            id=f"s{i}", at=T0 + timedelta(days=day, seconds=i), surface="home", unit=f"u{i}", request_id=f"r{i}",
            snapshot="s", status="complete", latency_ms=1.0, attributes={},
        )
        for i in range(first, first + n)
    ]  # fmt: skip


def launch() -> Launch:
    document = spec_document(spec(test="group_sequential"))
    return Launch(
        id="podcasts-second-1", surface="home", experiment="podcasts-second", author="ada", hypothesis="h",
        created_at=START, updated_at=START, state=LaunchState.RUNNING, spec=document, started_at=START,
    )  # fmt: skip


def test_planned_units_come_from_traffic_before_the_start_and_stay(tmp_path: Path) -> None:
    log = MemoryEventLog()
    for day in range(14):
        log.append(visits(100 * day, 100, day))
    releases = SimpleNamespace(
        latest=lambda key: SimpleNamespace(state=SimpleNamespace(surface=SURFACE, experiments={}))
    )
    database = open_database(f"sqlite:///{tmp_path / 'plans.sqlite'}")
    try:
        plans = StoredPlans(SqlDocuments(database), lambda: START)
        plans.put("podcasts-second", {"plan": {}, "digest": "d", "launch": "podcasts-second-1"})
        first = Judge(releases, log, (), plans).planned(launch())  # type: ignore[arg-type]
        assert first is not None
        # Half of the audience, a hundred new units a day.
        assert sum(first.by_day) == 14 * 50
        log.append(visits(5000, 3000, 13.5))
        assert Judge(releases, log, (), plans).planned(launch()) == first  # type: ignore[arg-type]
        kept = plans.get("podcasts-second")
        assert kept is not None
        assert kept["digest"] == "d"
        assert kept["planned_units"]["launch"] == "podcasts-second-1"
    finally:
        database.close()


def test_without_traffic_nothing_is_planned() -> None:
    releases = SimpleNamespace(
        latest=lambda key: SimpleNamespace(state=SimpleNamespace(surface=SURFACE, experiments={}))
    )
    assert Judge(releases, MemoryEventLog(), ()).planned(launch()) is None  # type: ignore[arg-type]
