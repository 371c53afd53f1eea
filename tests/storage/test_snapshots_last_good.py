import threading
from datetime import timedelta

import pytest

from counterpoint.config import encode_snapshot, snapshot_id
from counterpoint.errors import Conflict, CounterpointError, DependencyFailure, InvalidInput, NotFound
from counterpoint.storage.snapshots import LastGood, SnapshotFiles, standing
from feed_world import NOW, put, snapshot, take


def refusal(act):
    with pytest.raises(CounterpointError) as found:
        act()
    return found.value.code


def test_nothing_is_served_before_something_has_come():
    good = LastGood()
    with pytest.raises(DependencyFailure) as found:
        good.live("home")
    assert found.value.code == "no_snapshot_yet"
    assert standing(good, NOW)["ready"] is False


def test_a_surface_that_is_not_there_is_not_found():
    good = LastGood()
    take(good, snapshot())
    with pytest.raises(NotFound):
        good.live("search")


def test_a_newer_snapshot_replaces_and_the_same_one_changes_nothing():
    good = LastGood()
    assert take(good, snapshot(1))
    assert not take(good, snapshot(1))
    assert take(good, snapshot(2))
    assert good.live("home").release == 2


def test_an_older_snapshot_is_refused_with_a_code_and_the_newer_one_is_served_on():
    good = LastGood()
    take(good, snapshot(5))
    with pytest.raises(Conflict) as found:
        take(good, snapshot(4))
    assert found.value.code == "snapshot_older"
    assert good.live("home").release == 5


def test_a_snapshot_altered_on_the_way_is_refused():
    good = LastGood()
    data = encode_snapshot(snapshot(1)).replace(b"Good morning", b"Good mourning")
    act = lambda: good.take("home", data, expected_id=snapshot_id(snapshot(1)), now=NOW, age_s=0.0)  # noqa: E731
    assert refusal(act) == "wrong_digest"
    assert good.surfaces() == ()


def test_a_snapshot_cut_short_is_refused():
    good = LastGood()
    data = encode_snapshot(snapshot(1))[:-20]
    act = lambda: good.take("home", data, expected_id=snapshot_id(snapshot(1)), now=NOW, age_s=0.0)  # noqa: E731
    assert refusal(act) == "corrupt_snapshot"


def test_a_snapshot_from_the_future_is_refused():
    good = LastGood()
    assert refusal(lambda: take(good, snapshot(1, created_at=NOW + timedelta(hours=1)))) == "snapshot_from_the_future"


def test_a_snapshot_of_another_surface_is_refused():
    good = LastGood()
    made = snapshot(1)
    act = lambda: good.take(  # noqa: E731
        "search", encode_snapshot(made), expected_id=snapshot_id(made), now=NOW, age_s=0.0
    )
    assert refusal(act) == "wrong_surface"


def test_a_restart_finds_what_was_served_and_how_old_it_is(tmp_path):
    take(LastGood(SnapshotFiles(tmp_path)), snapshot(4, max_age_s=60))
    again = LastGood(SnapshotFiles(tmp_path))
    later = NOW + timedelta(seconds=90)
    assert again.restore(later) == ("home",)
    status = standing(again, later)["surfaces"]["home"]
    assert (status["release"], status["age_s"], status["origin"]) == (4, 90.0, "disk")
    assert status["stale"] is True


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data.replace(b"morning", b"evening"), lambda _: b""]
)
def test_a_corrupt_file_is_refused_and_named_and_the_process_starts_all_the_same(tmp_path, damage):
    take(LastGood(SnapshotFiles(tmp_path)), snapshot(4))
    path = tmp_path / "home.snapshot"
    path.write_bytes(damage(path.read_bytes()))
    again = LastGood(SnapshotFiles(tmp_path))
    assert again.restore(NOW) == ()
    assert again.problems["home"]["code"] in {"corrupt_snapshot", "wrong_digest"}
    take(again, snapshot(4))
    assert not again.problems
    assert LastGood(SnapshotFiles(tmp_path)).restore(NOW) == ("home",)


