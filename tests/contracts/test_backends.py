"""What every backend promises: the same laws on each adapter, over a fake of its system."""

from datetime import timedelta

import msgspec
import pytest

from contracts.backend_rigs import RIGS, Rig, is_retryable, plain
from counterpoint.errors import DependencyFailure
from counterpoint.orchestration import Diff, Goal, Receipt
from experiment_examples import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture(params=list(RIGS))
def rig(request, tmp_path) -> Rig:
    return RIGS[request.param](tmp_path)


def start(rig: Rig, key: str = "k1") -> Receipt:
    rig.surface_reaches(Goal.START)
    return again(rig, key)


def again(rig: Rig, key: str = "k1", goal: Goal = Goal.START) -> Receipt:
    desired = rig.desired(goal)
    return rig.backend.apply(desired, rig.backend.plan(desired), key)


def needs(rig: Rig, part: str):
    if getattr(rig, part) is None:
        pytest.skip(f"{rig.backend.name} has nothing to {part}")
    return getattr(rig, part)


def test_a_plan_is_pure_and_says_what_is_missing(rig):
    before = plain(rig.look())
    planned = rig.backend.plan(rig.desired())
    assert planned == rig.backend.plan(rig.desired())
    assert isinstance(planned, Diff)
    assert planned.backend == rig.backend.name
    assert planned.edits
    assert plain(rig.look()) == before
    assert msgspec.json.decode(msgspec.json.encode(planned), type=Diff) == planned, "it travels as JSON"


def test_a_goal_that_is_reached_needs_no_edit(rig):
    start(rig)
    assert bool(rig.backend.plan(rig.desired()).edits) is not rig.keeps


def test_applying_twice_under_one_key_is_applying_once(rig):
    first, held = start(rig), plain(rig.look())
    assert again(rig) == first
    assert plain(rig.look()) == held
    assert first.idempotency_key == "k1"
    assert msgspec.json.decode(msgspec.json.encode(first), type=Receipt) == first, "it travels as JSON"


def test_what_was_applied_verifies_until_somebody_else_changes_it(rig):
    receipt = start(rig)
    assert rig.backend.verify(receipt) is None
    needs(rig, "tamper")()
    assert rig.backend.verify(receipt)


def test_a_revert_restores_what_was_there_and_twice_is_once(rig):
    rig.surface_reaches(Goal.START)
    before = plain(rig.look())
    receipt = again(rig)
    assert plain(rig.look()) != before or not rig.keeps
    for _ in range(2):
        rig.backend.revert(receipt, actor="author", reason="a test", now=LATER)
        assert plain(rig.look()) == before
    assert not rig.keeps or rig.backend.verify(receipt)


def test_an_apply_that_comes_after_its_revert_changes_nothing(rig):
    receipt = start(rig)
    rig.backend.revert(receipt, actor="author", reason="a test", now=LATER)
    reverted = plain(rig.look())
    if rig.backend.name == "metrics":
        pytest.skip("a withdrawn analysis plan is registered anew: no listener meets it")
    again(rig)
    assert plain(rig.look()) == reverted


def test_a_state_applied_by_half_is_found_by_plan(rig):
    halve = needs(rig, "halve")
    start(rig)
    whole = plain(rig.look())
    halve()
    assert plain(rig.look()) != whole
    planned = rig.backend.plan(rig.desired())
    assert len(planned.edits) == 1


def test_a_system_that_is_down_raises_what_may_be_tried_again_and_is_found_well_afterwards(rig):
    fail = needs(rig, "fail")
    rig.surface_reaches(Goal.START)
    planned = rig.backend.plan(rig.desired())
    fail(True)
    calls = [lambda: rig.backend.apply(rig.desired(), planned, "k1")]
    if rig.backend.name != "reach":  # it plans whom to ask, and asks when it is applied
        calls.append(lambda: rig.backend.plan(rig.desired()))
    for failing in calls:
        with pytest.raises(DependencyFailure) as raised:
            failing()
        assert is_retryable(raised.value)
        assert raised.value.where
        assert raised.value.fix
    fail(False)
    receipt = again(rig)
    assert rig.backend.verify(receipt) is None


def test_pausing_and_stopping_take_away_what_starting_gave(rig):
    rig.surface_reaches(Goal.START)
    before = plain(rig.look())
    again(rig)
    rig.surface_reaches(Goal.PAUSE)
    receipt = again(rig, "k2", Goal.PAUSE)
    assert rig.backend.verify(receipt) is None
    assert not rig.backend.plan(rig.desired(Goal.PAUSE)).edits
    if rig.backend.name in ("register", "content", "reach"):
        assert plain(rig.look()) == before
