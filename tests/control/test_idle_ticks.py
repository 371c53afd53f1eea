"""A tick with nothing due asks the database a bounded number of things, however many experiments wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from counterpoint.bootstrap import Platform
from counterpoint.orchestration import Launch, LaunchState
from counterpoint.storage.sql import SqlLaunchStore
from live_platform import START, live_platform, spec

AT_MOST = 12
"""Statements of a tick and a refresh in which nothing is due, the beginnings of their transactions among them."""


@contextmanager
def statements() -> Iterator[list[str]]:
    said: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)


def wait(platform: Platform, count: int) -> None:
    """Store launches that wait for a day to pass."""
    for number in range(count):
        key = f"waits-{number}"
        platform.control.desk.world.launches.create(
            Launch(
                id=f"{key}-launch",
                surface="elsewhere",
                experiment=key,
                author="maria",
                hypothesis="Waiting costs nothing.",
                created_at=START,
                updated_at=START,
                state=LaunchState.RUNNING,
                spec=spec(key=key),
                stage=0,
                started_at=START,
                staged_at=START,
                begun_at=START,
                due_at=START + timedelta(days=1),
            )
        )


def idle(platform: Platform) -> list[str]:
    # The first ones look at everything once: at holdouts, at each surface for contradictions.
    for _ in range(4):
        platform.control.tick()
    with statements() as said:
        platform.control.tick()
        platform.refresh()
    # What the durable library asks beside us is its own.
    return [each for each in said if "workflow_status" not in each and "queues" not in each]


def test_an_idle_tick_asks_as_much_with_many_waiting_as_with_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_platform(tmp_path) as (platform, _):
        without = idle(platform)
        wait(platform, 60)
        # Nothing may read a launch that only waits.
        monkeypatch.setattr(SqlLaunchStore, "list", None)
        monkeypatch.setattr(SqlLaunchStore, "get", None)
        with_many = idle(platform)
    assert 0 < len(without) <= AT_MOST, without
    assert len(with_many) <= AT_MOST, with_many
