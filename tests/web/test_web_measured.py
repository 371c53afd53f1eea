"""The result page: intervals of two kinds, segments that decide nothing, parts read later, where a plan came from."""

from copy import deepcopy

import pytest

from api import fake_documents as documents
from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.web import mount_web
from web.measured_world import KEY, course, measured_platform, reading

HTMX = {"HX-Request": "true"}
PAGE = f"/experiments/{KEY}"


def client_of(platform) -> AsgiClient:
    app = create_app(platform)
    mount_web(app, platform)
    return AsgiClient(app)


@pytest.fixture
def client() -> AsgiClient:
    return client_of(measured_platform())


def text_of(client: AsgiClient, path: str, *, status: int = 200, part: bool = False) -> str:
    answer = client.get(path, headers=HTMX if part else {})
    assert answer.status_code == status, answer.text[:500]
    return answer.text


def test_the_page_asks_for_what_takes_long_only_once_it_is_drawn(client):
    text = text_of(client, PAGE)
    assert f'hx-get="{PAGE}/course"' in text
    assert 'hx-trigger="load"' in text
    assert "cumulative" not in text
    for name in ("novelty", "interactions", "power"):
        assert f'hx-get="{PAGE}/{name}" hx-trigger="toggle once"' in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("course", "podcast_minutes_7d, cumulative"),
        ("novelty", "The effect wears off with time"),
        ("interactions", "they change each other"),
        ("power", "Ready on day 21 with probability 52%"),
    ],
)
def test_a_part_is_also_a_page_for_who_has_no_scripts(client, name, said):
    part, whole = text_of(client, f"{PAGE}/{name}", part=True), text_of(client, f"{PAGE}/{name}")
    assert said in part and said in whole
    assert "<html" not in part and "<html" in whole


def test_intervals_are_switched_only_where_there_are_two_kinds(client):
    designed, any_look = text_of(client, PAGE), text_of(client, f"{PAGE}?intervals=any")
    assert "it holds at all planned looks together" in designed
    assert "+1.11 % to +7.13 %" in designed
    assert "+0.11 % to +8.13 %" in any_look
    assert f'hx-get="{PAGE}/course?intervals=any"' in any_look
    one_kind = client_of(measured_platform(results_document=deepcopy(documents.RESULTS)))
    text = text_of(one_kind, f"{PAGE}?intervals=any")
    assert 'name="intervals"' not in text
    assert "+1.11 % to +7.13 %" in text


def test_segments_are_offered_as_policy_allows_and_warn_of_their_number(client):
    text = text_of(client, f"{PAGE}?segment=plan")
    assert '<option value="plan" selected>' in text
    assert "age" not in text.partition('<select id="segment"')[2].partition("</select>")[0]
    assert "4 intervals at 99.5 % are read here, not corrected for their number: about 0.02" in text
    assert "the effect differs between segments" in text
    assert "no difference between segments beyond chance" in text
    assert "home_ctr, second: cannot be told, 1 of 2 segments has a figure, and it takes two." in text


def test_a_segment_that_policy_closes_is_refused_in_its_place(client):
    text = text_of(client, f"{PAGE}?segment=age_band")
    assert "age_band is sensitive" in text
    assert "Effect on each metric" in text


def test_before_the_first_look_the_course_says_when_it_comes():
    text = text_of(client_of(measured_platform(course_document=course(newest=3))), f"{PAGE}/course", part=True)
    assert "it is day 3.1, and the first look is planned on day 8" in text
    assert '<svg class="course"' not in text
    assert "What we can still detect" in text


def test_looks_that_read_nothing_are_said_and_not_drawn_as_an_empty_chart():
    document = course(newest=8)
    document["points"][0]["variants"] = [reading("second", None, 0), reading("third", None, 0)]
    text = text_of(client_of(measured_platform(course_document=document)), f"{PAGE}/course", part=True)
    assert "No look could read anything yet. Day 8: A (second) not computed, too few for a look" in text
    assert '<svg class="course"' not in text


def test_an_experiment_that_has_ended_promises_no_further_look():
    launch = deepcopy(documents.LAUNCH) | {"ended_at": "2026-11-20T09:30:00Z", "state": "stopped"}
    text = text_of(client_of(measured_platform(launch_document=launch)), f"{PAGE}/course", part=True)
    assert "not observed: it ended" in text
    assert "not yet observed" not in text and "What it could detect" in text


def test_a_plan_shows_its_sources_what_is_cited_and_where_a_second_opinion_differs():
    planner = {
        "model": "a-model", "answered_by": "model", "fallback": None, "rounds": 1, "input_tokens": 900,
        "output_tokens": 100, "tokens_estimated": False, "cost_usd": 0.002, "seconds": 1.4,
        "second_opinion": {"disagreed": [{"field": "allocation", "offline": 0.1, "model": 0.2}]},
    }  # fmt: skip
    client = client_of(measured_platform(plan_document=documents.PLAN | {"planner": planner}))
    form = {"hypothesis": "podcast shelf second", "owner": "podcasts", "surface": "home"}
    read = client.post("/plans", data=form, headers=HTMX).text
    for words in (
        "premium listeners in Sweden",
        "The offline planner reads",
        "rolled back, podcast_minutes_7d +1.80 %",
    ):
        assert words in read
    kept = text_of(client, PAGE)
    assert "How it was planned" in kept
    assert "Read by a-model." in kept
    assert "The offline planner reads" in kept


def test_an_experiment_that_was_written_as_a_spec_claims_no_sources(client):
    plain = text_of(client_of(measured_platform(plan_document={"outcome": "none"})), PAGE)
    assert "How it was planned" not in plain
