import json

import pytest

from counterpoint.config import BaselineRule
from counterpoint.errors import InvalidInput, PlatformFault
from counterpoint.experiments import Event
from counterpoint.releases import (
    AddExperiment,
    MoveExperiment,
    SetBaseline,
    SetRules,
    apply_change,
    change_digest,
    change_document,
    change_from,
    changed_parts,
    diff,
    digests_after,
    parts_of,
    state_digest,
    state_from,
    with_parts,
)
from experiment_examples import NOW, a_spec, a_state, change_of, drawn

RULE = BaselineRule(key="r", audience="true", set={"b.x": 3})


def rich_state():
    state = a_state()
    return apply_change(
        state,
        change_of(
            None,
            AddExperiment(experiment=drawn(a_spec(), state)),
            MoveExperiment(experiment="e1", event=Event.START),
            SetRules(rules=(RULE,)),
            SetBaseline(values={"c.size": 0.25}),
        ),
        now=NOW,
    )


def test_a_state_falls_into_parts_and_comes_back_whole():
    state = rich_state()
    parts = parts_of(state)
    assert state_from(parts) == state
    assert {"surface", "rules", "baseline/a.x", "experiments/e1"} <= parts.keys()


def test_whole_numbers_and_fractions_keep_their_type():
    back = state_from(parts_of(rich_state()))
    assert type(back.baseline["a.x"]) is int
    assert type(back.baseline["c.size"]) is float
    assert back.baseline["c.on"] is False


def test_what_changed_is_what_has_to_be_put_in():
    before, after = a_state(), rich_state()
    changed = changed_parts(before, after)
    assert set(changed) == {"experiments/e1", "rules", "baseline/c.size"}
    assert with_parts(before, changed) == after
    back = changed_parts(after, before)
    assert back["experiments/e1"] is None
    assert with_parts(after, back) == before


def test_the_digest_of_a_state_does_not_depend_on_how_it_came_about():
    before, after = a_state(), rich_state()
    at_once = digests_after({}, parts_of(after))
    step_by_step = digests_after(digests_after({}, parts_of(before)), changed_parts(before, after))
    assert state_digest(at_once) == state_digest(step_by_step)
    assert state_digest(at_once) != state_digest(digests_after({}, parts_of(before)))


@pytest.mark.parametrize(
    "parts", [{}, {"surface": b"{"}, {"rules": b"[]"}, {"nonsense/x": b"1"}, {"baseline/a": b"[1]"}]
)
def test_parts_that_make_no_state_are_a_fault_of_the_platform(parts):
    with pytest.raises(PlatformFault) as caught:
        state_from(parts)
    assert caught.value.code == "corrupt_release"


def test_a_diff_names_each_field_with_before_and_after():
    running = rich_state()
    paused = apply_change(running, change_of(None, MoveExperiment(experiment="e1", event=Event.PAUSE)), now=NOW)
    (part,) = diff(running, paused)
    assert (part.path, part.kind) == ("experiments/e1", "changed")
    assert [(field.path, field.before, field.after) for field in part.fields] == [("state", "running", "paused")]


def test_a_diff_tells_what_came_from_what_went():
    assert {part.kind for part in diff(a_state(), rich_state()) if part.path == "experiments/e1"} == {"added"}
    assert {part.kind for part in diff(rich_state(), a_state()) if part.path == "experiments/e1"} == {"removed"}
    assert diff(rich_state(), rich_state()) == ()
    assert diff(None, a_state())[0].kind == "added"


def test_a_diff_tells_true_from_one():
    before, after = a_state(), with_parts(a_state(), {"baseline/a.x": b"true"})
    (part,) = diff(before, after)
    assert (part.fields[0].before, part.fields[0].after) == (1, True)


def test_a_change_survives_being_written_down():
    experiment = drawn(a_spec(), a_state())
    change = change_of(
        None,
        AddExperiment(experiment=experiment),
        MoveExperiment(experiment="e1", event=Event.START, stage=0),
        SetRules(rules=(RULE,)),
        SetBaseline(values={"c.size": 0.25, "c.on": True, "a.x": 2}),
        not_before=NOW,
        acknowledges=("e2",),
    )
    back = change_from(json.loads(json.dumps(change_document(change))))
    assert back == change
    assert change_digest(back) == change_digest(change)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("author"),
        lambda d: d.update(operations=[{"op": "drop_everything"}]),
        lambda d: d.update(operations="all"),
        lambda d: d.update(operations=[{"op": "add_experiment", "experiment": None}]),
        lambda d: d["operations"][0]["experiment"].update(reserved="not base64"),
        lambda d: d["operations"][0]["experiment"].update(reserved=7),
        lambda d: d["operations"][0]["experiment"]["spec"].update(allocation=7),
        lambda d: d["operations"][0]["experiment"]["spec"].update(surprise=7),
    ],
)
def test_a_change_that_cannot_be_read_is_invalid_input(spoil):
    document = change_document(change_of(None, AddExperiment(experiment=drawn(a_spec(), a_state()))))
    spoil(document)
    with pytest.raises(InvalidInput):
        change_from(document)
