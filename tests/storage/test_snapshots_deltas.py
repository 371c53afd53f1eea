import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from counterpoint.config import encode_snapshot, snapshot_id
from counterpoint.errors import CounterpointError, InvalidInput
from counterpoint.storage.snapshots import LastGood
from counterpoint.storage.snapshots.deltas import MAX_BYTES, Piece, delta_between, patched
from feed_world import HALVES, NOW, put, snapshot, take

MANY = tuple(replace(HALVES, key=f"e{place}", salt=f"e{place}") for place in range(20))
ENTRIES = st.lists(st.sampled_from(["", "a", "b", ',"', ",", "åäö", "\u2028", "0123456789" * 20]), max_size=12)


def large(release, **changes):
    return snapshot(release, **{"experiments": MANY, **changes})


def pieces_of(delta):
    return msgspec.json.decode(delta, type=list[Piece])


def refusal(act):
    with pytest.raises(CounterpointError) as found:
        act()
    return found.value.code


@given(ENTRIES, ENTRIES)
def test_a_delta_makes_of_the_base_what_it_was_made_from(base, result):
    old, new = (',"'.join(each).encode() for each in (base, result))
    delta = delta_between(old, new)
    assert delta is None or patched(old, pieces_of(delta)) == new
    whole = delta_between(old, new + old + old + b"0" * 4_000 + old)
    assert whole is None or patched(old, pieces_of(whole)) == new + old + old + b"0" * 4_000 + old


@pytest.mark.parametrize(
    "change",
    [
        {"experiments": (replace(MANY[0], enabled=False), *MANY[1:])},
        {"experiments": MANY[1:]},
        {"experiments": (*MANY[:9], *MANY[10:], MANY[9])},
        {"rules": ()},
    ],
    ids=["kill switch", "stop", "another order", "rules"],
)
def test_one_change_of_a_large_snapshot_is_a_fiftieth_of_it(change):
    before, after = encode_snapshot(large(1)), encode_snapshot(large(2, **change))
    delta = delta_between(before, after)
    assert len(delta) < len(after) / 50
    assert patched(before, pieces_of(delta)) == after


def test_a_delta_that_saves_less_than_half_is_none():
    assert delta_between(encode_snapshot(snapshot(1)), encode_snapshot(large(2))) is None


@pytest.mark.parametrize("piece", [(-1, 2), (0, -1), (0, 11), (11, 0), (10, 1), (2**63, 1)])
def test_a_run_outside_the_base_is_refused(piece):
    assert refusal(lambda: patched(b"0123456789", [piece])) == "bad_delta"


def test_a_delta_cannot_make_more_than_a_snapshot_may_be():
    with pytest.raises(InvalidInput) as found:
        patched(b"0" * 1_000_000, [(0, 1_000_000)] * (MAX_BYTES // 1_000_000 + 1))
    assert found.value.code == "bad_delta"


def offered(source, base):
    live = source.live("home")
    return {"expected_id": live.compiled.id, "base": base, "now": NOW, "age_s": 0.0}, pieces_of(
        source.delta(live, base)
    )


def test_a_patched_snapshot_is_the_one_that_was_published():
    source, good = LastGood(), LastGood()
    for each in (source, good):
        put(each, large(1))
    put(source, large(2, experiments=MANY[1:]))
    asked, pieces = offered(source, snapshot_id(large(1)))
    assert good.patch("home", pieces, **asked)
    assert good.live("home").data == source.live("home").data
    assert not good.live("home").compiled.faults


def test_a_delta_of_another_base_or_altered_on_the_way_is_refused_and_what_is_served_stays():
    source, good = LastGood(), LastGood()
    put(source, large(1))
    take(good, large(1, rules=()))
    put(source, large(2, experiments=MANY[1:]))
    asked, pieces = offered(source, snapshot_id(large(1)))
    assert refusal(lambda: good.patch("home", pieces, **asked)) == "other_base"
    assert refusal(lambda: LastGood().patch("home", pieces, **asked)) == "other_base"
    same = LastGood()
    take(same, large(1))
    altered = [piece.replace(":2", ":3") if isinstance(piece, str) else piece for piece in pieces]
    assert refusal(lambda: same.patch("home", altered, **asked)) == "wrong_digest"
    assert same.live("home").release == good.live("home").release == 1


def test_whoever_was_sent_one_of_the_last_three_gets_a_delta_and_others_the_whole():
    source = LastGood()
    for release in range(1, 6):
        put(source, large(release))
    live = source.live("home")
    is_there = [source.delta(live, snapshot_id(large(release))) is not None for release in range(1, 5)]
    assert is_there == [False, True, True, True]
