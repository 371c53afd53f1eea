"""What the network says of parameters, values and their joining becomes arms that the surface allows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.reader import (
    QuantitySignals,
    Signals,
    completed_arms,
    draft,
    plain_arms,
    same_arms,
    shapes_of,
    values_by_way,
)
from counterpoint.agents.offline.reader.ways import elided_unit, settable
from counterpoint.config import Surface

WAYS = ("set", "up", "down", "times", "pct_up", "pct_down")


def _number(value: float, start: int = 0, kind: Kind = Kind.NUMBER) -> Quantity:
    return Quantity(kind=kind, value=value, start=start, end=start + 1, bare=value)


def _said(quantity: Quantity, dial: str, way: str = "set", share: float = 0.95) -> QuantitySignals:
    return QuantitySignals(
        quantity=quantity, is_value=share, dial={dial: 1.0}, way={w: 0.95 if w == way else 0.01 for w in WAYS}
    )


def _signals(surface: Surface, dials: dict[str, float], **more: object) -> Signals:
    plain = Signals(
        answer={"plan": 1.0},
        metric={"home_ctr": 1.0},
        increase=0.9,
        dials={key: dials.get(key, 0.001) for key in surface.parameters},
        values={},
        anchors={"max": 0.001, "min": 0.001},
        n_arms={1: 0.7, 2: 0.1, 3: 0.1, 4: 0.1},
        shapes={"each": 0.2, "joint": 0.2, "product": 0.2, "each_and_all": 0.2, "base": 0.2},
        attributes={},
        quantities=(),
        told_by={},
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def test_a_number_that_gives_a_value_makes_the_arm(home: Surface) -> None:
    heard = _signals(home, {"layout.max_shelves": 0.99}, quantities=(_said(_number(8), "layout.max_shelves"),))
    assert draft(heard, home, set())[0].arms == ({"layout.max_shelves": 8},)


def test_a_step_starts_from_what_everybody_has(home: Surface) -> None:
    heard = _signals(home, {"layout.max_shelves": 0.99}, quantities=(_said(_number(2), "layout.max_shelves", "up"),))
    assert draft(heard, home, set())[0].arms == ({"layout.max_shelves": 14},)


def test_two_numbers_make_two_arms(home: Surface) -> None:
    said = tuple(_said(_number(n, start), "layout.max_shelves") for start, n in enumerate((8, 16)))
    heard = _signals(home, {"layout.max_shelves": 0.99}, quantities=said, n_arms={1: 0.1, 2: 0.8, 3: 0.05, 4: 0.05})
    assert same_arms(draft(heard, home, set())[0].arms, [{"layout.max_shelves": 16}, {"layout.max_shelves": 8}])


def test_no_draft_leaves_the_bounds_or_restates_the_baseline(home: Surface) -> None:
    said = tuple(_said(_number(n, start), "layout.max_shelves") for start, n in enumerate((99, 12)))
    drafts = draft(_signals(home, {"layout.max_shelves": 0.99}, quantities=said), home, set())
    values = {arm["layout.max_shelves"] for each in drafts for arm in each.arms}
    assert values <= {4, 24}  # the bounds are tried, never what lies beyond them, nor today's value


def test_a_bound_is_taken_where_no_number_is_said(home: Surface) -> None:
    heard = _signals(home, {"loading.cache_ttl_s": 0.99}, anchors={"max": 0.01, "min": 0.97})
    assert draft(heard, home, set())[0].arms == ({"loading.cache_ttl_s": 0},)


def test_a_number_without_a_unit_takes_that_of_the_value_before_it(home: Surface) -> None:
    minutes = Quantity(kind=Kind.TIME, value=120_000.0, start=0, end=2, unit="minutes", bare=2.0)
    assert elided_unit([minutes, _number(10)]) == 60_000.0
    assert values_by_way(_number(10), home.parameters["loading.cache_ttl_s"], 60_000.0)["set"] == 600.0


def test_what_a_parameter_needs_is_supplied(home: Surface) -> None:
    said = (_said(_number(5), "loading.first_fold_shelves"),)
    values = {("loading.mode", "progressive"): 0.4, ("loading.mode", "paged"): 0.1}
    heard = _signals(home, {"loading.first_fold_shelves": 0.99}, quantities=said, values=values)
    assert draft(heard, home, set())[0].arms == ({"loading.first_fold_shelves": 5, "loading.mode": "progressive"},)


def test_a_switch_that_only_another_parameter_needs_is_left_out_and_put_back(home: Surface) -> None:
    whole = [{"genrec.enabled": True, "genrec.shelf_position": 2}]
    assert plain_arms(whole, home) == ({"genrec.shelf_position": 2},)
    assert same_arms(completed_arms(plain_arms(whole, home), home), whole)
    assert plain_arms([{"genrec.enabled": True}], home) == ({"genrec.enabled": True},)


@pytest.mark.parametrize(
    ("shape", "n_arms"), [("each", 3), ("product", 2), ("each_and_all", 5), ("joint", 0), ("zip", 0)]
)
def test_two_parameters_are_joined_in_every_way_that_makes_sense(shape: str, n_arms: int) -> None:
    made = shapes_of({"a": [1, 2], "b": [True]})
    assert len(made.get(shape, ())) == n_arms


def test_values_in_parallel_are_joined_first_with_first() -> None:
    assert shapes_of({"a": [1, 2], "b": [3, 4]})["zip"] == [{"a": 1, "b": 3}, {"a": 2, "b": 4}]


@given(value=st.floats(-1e6, 1e6))
def test_what_is_settable_is_within_the_bounds_and_a_change(value: float) -> None:
    from counterpoint.config import Parameter
    from counterpoint.vocabulary import ParameterType

    dial = Parameter(key="a.b", layer="a", type=ParameterType.INT, baseline=3, min=1, max=9, description="x")
    found = settable(value, dial)
    assert found is None or (isinstance(found, int) and 1 <= found <= 9 and found != 3)
