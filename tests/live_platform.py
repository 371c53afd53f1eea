"""Real platforms for journeys: everything embedded, on a folder of their own, opened from one prepared copy."""

import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from counterpoint.bootstrap import Platform, SimulatedClock, opened
from counterpoint.bootstrap.reference import surface_files
from counterpoint.settings import Settings

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


@functools.cache
def _prepared() -> Path:
    """Return a folder in which the reference catalogue is imported and the models are trained; made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="counterpoint-tests-"))
    with opened(settings_at(folder), clock=lambda: START):
        pass
    return folder


def settings_at(folder: Path, **changes: Any) -> Settings:
    return Settings(data=folder, database_url=f"sqlite:///{folder / 'counterpoint.sqlite'}", **changes)


def prepared_settings(folder: Path, **changes: Any) -> Settings:
    """Return settings of a fresh installation in `folder`."""
    shutil.copytree(_prepared(), folder, dirs_exist_ok=True)
    return settings_at(folder, **changes)


def own_home(folder: Path, policy: str) -> Path:
    """Return a file of the reference surface with a line more in its policy."""
    text = next(iter(surface_files(()))).read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "home.yaml"
    path.write_text(text.replace("\npolicy:\n", f"\npolicy:\n  {policy}\n"), encoding="utf-8")
    return path


@contextmanager
def live_platform(
    folder: Path, clock: SimulatedClock | None = None, *, buffered: bool = False, policy: str | None = None
) -> Iterator[tuple[Platform, SimulatedClock]]:
    ticking = clock or SimulatedClock(START)
    surfaces = () if policy is None else (own_home(folder, policy),)
    with opened(prepared_settings(folder, surfaces=surfaces), clock=ticking, buffered=buffered) as platform:
        yield platform, ticking


def spec(**changes: Any) -> dict[str, Any]:
    """Return a spec that the reference surface accepts."""
    document: dict[str, Any] = {
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
    return {**document, **changes}
