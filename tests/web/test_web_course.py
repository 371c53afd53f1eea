"""A course is drawn where its figures are, a gap where there are none, and told the same way in words."""

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.web.course import Course, read_course
from counterpoint.web.course_chart import course_svg
from counterpoint.web.plot import NARROW, WIDE, DayAxis, change_axis, spread_out
from counterpoint.web.reach_chart import reach_sentences, reach_svg
from web.measured_world import EFFECTS, course, reading

LETTERS = {"second": "A", "third": "B"}
FRAMES = pytest.mark.parametrize("frame", [WIDE, NARROW], ids=["wide", "narrow"])


def read(document=None, *, any_look: bool = False) -> Course:
    return read_course(document or course(), LETTERS, any_look=any_look)


def elements(svg: str, name: str) -> list[ET.Element]:
    return [each for each in ET.fromstring(svg).iter() if name in each.get("class", "").split()]


def places(path: ET.Element) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split())) for pair in path.attrib["d"].strip("MZ").split("L")]  # type: ignore[misc]


@FRAMES
def test_each_line_passes_its_estimates_on_their_days(frame):
    found = read()
    svg = course_svg(found, frame)
    days = DayAxis(days=28, frame=frame)
    for variant, letter in LETTERS.items():
        line = next(each for each in elements(svg, "line") if f"tint-{letter}" in each.attrib["class"])
        points = places(line)
        assert [x for x, _ in points] == [days.x(day) for day in range(8, 16)]
        estimates = [look.figures[variant].estimate for look in found.looks]
        for (one, (_, y1)), (other, (_, y2)) in pairwise(zip(estimates, points, strict=True)):
            assert (one > other) == (y1 < y2) or one == other


@FRAMES
def test_a_band_encloses_its_line_and_neither_leaves_the_plot_unclipped(frame):
    svg = course_svg(read(), frame)
    for letter in LETTERS.values():
        band = next(each for each in elements(svg, "band") if f"tint-{letter}" in each.attrib["class"])
        line = next(each for each in elements(svg, "line") if f"tint-{letter}" in each.attrib["class"])
        edge, middle = places(band), places(line)
        above, below = edge[: len(middle)], edge[: len(middle) - 1 : -1]
        for (x0, top), (x1, y), (x2, bottom) in zip(above, middle, below, strict=True):
            assert x0 == x1 == x2
            assert top <= y <= bottom
        assert all(frame.top <= y <= frame.top + frame.plot_height for _, y in middle)
        assert all(frame.left <= x <= frame.left + frame.plot_width for x, _ in edge)
    root = ET.fromstring(svg)
    clipped = next(each for each in root.iter() if each.get("clip-path"))
    assert len(elements_in(clipped, "band")) == len(elements(svg, "band")) == 2


def elements_in(root: ET.Element, name: str) -> list[ET.Element]:
    return [each for each in root.iter() if name in each.get("class", "").split()]


@FRAMES
def test_what_is_not_known_is_never_drawn(frame):
    document = course()
    for nothing, n in ((None, 2), (math.nan, 4)):
        row = document["points"][n]["variants"][0]
        document["points"][n]["variants"][0] = row | {"relative_effect": nothing, "anytime": None}
    document["points"][5]["variants"][0] |= {"relative_ci_lower": None, "relative_ci_upper": None}
    svg = course_svg(read(document), frame)
    assert not {"nan", "None", "inf"} & set(svg.replace('"', " ").replace("L", " ").split())
    # Two gaps leave a stretch of two days, one day alone, and a stretch of three.
    lines = [each for each in elements(svg, "line") if "tint-A" in each.attrib["class"]]
    assert [len(places(each)) for each in lines] == [2, 3]
    assert len([e for e in elements(svg, "alone") if "tint-A" in e.attrib["class"]]) == 1


@FRAMES
def test_a_bound_far_out_is_cut_and_leaves_the_effects_readable(frame):
    document = course(newest=9)
    for point in document["points"]:
        point["variants"] = [reading("second", 0.2, 0.1) | {"relative_ci_upper": 20.0}, reading("third", 0.1, 0.05)]
    ends = [float(each.attrib["cy"]) for each in elements(course_svg(read(document), frame), "newest")]
    assert abs(ends[0] - ends[1]) > 0.1 * frame.plot_height


@FRAMES
def test_one_look_is_a_bar_and_none_is_no_mark_at_all(frame):
    one = course_svg(read(course(newest=8)), frame)
    bars = [float(each.attrib["x1"]) for each in elements(one, "alone")]
    assert len(set(bars)) == 2
    assert sum(bars) / 2 == pytest.approx(DayAxis(days=28, frame=frame).x(8), abs=0.02)
    assert not elements(one, "band") and not elements(one, "line")
    none = course_svg(read(course(newest=3)), frame)
    assert not any(elements(none, name) for name in ("band", "line", "alone", "newest", "end"))
    assert len(elements(none, "unobserved")) == 1


