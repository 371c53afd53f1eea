"""In a browser: from the list to an experiment to the page in each variant, by mouse and by keyboard, open to all."""

# ruff: noqa: F811 - a fixture and the parameter that it is given to have one name
from collections.abc import Iterator

import pytest

from api.fake_platform import FakeControl, FakePlatform
from browser import chromium, page, serious_violations, served  # noqa: F401 - fixtures are found by name
from counterpoint.api import create_app
from counterpoint.web import mount_web
from web.measured_world import KEY, measured_platform

pytestmark = pytest.mark.browser


def site(platform: FakePlatform):
    app = create_app(platform)
    mount_web(app, platform)
    return app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(site(FakePlatform())) as url:
        yield url


def shelves(page, frame: int = 1) -> list[str]:
    return [each.strip() for each in page.locator(f"section.frame:nth-of-type({frame}) .shelf h3").all_inner_texts()]


def test_from_the_list_to_an_experiment_to_its_page_beside_control(page, address):
    page.goto(address)
    page.get_by_role("link", name="podcasts-second-se").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("podcasts-second-se")
    assert page.locator("svg.interval").count() == 10
    page.get_by_role("link", name="second beside control").click()
    page.get_by_text("moves from place").wait_for()
    assert page.locator("section.frame").count() == 2


def test_switching_the_variant_moves_the_shelf_without_loading_the_page_anew(page, address):
    page.goto(f"{address}/surfaces/home?listener=sim-ebba")
    page.evaluate("window.still = true")
    page.locator("label", has_text="third").click()
    page.locator("#frame-1", has_text="third").wait_for()
    assert "Podcasts for you" in shelves(page)[2]
    assert page.get_by_text("forced, not counted").is_visible()
    page.locator("label", has_text="control").click()
    page.locator("#frame-1", has_text="control").wait_for()
    assert "Podcasts for you" in shelves(page)[5]
    assert "view=podcasts-second-se" in page.url
    assert page.evaluate("window.still") is True


def test_the_switch_works_from_the_keyboard(page, address):
    page.goto(f"{address}/surfaces/home?listener=sim-ebba")
    page.get_by_role("radio", name="As assigned").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#frame-1", has_text="control").wait_for()
    assert page.get_by_role("radio", name="control").is_checked()


def test_a_hypothesis_is_read_in_place_and_launched(page, address):
    page.goto(address)
    page.get_by_role("textbox", name="Hypothesis").fill(
        "Moving the podcast shelf to second place raises podcast minutes"
    )
    page.get_by_role("button", name="Read it").click()
    page.get_by_text("This is how it was read").wait_for()
    assert page.get_by_text("premium listeners in Sweden", exact=True).is_visible()
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/experiments/podcasts-second-se")


def test_where_a_running_experiment_stands_arrives_in_its_row(page, address):
    page.goto(address)
    page.get_by_text("music_minutes_7d worse than its margin").wait_for()


def test_a_reading_that_is_refused_shows_where_its_result_would_have_stood(page, address):
    page.goto(address)
    page.evaluate("document.querySelector('#hypothesis').removeAttribute('required')")
    page.get_by_role("button", name="Read it").click()
    page.locator("#plan [role=alert]").wait_for()
    assert "field_missing" in page.locator("#plan").inner_text()


def test_stopping_asks_for_a_reason_and_shows_the_new_state(page):
    with served(site(FakePlatform())) as address:
        page.goto(f"{address}/experiments/podcasts-second-se")
        page.get_by_role("button", name="Pause").click()
        assert page.get_by_label("Reason").evaluate("field => field.validity.valueMissing")
        page.get_by_label("Reason").fill("the new client crashes")
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("It is paused").wait_for()
        assert page.get_by_role("button", name="Resume").is_visible()


