"""Surfaces of the planner's tests: the reference Home surface beside the checkout, and a small one of a search page."""

from dataclasses import replace
from pathlib import Path

import pytest

from counterpoint.config import Surface, load_surface

DATA = Path(__file__).parent / "data"
HOME = Path(__file__).resolve().parents[2].parent / "shared" / "home"


@pytest.fixture(scope="session")
def home() -> Surface:
    source = HOME / "surface.yaml"
    if not source.exists():
        pytest.skip(f"the reference surface is not beside the checkout: {source.name} in ../shared/home")
    return load_surface(source.read_text("utf-8"), source="surface.yaml")


@pytest.fixture(scope="session")
def grown(home: Surface) -> Surface:
    """Home with a parameter that the network was not taught."""
    beside = home.parameters["visual.show_captions"]
    badge = replace(
        beside, key="visual.badge", baseline=False, description="a badge on new items", synonyms=("badges", "sticker")
    )
    return replace(home, parameters={**home.parameters, "visual.badge": badge})


@pytest.fixture(scope="session")
def search() -> Surface:
    return load_surface((DATA / "search_surface.yaml").read_text("utf-8"), source="search_surface.yaml")
