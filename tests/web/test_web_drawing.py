"""What is drawn says what was measured: scale, intervals, artwork and the bar of a launch are pure and checked."""

import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.web.artwork import artwork
from counterpoint.web.intervals import axis, interval
from counterpoint.web.lifeline import lifeline, machine_seconds
from counterpoint.web.readings import IMPROVED
from counterpoint.web.scale import Scale, scale_for
from counterpoint.web.scorecard import Figure, Row

SCALE = Scale(limit=0.08, step=0.02, width=320.0)
ROW = Row(
    variant="treatment",
    letter="A",
    control="21.8 min",
    treatment="22.7 min",
    shown=Figure(estimate=0.04, lower=0.02, upper=0.06),
    margin=None,
    higher_is_better=True,
    reading=IMPROVED,
    reason="",
)


def parts(svg: str, name: str) -> list[dict[str, str]]:
    return [each.attrib for each in ET.fromstring(svg).iter() if name in each.get("class", "").split()]


@given(st.lists(st.floats(1e-6, 10.0), min_size=1, max_size=30), st.lists(st.floats(1e-6, 10.0), max_size=3))
def test_four_intervals_in_five_and_all_that_must_fit_whole(extents, must):
    scale = scale_for(extents, at_least=must)
    assert sum(scale.holds(each) for each in extents) >= 0.8 * len(extents)
    assert all(scale.holds(each) for each in must)


@given(st.lists(st.floats(1e-6, 10.0), min_size=1, max_size=30))
def test_ticks_are_round_symmetric_and_few(extents):
    ticks = scale_for(extents).ticks
    assert 5 <= len(ticks) <= 11
    assert ticks == tuple(-each for each in reversed(ticks))
    assert 0.0 in ticks


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_larger_change_never_stands_further_left(one, other):
    low, high = sorted((one, other))
    assert SCALE.x(low) <= SCALE.x(high)


def test_a_scale_without_any_interval_still_has_an_axis():
    assert scale_for([math.inf]).limit > 0


def test_the_bar_spans_the_interval_and_the_diamond_stands_at_the_estimate():
    svg = interval(ROW, SCALE)
    whisker = parts(svg, "bar")[0]
    assert (float(whisker["x1"]), float(whisker["x2"])) == (200.0, 280.0)
    assert parts(svg, "point")[0]["d"].startswith("M235.0 ")
    assert not parts(svg, "arrow")
    assert "interval good" in svg


def test_an_interval_that_does_not_fit_ends_in_arrows():
    wide = replace(ROW, shown=Figure(estimate=0.0, lower=-0.5, upper=math.inf))
    assert len(parts(interval(wide, SCALE), "arrow")) == 2


def test_an_estimate_off_the_scale_has_no_diamond():
    off = replace(ROW, shown=Figure(estimate=0.2, lower=0.05, upper=0.35))
    assert not parts(interval(off, SCALE), "point")


@pytest.mark.parametrize(("higher", "x", "width"), [(True, 0.0, 120.0), (False, 200.0, 120.0)])
def test_shading_lies_on_the_side_on_which_the_metric_gets_worse(higher, x, width):
    svg = interval(replace(ROW, margin=0.02, higher_is_better=higher), SCALE)
    past = parts(svg, "past")[0]
    assert (float(past["x"]), float(past["width"])) == (x, width)


def test_a_margin_beyond_the_scale_shades_nothing():
    assert not parts(interval(replace(ROW, margin=0.5), SCALE), "past")


def test_what_was_not_computed_has_a_grid_and_no_bar():
    svg = interval(replace(ROW, shown=None), SCALE)
    assert not parts(svg, "bar")
    assert len(parts(svg, "tick")) == len(SCALE.ticks) - 1


def test_the_axis_names_both_ends_and_zero():
    texts = [each.text for each in ET.fromstring(axis(SCALE)).iter() if each.tag == "text"]
    assert texts[0] == "−8%"  # noqa: RUF001 - a minus sign
    assert texts[-1] == "+8%"
    assert texts[len(texts) // 2] == "0"


def test_fine_ticks_keep_the_digits_that_tell_them_apart():
    fine = Scale(limit=0.005, step=0.00125)
    texts = [each.text for each in ET.fromstring(axis(fine)).iter() if each.tag == "text"]
    assert len(set(texts)) == len(texts)


@given(st.text(max_size=30), st.sampled_from(["track", "album", "playlist", "podcast", "anything"]))
def test_artwork_is_well_formed_the_same_each_time_and_quotes_nothing(item, kind):
    drawn = artwork(item, kind)
    ET.fromstring(drawn)
    assert drawn == artwork(item, kind)


def test_two_items_do_not_look_the_same():
    assert len({artwork(f"track:{n}", "track") for n in range(200)}) == 200


def entry(step: str, seconds: float, state: str = "applied") -> dict:
    return {"step": step, "seconds": seconds, "state": state}


TIMELINE = [
    entry("plan", 0.1),
    entry("apply <b>", 0.3),
    entry("start", 0.0, "running"),
    entry("next_stage", 5.0, "running"),
]


def test_machine_time_ends_when_the_first_stage_is_live():
    assert machine_seconds(TIMELINE) == pytest.approx(0.4)
    assert len(parts(lifeline(TIMELINE), "step")) == 3


def test_steps_are_as_wide_as_they_took_long_and_named_safely():
    widths = [float(each["width"]) for each in parts(lifeline(TIMELINE), "step")]
    assert widths[1] > 2.5 * widths[0]
    assert min(widths) > 0
    assert "&lt;b&gt;" in lifeline(TIMELINE)


def test_a_launch_that_took_no_time_draws_nothing():
    assert lifeline([]) == ""
    assert lifeline([entry("plan", 0.0)]) == ""
