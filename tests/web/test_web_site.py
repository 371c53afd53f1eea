"""Every page shows its documents, tells what to do when there is nothing, and shows failures as a page."""

import json
import re

import pytest

from api import fake_documents as documents
from api.asgi_client import AsgiClient
from api.fake_platform import FakePlatform
from counterpoint.api import create_app
from counterpoint.errors import CannotCompute
from counterpoint.web import mount_web

HTMX = {"HX-Request": "true"}


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform()


@pytest.fixture
def client(platform: FakePlatform) -> AsgiClient:
    app = create_app(platform)
    mount_web(app, platform)
    return AsgiClient(app)


def shown(response, *texts: str, status: int = 200) -> str:
    assert response.status_code == status, response.text[:2000]
    assert response.headers["content-type"].startswith("text/html")
    for text in texts:
        assert text in response.text, text
    return response.text


def test_the_list_names_every_experiment_with_its_state(client):
    shown(client.get("/"), "podcasts-second-se", "running", "home-ctr-captions", "It is shipped")


def test_an_empty_list_says_what_to_do_next(client, platform):
    platform.control.empty = True
    shown(client.get("/"), "No experiment yet", "counterpoint demo")


def test_where_an_experiment_stands_is_fetched_for_its_row(client):
    text = shown(client.get("/experiments/podcasts-second-se/standing", headers=HTMX), "music_minutes_7d worse")
    assert "<html" not in text


def test_a_hypothesis_is_read_into_a_plan_with_its_sources(client):
    form = {"hypothesis": "podcast shelf second", "owner": "podcasts", "surface": "home"}
    part = shown(client.post("/plans", data=form, headers=HTMX), "premium listeners in Sweden", "Launch")
    assert "<html" not in part
    shown(client.post("/plans", data=form), "<html", "premium listeners in Sweden")


def test_a_question_back_offers_no_launch(client):
    part = shown(client.post("/plans", data={"hypothesis": "make it better"}, headers=HTMX), "Which parameter")
    assert "Launch</button>" not in part


def test_what_is_launched_is_exactly_the_spec_that_was_shown(client, platform):
    part = client.post("/plans", data={"hypothesis": "podcast"}, headers=HTMX).text
    fields = dict(re.findall(r'name="(spec|plan|surface)" value="([^"]*)"', part))
    unescaped = {name: re.sub("&#34;", '"', text).replace("&amp;", "&") for name, text in fields.items()}
    answer = client.post("/launches", data=unescaped | {"actor": "maria"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/experiments/podcasts-second-se")
    assert platform.control.asked[-1] == ("submit", "maria", None, documents.SPEC, documents.PLAN)
    assert client.post("/launches", data=unescaped, headers=HTMX).headers["hx-redirect"]


@pytest.mark.parametrize("spec", ["", "{", "[]", "3"])
def test_a_launch_form_that_was_tampered_with_is_refused(client, spec):
    form = {"surface": "home", "spec": spec, "plan": "{}"}
    shown(client.post("/launches", data=form), "have the hypothesis read", status=400)


def test_an_experiment_shows_split_units_effects_and_launch(client):
    text = shown(
        client.get("/experiments/podcasts-second-se"),
        "No mismatch",
        "4,120",
        "+4.12 %",
        "+1.11 % to +7.13 %",
        "margin 0.5 %",
        "Fewer than 5,000 values",
        "release 12 published",
        "Simulated listeners",
        "stage 3 of 3",
    )
    assert text.count('<svg class="interval') == 10


def test_an_experiment_without_figures_says_why_and_what_is_next(client, platform, monkeypatch):
    def nothing(key: str):
        raise CannotCompute("no_units", "no unit has been exposed", fix="wait for traffic")

    monkeypatch.setattr(platform.control, "results", nothing)
    shown(client.get("/experiments/podcasts-second-se"), "no unit has been exposed", "wait for traffic", "None yet")
    shown(client.get("/experiments/podcasts-second-se/standing"), "no unit has been exposed")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "stopped", "held": True}, "restarts, stops or archives it"),
        ({"state": "validated"}, "It waits for approval"),
        ({"state": "refused", "ended": True}, "It was refused"),
    ],
)
def test_without_figures_a_state_says_what_is_next_and_not_what_is_missing(
    client, platform, monkeypatch, changes, says
):
    def nothing(key: str):
        raise CannotCompute("not_started", "it has not gone live", fix="wait until it runs")

    monkeypatch.setattr(platform.control, "results", nothing)
    platform.control.launch_document |= changes
    for path in ("", "/standing"):
        text = shown(client.get(f"/experiments/podcasts-second-se{path}"), says)
        assert "wait until it runs" not in text or changes.get("held")


