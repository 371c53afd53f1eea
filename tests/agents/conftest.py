"""Surfaces of the planner's tests: the reference Home surface beside the checkout, and a small one of a search page."""

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
def search() -> Surface:
    return load_surface((DATA / "search_surface.yaml").read_text("utf-8"), source="search_surface.yaml")
