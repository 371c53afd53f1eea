"""A hundred launches at once on one durable executor: all get there, and none is lost."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import LaunchState, next_due_at, open_desk, submit, tick
from counterpoint.storage.durable import DbosExecutor
from counterpoint.storage.sql import SqlLaunchStore, open_database
from launch_fakes import START, FakeWorld, spec_document
from postgres_server import SQL_KINDS, fresh_sql_url

# On a loaded machine a thousand workflows take more than the usual two minutes.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

N_LAUNCHES = 100
WAIT_S = 100.0


@pytest.mark.parametrize("kind", SQL_KINDS)
def test_a_hundred_launches_submitted_at_once_all_end_in_order_and_none_is_lost(tmp_path: Path, kind: str) -> None:
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

        # To the end of all of them: each is concluded once, in the order in which they fell due, and none is lost.
        world.clock.now = START + timedelta(days=30)
        due = [each.id for each in world.launches.due(world.clock())]
        workflows = tick(desk)
        assert [workflow.split(":")[0] for workflow in workflows] == due
        for workflow in workflows:
            executor.wait(workflow, WAIT_S)
        ended = world.launches.list()
        assert {each.state for each in ended} == {LaunchState.SHIPPED}
        assert {each.experiment for each in ended} == {f"podcasts-{number}" for number in range(N_LAUNCHES)}
        assert set(world.learnings) == {each.experiment for each in ended}
        way = ["planned", "validated", "approved", "applied", "verified", "running", "running"]
        for each in ended:
            assert [entry.state for entry in each.timeline] == [*way, "stopped", "decided", "shipped"]
            assert [entry.at for entry in each.timeline] == sorted(entry.at for entry in each.timeline)
        assert tick(desk) == ()
        assert next_due_at(desk) is None
    finally:
        executor.close()
        database.close()
