"""In a browser: a person signs in, reads what an agent asks for, and says yes; open to all, on a phone too."""

# ruff: noqa: F811 - a fixture and the parameter that it is given to have one name
from collections.abc import Iterator
from hashlib import sha256

import pytest

from browser import chromium, page, serious_violations, served  # noqa: F401 - fixtures are found by name
from counterpoint.api import create_app, examples
from counterpoint.bootstrap import Platform, opened
from counterpoint.web import mount_web
from live_platform import prepared_settings

pytestmark = pytest.mark.browser
TOKEN = "the token of maria"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Platform]]:
    """A site with one write that an agent parked; opened before the browser, whose loop occupies this thread."""
    folder = tmp_path_factory.mktemp("asked")
    agents = folder / "agents.yaml"
    agents.write_text(f"people:\n  maria@example.org: {{token_sha256: {sha256(TOKEN.encode()).hexdigest()}}}\n")
    with opened(prepared_settings(folder / "data", agents=agents)) as platform:
        write = str(platform.agency.parking.launch(examples.SPEC, actor="agent:scout")["id"])
        app = create_app(platform)
        mount_web(app, platform)
        with served(app) as address:
            yield address, write, platform


def test_a_person_signs_in_and_approves_what_an_agent_asks_for(asked, page) -> None:
    address, write, platform = asked
    page.goto(f"{address}/parked")
    assert serious_violations(page) == []
    page.get_by_role("link", name="Launch podcasts-second-se").click()
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    page.get_by_label("Your token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{address}/parked/{write}"
    assert page.get_by_text("You are maria@example.org").is_visible()
    assert serious_violations(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("awaiting confirmation").first.wait_for()
    assert platform.agency.parking.read(write)["approved_by"] == ["maria@example.org"]