def test_a_surface_without_a_page_has_no_address_to_look_at_one(client, platform, monkeypatch):
    monkeypatch.setattr(platform.delivery, "surfaces", lambda: ["home", "search"])
    text = shown(client.get("/"), 'href="/surfaces/search/config"', 'href="/surfaces/home"')
    assert 'href="/surfaces/search"' not in text


def test_a_broken_split_is_shown_before_any_effect(client, platform):
    platform.control.results_document["srm"] |= {"mismatch": True, "p_value": 1e-8}
    shown(client.get("/experiments/podcasts-second-se"), "✗ Mismatch", "no effect below can be trusted")


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("running", {"pause", "hold", "stop", "kill"}),
        ("paused", {"resume", "hold", "stop", "kill"}),
        ("held", {"restart", "stop", "archive"}),
        ("shipped", set()),
        ("validated", {"approvals"}),
    ],
)
def test_only_what_can_be_done_is_offered(client, platform, state, offered):
    platform.control.launch_document |= {"state": "stopped", "held": True} if state == "held" else {"state": state}
    text = client.get("/experiments/podcasts-second-se").text
    assert set(re.findall(r'(?:formaction|action)="/launches/[^/]+/(\w+)"', text)) == offered


def test_steering_needs_a_reason_and_goes_back_to_the_experiment(client, platform):
    name = documents.LAUNCH["id"]
    shown(client.post(f"/launches/{name}/pause", data={"reason": " "}), "field_missing", "say why", status=400)
    answer = client.post(f"/launches/{name}/pause", data={"reason": "crashes", "actor": "maria"})
    assert answer.headers["location"] == "/experiments/podcasts-second-se"
    assert platform.control.asked[-1] == ("move", name, "pause", "maria", "crashes")


def test_a_proxy_that_names_the_person_wins_over_the_form(client, platform):
    headers = {"X-Counterpoint-Actor": "oda@example.org"}
    data = {"reason": "x", "actor": "somebody else"}
    client.post(f"/launches/{documents.LAUNCH['id']}/stop", data=data, headers=headers)
    assert platform.control.asked[-1][3] == "oda@example.org"


def test_an_approval_is_recorded_and_ones_own_is_refused(client, platform):
    address = f"/launches/{documents.LAUNCH['id']}/approvals"
    assert client.post(address, data={"actor": "oda", "note": "fine"}).status_code == 303
    shown(client.post(address, data={"actor": "maria@example.org"}), "own_launch", status=409)


def test_the_page_is_shown_as_assigned_and_as_forced(client, platform):
    shown(client.get("/surfaces/home?listener=sim-noah"), "As assigned", "Vapor Trails", "Simulated listeners")
    shown(client.get("/surfaces/home?view=podcasts-second-se:second"), "forced, not counted")
    assert platform.delivery.asked[-1][3] == {"podcasts-second-se": "second"}


def test_looking_at_a_listeners_page_never_counts_and_leaves_nothing_else_to_chance(client, platform):
    client.get("/surfaces/home?view=podcasts-second-se:control&beside=podcasts-second-se:second")
    client.get("/surfaces/home")
    assert {(ask[4], ask[5]) for ask in platform.delivery.asked} == {("look-sim-ebba", False)}


def test_two_variants_are_compared_side_by_side(client):
    query = "view=podcasts-second-se:control&beside=podcasts-second-se:second"
    text = shown(client.get(f"/surfaces/home?{query}", headers=HTMX), "moves from place 6 to 2", "6 → 2")
    assert "<html" not in text
    assert text.count('class="screen') == 2


