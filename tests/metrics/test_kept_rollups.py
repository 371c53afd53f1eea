"""A kept rollup reads what is new, outlives whatever happens to its state, and tells only what one pass tells."""

import logging
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from counterpoint.config import Metric
from counterpoint.events import Event, Exposure, Outcome, Segments
from counterpoint.metrics import KeptRollups, RollupQuestion, roll_up, score
from counterpoint.metrics.engines.kept import outcomes, rollups, state, terms
from counterpoint.metrics.engines.kept.relations import figures
from counterpoint.storage.events import FileEventLog, open_event_log
from metrics.metrics_world import METRICS, SURFACE, T0, events, spec

DAY = timedelta(days=1)
RECORDS = events(60, lift=0.3)
QUESTION = RollupQuestion(
    surface="home",
    experiment="podcasts-second",
    variants=("control", "treatment"),
    metrics=METRICS,
    started_at=T0,
    now=T0 + 14 * DAY,
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FileEventLog]:
    """Yield a log of two sealed days; the first holds what happened in the first week."""
    kept = open_event_log(tmp_path / "log")
    for week in (True, False):
        kept.append([e for e in RECORDS if (e.at < T0 + 7 * DAY) == week])
        kept.seal()
    yield kept
    kept.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def engine(folder: Path) -> KeptRollups:
    return KeptRollups(folder, least_bytes=0)


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.__dict__["reason"] for record in caplog.records if "reason" in record.__dict__]


def test_a_new_day_reads_no_file_that_was_read_before(tmp_path: Path, folder: Path) -> None:
    log = open_event_log(tmp_path / "log")
    log.append([e for e in RECORDS if e.at < T0 + 7 * DAY])
    log.seal()
    engine(folder)(log, QUESTION)
    read = list((tmp_path / "log").glob("*/*.parquet"))
    # Those are new whose window begins after everything that was read.
    late = [e for e in RECORDS if e.unit in {f.unit for f in RECORDS if f.at >= T0 + 8 * DAY and f.id.startswith("e")}]
    log.append([e for e in late if e.at >= T0 + 7 * DAY])
    log.seal()
    whole = roll_up(log, QUESTION)
    for file in read:
        file.write_bytes(b"\0" * file.stat().st_size)
    assert engine(folder)(log, QUESTION) == whole


def test_a_scorecard_is_the_same_to_the_byte_whoever_reduces_its_records(tmp_path: Path, folder: Path) -> None:
    log, kept = open_event_log(tmp_path / "log"), engine(folder)
    records = list(RECORDS)
    random.Random(3).shuffle(records)
    for day in (0, 1):
        log.append(records[day::2])
        log.seal()
        for at in (6, 14):
            for variance in ("cuped", "none"):
                asked = spec(variance_reduction=variance)
                cards = [
                    score(log, asked, SURFACE, started_at=T0, now=T0 + at * DAY, engine=each)
                    for each in (kept, roll_up)
                ]
                assert cards[0].digest == cards[1].digest


def test_what_only_duckdb_can_be_trusted_with_is_summed_in_it(
    log: FileEventLog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "sum_outcomes", lambda *_, **__: None)
    engine(folder)(log, QUESTION)
    moved = [e for e in RECORDS if e.unit in {"u1", "u2", "u3"} and isinstance(e, Outcome)]
    log.append([structs.replace(e, id=f"again {e.id}") for e in moved])
    log.seal()
    assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)


@pytest.mark.parametrize("cut_at", range(6))
def test_a_write_cut_short_at_any_point_is_as_if_it_had_not_begun_or_had_ended(
    log: FileEventLog, folder: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int
) -> None:
    n_left = cut_at

    class Killed(BaseException):
        pass

    def synchronise(path: Path) -> None:
        nonlocal n_left
        if n_left == 0:
            raise Killed
        n_left -= 1

    with monkeypatch.context() as patched:
        patched.setattr(state, "_synchronise", synchronise)
        try:
            engine(folder)(log, QUESTION)
        except Killed:
            assert cut_at < 5
    assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)


@pytest.mark.parametrize("name", ["manifest.json", "units-*", "others-*", "points-*"])
@pytest.mark.parametrize("harm", ["cut", "removed"])
def test_a_state_that_is_not_whole_is_not_read(
    log: FileEventLog, folder: Path, caplog: pytest.LogCaptureFixture, name: str, harm: str
) -> None:
    engine(folder)(log, QUESTION)
    (file,) = folder.glob(f"*/{name}")
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        file.unlink()
    caplog.set_level(logging.INFO, logger="counterpoint")
    assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)
    assert reasons(caplog) == ["first_reading" if (name, harm) == ("manifest.json", "removed") else "state_damaged"]