def test_without_scripts_everything_still_works(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    try:
        plain = context.new_page()
        plain.goto(f"{address}/surfaces/home?listener=sim-ebba")
        plain.locator("label", has_text="second").click()
        plain.get_by_role("button", name="Show").click()
        assert plain.get_by_text("forced, not counted").is_visible()
        plain.goto(address)
        plain.get_by_role("textbox", name="Hypothesis").fill("the podcast shelf")
        plain.get_by_role("button", name="Read it").click()
        assert plain.get_by_text("This is how it was read").is_visible()
    finally:
        context.close()


PATHS = [
    "/",
    "/experiments/podcasts-second-se",
    "/surfaces/home?view=podcasts-second-se:control&beside=podcasts-second-se:second",
    "/surfaces/home/config",
    "/experiments/nope",
    "/docs",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(chromium, address, scheme):
    context = chromium.new_context(color_scheme=scheme)
    try:
        opened = context.new_page()
        for path in PATHS:
            opened.goto(address + path)
            if path == "/":
                opened.get_by_text("worse than its margin").wait_for()
                opened.get_by_role("textbox", name="Hypothesis").fill("podcast")
                opened.get_by_role("button", name="Read it").click()
                opened.get_by_text("This is how it was read").wait_for()
            assert serious_violations(opened) == [], path
    finally:
        context.close()


def test_an_empty_site_keeps_nobody_out_either(page):
    with served(site(FakePlatform(control=FakeControl(empty=True)))) as address:
        page.goto(address)
        assert serious_violations(page) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_narrow_screen_never_scrolls_sideways(chromium, address, path):
    context = chromium.new_context(viewport={"width": 360, "height": 700})
    try:
        opened = context.new_page()
        opened.goto(address + path)
        assert opened.evaluate("document.documentElement.scrollWidth") <= 360
    finally:
        context.close()


@pytest.fixture(scope="module")
def measured() -> Iterator[str]:
    with served(site(measured_platform())) as url:
        yield f"{url}/experiments/{KEY}?segment=plan"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_whole_result_page_fits_every_screen_and_keeps_nobody_out(chromium, measured, width, scheme):
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    try:
        opened = context.new_page()
        opened.goto(measured)
        opened.locator("svg.course").first.wait_for(state="attached")
        for question in opened.locator(".more summary").all():
            question.click()
        opened.get_by_text("Ready on day 21").wait_for()
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert touching(opened, "svg.course:visible text, svg.reach:visible text") == []
        assert serious_violations(opened) == []
    finally:
        context.close()


def touching(opened, selector: str) -> list[tuple[str, str]]:
    """Return pairs of drawn labels whose boxes overlap."""
    boxes = [(each.text_content(), each.bounding_box()) for each in opened.locator(selector).all()]
    return [
        (one, other)
        for n, (one, a) in enumerate(boxes)
        for other, b in boxes[n + 1 :]
        if a["x"] < b["x"] + b["width"] - 1
        and b["x"] < a["x"] + a["width"] - 1
        and a["y"] < b["y"] + b["height"] - 2
        and b["y"] < a["y"] + a["height"] - 2
    ]


def test_the_course_is_read_look_by_look_with_the_arrow_keys(page, measured):
    page.goto(measured)
    newest = page.get_by_role("radio", name="Day 15:")
    newest.wait_for(state="attached")
    assert newest.is_checked()
    newest.focus()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("radio", name="Day 14:").is_checked()
    assert page.locator(".slot .readout:visible").all_inner_texts()[0].startswith("Day 14: A (second) +4.41 %")
    page.locator("label.slot").first.hover()
    assert page.locator(".slot .readout:visible").all_inner_texts()[0].startswith("Day 8:")


def test_segments_and_intervals_change_in_place(page, measured):
    page.goto(measured.partition("?")[0])
    page.evaluate("window.still = true")
    page.get_by_label("Segment").select_option("country")
    page.get_by_role("heading", name="By country").wait_for()
    page.get_by_label("Always valid").check()
    page.get_by_text("+0.11 % to +8.13 %").first.wait_for()
    page.get_by_role("radio", name="Day 15: A (second) +4.37 %, −1.15 %").wait_for(state="attached")  # noqa: RUF001
    assert page.get_by_role("heading", name="By country").is_visible()
    assert "segment=country" in page.url and "intervals=any" in page.url
    assert page.evaluate("window.still") is True
