"""A hundred launches at once on one durable executor: all get there, and none is lost."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import LaunchState, next_due_at, open_desk, submit, tick
from counterpoint.storage.durable import DbosExecutor
from counterpoint.storage.sql import SqlLaunchStore, open_database
from launch_fakes import START, FakeWorld, spec_document
from postgres_server import SQL_KINDS, fresh_sql_url

pytestmark = pytest.mark.slow

N_LAUNCHES = 100
WAIT_S = 100.0


@pytest.mark.parametrize("kind", SQL_KINDS)
def test_a_hundred_launches_submitted_at_once_all_run_and_all_take_their_next_stage(tmp_path: Path, kind: str) -> None:
    url = fresh_sql_url(kind, tmp_path)
    database = open_database(url)
    executor = DbosExecutor(f"sqlite:///{tmp_path / 'workflows.db'}" if kind == "sqlite" else url, "many")
    try:
        world, ids = FakeWorld(), itertools.count()
        world.launches = SqlLaunchStore(database)
        desk = open_desk(world.build(), executor, lambda: str(next(ids)))

        def launch(number: int) -> str:
            spec = ExperimentSpec.model_validate(spec_document(key=f"podcasts-{number}"))
            _, workflow = submit(desk, spec, author="ada")
            return workflow

        with ThreadPoolExecutor(8) as pool:
            for workflow in pool.map(launch, range(N_LAUNCHES)):
                executor.wait(workflow, WAIT_S)
        assert {each.state for each in world.launches.list()} == {LaunchState.RUNNING}

        world.clock.now = START.replace(hour=13)
        workflows = tick(desk)
        assert len(workflows) == N_LAUNCHES
        assert len(set(tick(desk)) - set(workflows)) == 0
        for workflow in workflows:
            executor.wait(workflow, WAIT_S)
        assert [each.stage for each in world.launches.list()] == [1] * N_LAUNCHES
        assert all(backend.n_effects == 2 * N_LAUNCHES for backend in world.backends)
        assert next_due_at(desk) is not None
    finally:
        executor.close()
        database.close()