def test_a_state_whose_bytes_are_spoilt_is_made_again(log: FileEventLog, folder: Path) -> None:
    engine(folder)(log, QUESTION)
    (file,) = folder.glob("*/units-*")
    file.write_bytes(b"\0" * file.stat().st_size)
    for _ in range(2):
        assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)
    assert next(folder.glob("*/units-*")).read_bytes().startswith(b"PAR1")


@pytest.mark.parametrize("changed", [METRICS[0], replace(METRICS[0], window_days=3, key="minutes_3d")])
def test_a_metric_that_is_defined_anew_is_read_from_all_records(
    log: FileEventLog, folder: Path, caplog: pytest.LogCaptureFixture, changed: Metric
) -> None:
    engine(folder)(log, QUESTION)
    caplog.set_level(logging.INFO, logger="counterpoint")
    asked = replace(QUESTION, metrics=(changed,))
    assert engine(folder)(log, asked) == roll_up(log, asked)
    assert reasons(caplog) == ([] if changed in METRICS else ["metrics_changed"])


def test_sums_made_by_other_statements_are_made_again(
    log: FileEventLog, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(terms, "figures", lambda question: figures(question)[:1])
        engine(folder)(log, QUESTION)
    caplog.set_level(logging.INFO, logger="counterpoint")
    assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)
    assert reasons(caplog) == ["definitions_changed"]


def test_records_that_were_replaced_are_read_again(
    log: FileEventLog, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine(folder)(log, QUESTION)
    other = open_event_log(tmp_path / "restored")
    other.append(RECORDS[: len(RECORDS) // 2])
    other.seal()
    caplog.set_level(logging.INFO, logger="counterpoint")
    assert engine(folder)(other, QUESTION) == roll_up(other, QUESTION)
    assert reasons(caplog) == ["records_replaced"]


def test_a_state_that_another_reading_took_further_meanwhile_is_not_mistaken_for_one_of_other_records(
    log: FileEventLog, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked_before = {kind: log.segments(kind) for kind in (Exposure, Outcome)}

    class AskedBefore(FileEventLog):
        """Answers once what it would have answered before the last file was sealed."""

        def segments(self, event_type: type, **span: datetime | None) -> Segments:
            return asked_before.pop(event_type, None) or log.segments(event_type, **span)

    log.append([Outcome(id="more", at=T0 + DAY, surface="home", unit="u0", name="minutes", value=2.5)])
    log.seal()
    engine(folder)(log, QUESTION)
    caplog.set_level(logging.INFO, logger="counterpoint")
    assert engine(folder)(AskedBefore.__new__(AskedBefore), QUESTION) == roll_up(log, QUESTION)
    assert not asked_before
    assert reasons(caplog) == []


def test_sums_too_large_to_be_kept_are_still_summed_exactly(log: FileEventLog, folder: Path) -> None:
    large: list[Event] = [
        Outcome(id=f"l{i}", at=T0 + 2 * DAY, surface="home", unit="u0", name="minutes", value=1e12) for i in range(12)
    ]
    log.append(large)
    log.seal()
    assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)


def test_a_state_that_another_reading_holds_is_not_waited_for_without_end(
    log: FileEventLog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(folder)(log, QUESTION)
    monkeypatch.setattr(state, "PATIENCE_S", 0.0)
    (kept,) = folder.iterdir()
    with state.StateFolder(kept).held() as mine:
        assert mine
        assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)


def test_a_folder_that_cannot_be_used_costs_a_pass_over_all_records_and_no_scorecard(
    log: FileEventLog, folder: Path
) -> None:
    folder.write_text("in the way")
    assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)


def test_a_state_that_cannot_be_written_costs_nothing_but_the_next_reading(
    log: FileEventLog, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(state, "_synchronise", full)
    assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)
    assert reasons(caplog) == ["no space left on device"]


def test_few_sealed_records_are_not_worth_a_state(log: FileEventLog, folder: Path) -> None:
    assert KeptRollups(folder)(log, QUESTION) == roll_up(log, QUESTION)
    assert not folder.exists()


def test_units_of_many_files_are_written_only_where_they_changed(
    log: FileEventLog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "CHUNK_UNITS", 10)
    engine(folder)(log, QUESTION)
    before = {file.name for file in folder.glob("*/units-*")}
    last = max((e for e in RECORDS if isinstance(e, Outcome)), key=lambda e: int(e.unit[1:]))
    log.append([Outcome(id="late", at=last.at, surface="home", unit=last.unit, name="minutes", value=3.5)])
    log.seal()
    assert engine(folder)(log, QUESTION) == roll_up(log, QUESTION)
    assert len(before) == 6
    assert len(before & {file.name for file in folder.glob("*/units-*")}) == 5