def test_the_page_is_drawn_as_its_presentation_asks(client, platform):
    plain = shown(client.get("/surfaces/home"), "size-medium", "density-comfortable", '<span class="title">')
    assert "at the top" not in plain
    hero = {"style": "video", "item": "album:1", "title": "Afterglow"}
    platform.delivery.presentation = {"card_size": "large", "density": "compact", "show_captions": False, "hero": hero}
    text = shown(client.get("/surfaces/home"), "size-large", "density-compact", "Video at the top")
    assert text.count('<span class="title">') == 1


def test_the_same_variant_twice_says_that_nothing_differs(client):
    shown(client.get("/surfaces/home?view=podcasts-second-se:second&beside=podcasts-second-se:second"), "Nothing: both")


def test_the_config_shows_baseline_bounds_and_what_was_shipped(client):
    shown(client.get("/surfaces/home/config"), "podcasts.shelf_position", "1 to 12", "the file says popularity")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nothing/here", 404, "unknown_page"),
        ("/experiments/nope", 404, "unknown_experiment"),
        ("/surfaces/hoem", 404, "unknown_surface"),
        ("/surfaces/home?view=nope:nope", 400, "unknown_view"),
        ("/surfaces/home?listener=nobody", 404, "unknown_listener"),
        ("/launches", 405, "method_not_allowed"),
        ("/static/nope.js", 404, "unknown_page"),
    ],
)
def test_a_failure_is_a_page_with_its_code_and_what_to_do(client, path, status, code):
    shown(client.get(path), f"<code>{code}</code>", "list of experiments", status=status)


def test_an_unexpected_failure_is_a_page_that_gives_nothing_away(client, platform, monkeypatch, caplog):
    def broken(surface=None):
        raise RuntimeError("a secret")

    monkeypatch.setattr(platform.control, "experiments", broken)
    text = shown(client.get("/"), "<code>internal</code>", status=500)
    assert "secret" not in text
    assert "secret" in caplog.text


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_form_of_another_site_changes_nothing(client, platform, headers):
    data = {"reason": "x"}
    shown(client.post(f"/launches/{documents.LAUNCH['id']}/stop", data=data, headers=headers), "cross_site", status=403)
    assert not platform.control.asked


@pytest.mark.parametrize("body", [b"hypothesis=%00", b"hypothesis=%ff", b"a=1&" * 60, b"hypothesis=" + b"x" * 70_000])
def test_a_form_that_cannot_be_read_is_refused(client, body):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    shown(client.post("/plans", content=body, headers=headers), "bad_form", status=400)


def test_what_people_wrote_is_never_markup(client, platform):
    platform.control.launch_document["timeline"][0]["reason"] = "<script>alert(1)</script>"
    text = client.get("/experiments/podcasts-second-se").text
    assert "<script>alert" not in text
    part = client.post("/plans", data={"hypothesis": "podcast"}, headers=HTMX).text
    assert json.dumps(documents.SPEC["audience"]) not in part


def test_pages_run_only_their_own_scripts_and_load_nothing_from_elsewhere(client):
    for path in ("/", "/experiments/podcasts-second-se", "/surfaces/home", "/surfaces/home/config"):
        response = client.get(path)
        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert not re.search(r'(?:src|href)="(?:https?:)?//', response.text)
        assert " style=" not in response.text
    assert client.get("/static/htmx.min.js").status_code == 200


def test_the_api_keeps_its_own_answers_under_the_site(client):
    assert client.get("/v1/experiments").json()["experiments"]
    assert client.get("/v1/nothing").json()["error"]["code"] == "unknown_route"
    assert client.get("/healthz").json() == {"status": "alive"}


def test_a_word_without_an_end_is_not_repeated_whole(client):
    form = {"hypothesis": "podcast", "surface": "x" * 50_000}
    text = shown(client.post("/plans", data=form, headers=HTMX), "unknown_surface", "xxx…", status=404)
    assert len(text) < 2_000


def test_a_reason_is_no_longer_than_its_field(client, platform):
    address = f"/launches/{documents.LAUNCH['id']}/pause"
    shown(client.post(address, data={"reason": "x" * 4_001, "actor": "maria"}), "too_long", "at most 4,000", status=400)
    assert not any(asked[0] == "move" for asked in platform.control.asked)
