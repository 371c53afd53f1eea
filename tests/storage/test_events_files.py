"""The file event log loses nothing and doubles nothing, sealed or killed."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from counterpoint.errors import DependencyFailure, InvalidInput
from counterpoint.events import UNIT_CHECK, UNIT_KEY, Outcome, unit_keys
from counterpoint.storage.events import open_event_log

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def outcome(n: int) -> Outcome:
    return Outcome(id=f"o{n}", at=T0 + timedelta(hours=n), surface="home", unit="u", name="saves", value=1.0)


def ids(folder: Path) -> list[str]:
    log = open_event_log(folder)
    found = sorted(e.id for e in log.read(Outcome))
    log.close()
    return found


def test_a_duplicate_is_known_after_its_record_was_sealed_and_the_log_reopened(tmp_path: Path) -> None:
    log = open_event_log(tmp_path)
    log.append([outcome(1)])
    assert log.seal() == 1
    log.close()
    log = open_event_log(tmp_path)
    assert log.append([outcome(1), outcome(2)]).n_stored == 1
    log.close()
    assert ids(tmp_path) == ["o1", "o2"]


def test_a_file_outside_the_range_is_not_offered(tmp_path: Path) -> None:
    log = open_event_log(tmp_path, seal_at=1)
    for n in (0, 10, 20):
        log.append([outcome(n)])
    assert len(log.segments(Outcome).files) == 3
    assert len(log.segments(Outcome, since=T0 + timedelta(hours=5), until=T0 + timedelta(hours=20)).files) == 1
    log.close()


def test_kinds_with_few_fresh_records_are_left_in_the_spool(tmp_path: Path) -> None:
    log = open_event_log(tmp_path)
    log.append([outcome(n) for n in range(5)])
    assert log.seal(at_least=6) == 0
    assert log.seal(at_least=5) == 5
    log.close()


def test_what_a_killed_seal_left_behind_is_removed_and_nothing_is_doubled(tmp_path: Path) -> None:
    log = open_event_log(tmp_path)
    log.append([outcome(1)])
    log.seal()
    sealed = next((tmp_path / "outcome").iterdir())
    (tmp_path / "outcome" / "1-stray.parquet").write_bytes(sealed.read_bytes())
    (tmp_path / "outcome" / "1-half.parquet.part").write_bytes(b"PAR1")
    log.close()
    assert ids(tmp_path) == ["o1"]
    assert [f.name for f in (tmp_path / "outcome").iterdir()] == [sealed.name]


def test_two_open_logs_of_one_folder_see_each_other(tmp_path: Path) -> None:
    one, two = open_event_log(tmp_path), open_event_log(tmp_path)
    one.append([outcome(1)])
    assert two.append([outcome(1), outcome(2)]).n_stored == 1
    two.seal()
    assert sorted(e.id for e in one.read(Outcome)) == ["o1", "o2"]
    one.close()
    two.close()


def test_ids_older_than_ingest_accepts_can_be_forgotten(tmp_path: Path) -> None:
    log = open_event_log(tmp_path)
    log.append([outcome(0), outcome(5)])
    assert log.forget_ids_before(T0 + timedelta(hours=5)) == 1
    assert log.append([outcome(5)]).n_stored == 0
    log.close()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DependencyFailure) as caught:
        open_event_log(tmp_path / "file" / "events")
    assert caught.value.code == "event_log_unavailable"


def test_a_spool_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "spool.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(DependencyFailure) as caught:
        open_event_log(tmp_path)
    assert caught.value.code == "event_log_unavailable"


def test_many_threads_append_at_once_and_each_gets_its_own_count(tmp_path: Path) -> None:
    log = open_event_log(tmp_path, seal_at=100)
    with ThreadPoolExecutor(16) as threads:
        # Every record is sent by two threads; each pair of answers has to add up to one record.
        found = list(threads.map(lambda n: log.append([outcome(n // 2), outcome(1000 + n)]), range(200)))
    assert sum(a.n_stored for a in found) == 300
    assert all(a.n_stored + a.n_duplicates == 2 for a in found)
    log.close()
    assert len(ids(tmp_path)) == 300


def test_a_batch_that_cannot_be_written_costs_no_other(tmp_path: Path) -> None:
    log = open_event_log(tmp_path)
    bad = Outcome(id="\ud800", at=T0, surface="home", unit="u", name="saves", value=1.0)

    def send(n: int) -> str:
        try:
            log.append([bad, outcome(1000 + n)] if n % 3 == 0 else [outcome(n)])
        except InvalidInput as error:
            return error.code
        return "stored"

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(send, range(30)))
    assert [f == "stored" for f in found] == [n % 3 != 0 for n in range(30)]
    log.close()
    assert len(ids(tmp_path)) == 20


_WRITER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from counterpoint.events import UNIT_CHECK, UNIT_KEY, Outcome, unit_keys
from counterpoint.storage.events import open_event_log
log, start = open_event_log(Path(sys.argv[1]), seal_at=300), int(sys.argv[2])
at = datetime(2026, 3, 1, tzinfo=UTC)
for n in range(start, start + 1_000_000, 50):
    ids = range(n, n + 50)
    rows = ({"id": f"o{i}", "at": at, "surface": "home", "unit": "u", "name": "saves", "value": 1.0} for i in ids)
    log.append([Outcome(**row) for row in rows])
    print(n + 50, flush=True)
"""


@pytest.mark.slow
def test_a_writer_killed_again_and_again_loses_nothing_acknowledged_and_doubles_nothing(tmp_path: Path) -> None:
    acknowledged: set[int] = set()
    start = 0
    for cycle in range(8):
        command = [sys.executable, "-c", _WRITER, str(tmp_path), str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            # A different number of acknowledgements each time, so that kills fall into seals too.
            done = start
            for _ in range(5 + 7 * cycle % 11):
                done = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        done = max([done, *rest])
        acknowledged.update(range(start, done))
        start = done  # the next writer sends again what may or may not have been stored
    found = ids(tmp_path)
    assert len(found) == len(set(found))
    assert {f"o{n}" for n in acknowledged} <= set(found)


def test_files_sealed_before_units_had_keys_are_read_beside_those_with_keys(tmp_path: Path) -> None:
    log = open_event_log(tmp_path)
    log.append([outcome(1)])
    log.seal()
    (old,) = log.segments(Outcome).files
    pq.write_table(pq.read_table(old).drop_columns([UNIT_KEY, UNIT_CHECK]), old, compression="zstd")
    log.append([outcome(2)])
    log.seal()
    assert sorted(log.read(Outcome), key=lambda e: e.id) == [outcome(1), outcome(2)]
    log.close()


def test_a_sealed_outcome_carries_the_key_of_its_unit(tmp_path: Path) -> None:
    log = open_event_log(tmp_path)
    log.append([outcome(1)])
    log.seal()
    (row,) = pq.read_table(log.segments(Outcome).files[0]).to_pylist()
    keys, checks = unit_keys(["u"])
    assert row[UNIT_KEY] % 2**64 == keys[0]
    assert row[UNIT_CHECK] % 2**32 == checks[0]
    log.close()
