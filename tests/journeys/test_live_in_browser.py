"""In a browser: the page of what is live where keeps nobody out, on any screen, calm or not."""

# ruff: noqa: F811 - a fixture and the parameter that it is given to have one name
import pytest

from browser import chromium, page, serious_violations, served  # noqa: F401 - fixtures are found by name
from web.test_live_page import FakeBacking, site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("calm", [False, True])
def test_nobody_is_kept_out_of_what_is_live(chromium, calm):
    with served(site(FakeBacking(calm=calm))) as address:
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360)):
            context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
            try:
                opened = context.new_page()
                opened.goto(f"{address}/live")
                assert serious_violations(opened) == [], (scheme, width)
                assert opened.evaluate("document.documentElement.scrollWidth") <= width
            finally:
                context.close()


def test_drift_is_adopted_from_the_page(page):
    backing = FakeBacking()
    with served(site(backing)) as address:
        page.goto(address)
        page.get_by_role("navigation").get_by_role("link", name="Live").click()
        page.get_by_label("Reason").fill("on purpose")
        page.get_by_role("button", name="Keep what is there").click()
        page.get_by_role("heading", name="What is live where").wait_for()
    assert backing.asked[0][:3] == ("adopt", "flags", "home")