def test_a_file_from_the_future_is_refused_at_the_start(tmp_path):
    take(LastGood(SnapshotFiles(tmp_path)), snapshot(4))
    again = LastGood(SnapshotFiles(tmp_path))
    assert again.restore(NOW - timedelta(days=2)) == ()
    assert again.problems["home"]["code"] == "snapshot_from_the_future"


def test_one_bad_file_does_not_keep_the_other_surfaces_from_being_served(tmp_path):
    first = LastGood(SnapshotFiles(tmp_path))
    take(first, snapshot(1))
    take(first, snapshot(1, surface="search"))
    (tmp_path / "home.snapshot").write_bytes(b"rubbish")
    again = LastGood(SnapshotFiles(tmp_path))
    assert again.restore(NOW) == ("search",)


def test_a_disk_that_refuses_does_not_keep_a_kill_switch_from_being_served(tmp_path):
    (tmp_path / "snapshots").write_text("no folder")
    good = LastGood(SnapshotFiles(tmp_path / "snapshots"))
    assert take(good, snapshot(2))
    assert good.live("home").release == 2
    assert good.problems["home"]["code"] == "snapshot_not_kept"


def test_age_counts_from_the_last_confirmation_and_never_goes_back():
    good = LastGood()
    take(good, snapshot(1), age_s=3.0)
    assert good.live("home").compiled.age_s(NOW) == 3.0
    good.confirm("home", snapshot_id(snapshot(1)), NOW + timedelta(seconds=10))
    good.confirm("home", snapshot_id(snapshot(1)), NOW + timedelta(seconds=5))
    good.confirm("home", "0" * 16, NOW + timedelta(seconds=50))
    assert good.live("home").compiled.age_s(NOW + timedelta(seconds=12)) == 2.0


@pytest.mark.parametrize(("policy", "ready"), [("serve", True), ("baseline", True), ("refuse", False)])
def test_readiness_says_stale_beyond_the_declared_age_and_follows_the_declared_policy(policy, ready):
    good = LastGood()
    take(good, snapshot(1, max_age_s=30, stale_policy=policy))
    assert standing(good, NOW + timedelta(seconds=30))["stale"] is False
    late = standing(good, NOW + timedelta(seconds=31))
    assert (late["stale"], late["ready"]) == (True, ready)
    assert late["surfaces"]["home"]["stale_policy"] == policy


def test_watchers_hear_of_changes_only_and_one_that_is_gone_does_not_silence_the_others():
    good, heard = LastGood(), []

    def gone():
        raise RuntimeError("its event loop is closed")

    good.watch(gone)
    stop = good.watch(lambda: heard.append(good.live("home").release))
    put(good, snapshot(1))
    put(good, snapshot(1), at=NOW + timedelta(seconds=1))
    put(good, snapshot(2))
    stop()
    put(good, snapshot(3))
    assert heard == [1, 2]


def test_of_many_threads_that_offer_in_any_order_the_newest_wins(tmp_path):
    good = LastGood(SnapshotFiles(tmp_path))

    def offer(releases):
        for release in releases:
            try:
                take(good, snapshot(release))
            except Conflict:
                continue

    threads = [threading.Thread(target=offer, args=(range(start, 40, 4),)) for start in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert good.live("home").release == 39
    again = LastGood(SnapshotFiles(tmp_path))
    again.restore(NOW)
    assert again.live("home").release == 39


def test_what_is_kept_is_put_to_use_only_when_its_address_is_right(tmp_path):
    good = LastGood(SnapshotFiles(tmp_path))
    take(good, snapshot(1))
    data = (tmp_path / "home.snapshot").read_bytes()
    (tmp_path / "home.snapshot").write_bytes(data.replace(snapshot_id(snapshot(1)).encode(), b"0" * 16))
    again = LastGood(SnapshotFiles(tmp_path))
    again.restore(NOW)
    assert again.problems["home"]["code"] == "wrong_digest"
    assert again.held("home") is None


def test_an_unknown_hash_version_is_refused_like_corruption():
    with pytest.raises(InvalidInput) as found:
        take(LastGood(), snapshot(1, hash_version=99))
    assert found.value.code == "unknown_hash_version"
