"""A judge that is given an engine reads running launches with it, and a placebo from all records."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from counterpoint.control.judging import Judge
from counterpoint.experiments import spec_document
from counterpoint.metrics import KeptRollups
from counterpoint.orchestration import Launch, LaunchState
from counterpoint.storage.events import open_event_log
from metrics.metrics_world import SURFACE, T0, events, spec

LAUNCH = Launch(
    id="podcasts-second-1", surface="home", experiment="podcasts-second", author="ada", hypothesis="h", created_at=T0,
    updated_at=T0, state=LaunchState.RUNNING, spec=spec_document(spec()), started_at=T0,
)  # fmt: skip


def test_scorecard_course_and_placebo_are_the_same_from_a_kept_state(tmp_path: Path) -> None:
    releases = SimpleNamespace(
        latest=lambda key: SimpleNamespace(state=SimpleNamespace(surface=SURFACE, experiments={}))
    )
    log, now = open_event_log(tmp_path / "log"), T0 + timedelta(days=9)
    log.append(events(60))
    log.seal()
    plain = Judge(releases, log, ())  # type: ignore[arg-type]
    kept = Judge(releases, log, (), engine=KeptRollups(tmp_path / "kept", least_bytes=0))  # type: ignore[arg-type]
    assert kept.scorecard(LAUNCH, now).digest == plain.scorecard(LAUNCH, now).digest
    assert kept.course(LAUNCH, now) == plain.course(LAUNCH, now)
    assert kept.placebo(LAUNCH, now).digest == plain.placebo(LAUNCH, now).digest
    assert len(list((tmp_path / "kept").iterdir())) == 1
    log.close()
