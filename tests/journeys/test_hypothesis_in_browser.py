"""On the real embedded platform, in a browser: a hypothesis is typed, read, launched, and its results watched."""

# ruff: noqa: F811 - a fixture and the parameter that it is given to have one name
import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from browser import chromium, page, serious_violations, served  # noqa: F401 - fixtures are found by name
from counterpoint.api import create_app
from counterpoint.bootstrap import Platform, SimulatedClock, rehearse
from counterpoint.simulation import Population
from counterpoint.web import mount_web
from live_platform import live_platform

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HYPOTHESIS = (
    "Moving the podcast shelf to the top of Home gets at least 10 % more listeners to play a podcast. "
    "The 95th percentile of load time may get worse by 200 ms, no more. Two weeks, on 80 % of the traffic."
)
N_LISTENERS = 200


@dataclass
class World:
    address: str
    platform: Platform
    clock: SimulatedClock
    population: Population

    def live(self, days: int, seed: int) -> None:
        """Let simulated days pass; in a thread of its own, because Playwright's loop occupies this one."""

        def pass_days() -> None:
            asyncio.run(
                rehearse(self.platform, self.clock, self.population, days=days, seed=seed, on_day=lambda progress: None)
            )

        with ThreadPoolExecutor(1) as other:
            other.submit(pass_days).result()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("browser")
    with live_platform(folder, buffered=True) as (platform, clock):
        app = create_app(platform)
        mount_web(app, platform)
        surface = platform.control.release_store.latest("home").state.surface
        population = Population.generate(platform.catalogue.current, surface, N_LISTENERS, 20)
        with served(app) as address:
            yield World(address, platform, clock, population)


# The world comes first: its executor refuses to start where Playwright's loop is running already.
def test_from_words_in_the_page_to_results_look_by_look(world, page):
    world.live(2, 1)
    page.set_default_timeout(60_000)
    page.goto(world.address)
    page.get_by_role("textbox", name="Hypothesis").fill(HYPOTHESIS)
    page.get_by_role("button", name="Read it").click()
    page.get_by_text("This is how it was read").wait_for()
    assert page.locator("#plan q").count() >= 3
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/experiments/*")
    page.locator("h1 .state-running").wait_for()

    # Nobody has met it yet: the page says so, and that nothing can be read.
    page.get_by_text("No unit was exposed yet.").wait_for()
    page.get_by_text("Nothing can be read yet").wait_for()
    assert serious_violations(page) == []

    world.live(10, 2)
    page.reload()
    page.locator("svg.course").first.wait_for(state="attached")
    key = page.url.rsplit("/", 1)[1]
    course = world.platform.control.statistics.course(key)
    days = [point["day"] for point in course["points"]]
    assert len(days) >= 2
    newest = page.get_by_role("radio", name=f"Day {days[-1]:.0f}:")
    assert newest.is_checked()
    newest.focus()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("radio", name=f"Day {days[-2]:.0f}:").is_checked()

    # The chart's newest value is the scorecard's: one look, told twice.
    row = world.platform.control.results(key)["metrics"][0]
    last = course["points"][-1]["variants"][0]
    assert (last["relative_effect"], last["relative_ci_lower"]) == (row["relative_effect"], row["relative_ci_lower"])
    assert page.locator("table.effects").first.inner_text().count("%") >= 3

    page.get_by_label("Segment").select_option("plan")
    page.get_by_role("heading", name="By plan").wait_for()
    assert page.get_by_text("Segments decide nothing").is_visible()
    assert page.get_by_label("Segment").locator("option", has_text="age").count() == 0
    for question, answer in (
        ("Does the effect wear off?", "among units followed for all"),
        ("Do other experiments disturb it?", "No other experiment shares exposed units"),
        ("How long would it take", "asked again on the traffic"),
    ):
        page.get_by_text(question).click()
        page.get_by_text(answer).wait_for()
    assert serious_violations(page) == []
