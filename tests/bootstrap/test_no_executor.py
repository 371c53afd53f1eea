"""A platform that is opened without an executor reads as any other does, and moves no launch."""

from datetime import timedelta
from pathlib import Path

import pytest

from counterpoint.bootstrap import opened
from counterpoint.errors import PlatformFault
from live_platform import START, prepared_settings, spec


def test_it_reads_what_is_there_and_leaves_work_to_those_who_execute(tmp_path: Path) -> None:
    settings = prepared_settings(tmp_path)
    with opened(settings, clock=lambda: START, executing=False) as platform:
        assert platform.control.experiments() == []
        with pytest.raises(PlatformFault) as refused:
            platform.control.submit(surface="home", author="ada", spec=spec())
        assert refused.value.code == "nothing_executes"
        (left,) = platform.control.experiments()
        assert left["state"] == "planned"
        platform.refresh()
    with opened(settings, clock=lambda: START + timedelta(minutes=2)) as platform:
        platform.control.tick(wait_s=30.0)
        assert platform.control.experiments()[0]["state"] == "running"