@FRAMES
def test_days_to_come_are_shaded_and_looks_to_come_marked_apart(frame):
    svg = course_svg(read(), frame)
    days = DayAxis(days=28, frame=frame)
    later = elements(svg, "unobserved")[-1]
    assert float(later.attrib["x"]) == days.x(15)
    assert float(later.attrib["x"]) + float(later.attrib["width"]) == pytest.approx(frame.left + frame.plot_width)
    assert len(elements(svg, "taken")) == 8
    assert len(elements(svg, "to-come")) == 13
    assert not elements(course_svg(read(course(looks="any")), frame), "look")


@FRAMES
def test_labels_at_the_edge_never_touch_even_where_effects_are_the_same(frame):
    document = course(newest=15)
    document["points"][-1]["variants"] = [reading(variant, 0.02, 0.03) for variant in EFFECTS]
    ends = [float(each.attrib["y"]) for each in elements(course_svg(read(document), frame), "end")]
    assert len(ends) == 2
    assert abs(ends[0] - ends[1]) >= 15


@given(st.lists(st.floats(0, 240), min_size=1, max_size=6))
def test_labels_keep_their_order_and_their_distance(asked):
    moved = spread_out(asked, 15, low=0, high=240)
    order = sorted(range(len(asked)), key=lambda n: asked[n])
    assert all(moved[b] - moved[a] >= 15 - 0.02 for a, b in pairwise(order))
    assert all(-0.01 <= each <= 240.01 for each in moved)


@given(st.lists(st.one_of(st.none(), st.floats(-5, 5), st.just(math.inf)), max_size=20))
def test_every_change_and_zero_stand_on_the_axis_and_larger_ones_higher(changes):
    axis = change_axis(changes, WIDE)
    known = sorted({0.0, *(each for each in changes if each is not None and math.isfinite(each))})
    assert axis.low <= known[0] and known[-1] <= axis.high
    heights = [axis.y(each) for each in known]
    assert heights == sorted(heights, reverse=True)
    assert 2 <= len(axis.ticks) <= 10
    assert any(abs(tick) < axis.step / 2 for tick in axis.ticks)


@given(st.integers(1, 365))
def test_day_labels_are_few_in_order_and_apart(days):
    for frame in (WIDE, NARROW):
        axis = DayAxis(days=days, frame=frame)
        assert axis.ticks[0] == 1 and axis.ticks[-1] == days
        assert len(axis.ticks) <= 8
        xs = [axis.x(day) for day in axis.ticks]
        assert all(b - a >= 15 for a, b in pairwise(xs))


def test_a_look_is_told_with_every_treatment_and_its_interval():
    said = read().summary
    assert said.startswith("Day 15: A (second) +4.37 %, +0.13 % to +8.61 %; B (third) +1.06 %, ")
    assert (
        "not computed, too few for a look"
        in read(course(newest=8) | {"points": [{"day": 8, "variants": [reading("second", None, 0)]}]}).summary
    )


def test_the_band_says_for_which_looks_it_holds():
    assert "planned looks" in read().holds
    assert "Always-valid 97.5 % bands" in read(course(looks="any")).holds
    assert "Always-valid" in read(any_look=True).holds
    narrow, wide = (read(any_look=any_look).looks[-1].figures["second"] for any_look in (False, True))
    assert wide.lower < narrow.lower < narrow.estimate == wide.estimate < narrow.upper < wide.upper


def test_the_reach_is_drawn_at_its_values_with_the_plan_and_today():
    document = course()
    svg = reach_svg(document)
    line = places(elements(svg, "line")[0])
    assert [y for _, y in line] == sorted(y for _, y in line)
    today = elements(svg, "newest")[0]
    assert (float(today.attrib["cx"]), float(today.attrib["cy"])) in line
    planned = float(elements(svg, "planned")[0].attrib["y1"])
    assert line[-1][1] > planned > line[0][1]


def test_what_can_be_detected_is_said_against_the_plan_and_unknown_is_said_as_unknown():
    said = " ".join(reach_sentences(course()))
    assert "with 80 % power" in said
    assert "By day 28 it finds 2.4 %, as small as planned." in said
    assert "larger than the planned 1 %" in " ".join(reach_sentences(course() | {"mde": 0.01}))
    unknown = course() | {"detectable": {"reason": {"message": "the spread is not known"}, "by_day": []}}
    assert reach_sentences(unknown) == ["Not known: the spread is not known."]
    assert reach_svg(unknown) == ""
