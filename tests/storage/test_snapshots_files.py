import json
import os
import stat
from datetime import timedelta

import pytest

from counterpoint.config import encode_snapshot, snapshot_id
from counterpoint.errors import DependencyFailure, InvalidInput
from counterpoint.storage.snapshots import SnapshotFiles
from feed_world import NOW, snapshot


@pytest.fixture
def files(tmp_path):
    return SnapshotFiles(tmp_path / "snapshots")


def save(files, made, at=NOW):
    return files.save(
        surface=made.surface, release=made.release, snapshot_id=snapshot_id(made), data=encode_snapshot(made), at=at
    )


def test_what_is_saved_is_loaded_byte_for_byte_with_its_address(files):
    made = snapshot(3)
    assert save(files, made)
    kept = files.load("home")
    assert (kept.data, kept.id, kept.release) == (encode_snapshot(made), snapshot_id(made), 3)
    assert kept.confirmed_at == NOW
    assert files.surfaces() == ("home",)


def test_an_older_snapshot_never_replaces_a_newer_one(files):
    save(files, snapshot(3))
    assert not save(files, snapshot(2))
    assert files.load("home").release == 3


def test_saving_leaves_one_whole_file_and_nothing_half_written(files, tmp_path):
    for release in range(1, 5):
        save(files, snapshot(release))
    assert {path.name for path in (tmp_path / "snapshots").iterdir()} == {"home.snapshot", ".lock"}


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}", b"\x00\xff\n{}", b'{"surface":"search","release":1}\n{}', b"[" * 9999]
)
def test_a_file_that_save_did_not_write_is_corrupt(files, tmp_path, content):
    save(files, snapshot())
    (tmp_path / "snapshots" / "home.snapshot").write_bytes(content)
    with pytest.raises(InvalidInput) as found:
        files.load("home")
    assert found.value.code == "corrupt_snapshot"


def test_another_surfaces_file_is_not_taken_for_this_one(files, tmp_path):
    save(files, snapshot())
    folder = tmp_path / "snapshots"
    (folder / "home.snapshot").rename(folder / "search.snapshot")
    with pytest.raises(InvalidInput, match="home"):
        files.load("search")


def test_a_corrupt_file_is_replaced_by_whatever_comes_next(files, tmp_path):
    save(files, snapshot(9))
    (tmp_path / "snapshots" / "home.snapshot").write_bytes(b"rubbish")
    assert save(files, snapshot(1))
    assert files.load("home").release == 1


def test_a_confirmation_is_written_only_now_and_then_and_read_back(files):
    made = snapshot()
    save(files, made)
    files.confirm("home", snapshot_id(made), NOW + timedelta(seconds=5))
    assert files.load("home").confirmed_at == NOW
    files.confirm("home", snapshot_id(made), NOW + timedelta(seconds=20))
    assert files.load("home").confirmed_at == NOW + timedelta(seconds=20)


def test_a_confirmation_of_another_snapshot_does_not_make_this_one_younger(files):
    save(files, snapshot(1))
    files.confirm("home", "0" * 16, NOW + timedelta(days=1))
    assert files.load("home").confirmed_at == NOW


def test_a_damaged_confirmation_makes_a_snapshot_look_older_never_newer(files, tmp_path):
    made = snapshot()
    save(files, made)
    files.confirm("home", snapshot_id(made), NOW + timedelta(seconds=20))
    path = tmp_path / "snapshots" / "home.confirmed"
    path.write_bytes(path.read_bytes()[:-4])
    assert files.load("home").confirmed_at == NOW


@pytest.mark.parametrize("name", ["../home", "a/b", "", "..", "home\x00", "é"])
def test_what_is_no_key_never_becomes_a_file_name(files, name):
    with pytest.raises(InvalidInput):
        files.save(surface=name, release=1, snapshot_id="0" * 16, data=b"{}", at=NOW)


def test_a_foreign_file_beside_them_is_no_surface(files, tmp_path):
    save(files, snapshot())
    (tmp_path / "snapshots" / "NOT A KEY.snapshot").write_text(json.dumps({}))
    assert files.surfaces() == ("home",)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_to_is_an_error_with_a_code(files, tmp_path):
    save(files, snapshot(1))
    folder = tmp_path / "snapshots"
    folder.chmod(stat.S_IREAD | stat.S_IEXEC)
    try:
        with pytest.raises(DependencyFailure) as found:
            save(files, snapshot(2))
    finally:
        folder.chmod(stat.S_IRWXU)
    assert found.value.code == "snapshot_not_kept"
    assert files.load("home").release == 1


def test_a_place_that_is_no_folder_is_an_error_with_a_code(tmp_path):
    (tmp_path / "snapshots").write_text("a file")
    with pytest.raises(DependencyFailure) as found:
        save(SnapshotFiles(tmp_path / "snapshots"), snapshot(2))
    assert found.value.code == "snapshot_not_kept"
