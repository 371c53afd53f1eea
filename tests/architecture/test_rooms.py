"""The rules of the house that a linter does not know."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "counterpoint"
ROOMS = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file())
FILES = sorted(SOURCE.rglob("*.py"))
MAX_LINES = 600
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "core", "base", "manager", "service", "misc"}


def _relative(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", FILES, ids=_relative)
def test_a_file_opens_with_one_sentence_that_says_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, "no module docstring"
    first = docstring.splitlines()[0]
    assert first.endswith((".", ":", ",", "?")) or len(docstring.splitlines()) > 1, first


@pytest.mark.parametrize("path", FILES, ids=_relative)
def test_no_file_is_longer_than_600_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    names = {path.stem for path in SOURCE.rglob("*.py")} | {path.name for path in SOURCE.rglob("*") if path.is_dir()}
    assert not names & FORBIDDEN_NAMES


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_all_that_it_offers_and_offers_all_that_it_says(room: str) -> None:
    module = importlib.import_module(f"counterpoint.{room}")
    offered: list[str] = module.__all__
    assert len(set(offered)) == len(offered)
    missing = [name for name in offered if not hasattr(module, name)]
    assert not missing


def test_other_rooms_import_from_a_room_and_not_from_its_files() -> None:
    deep = []
    for path in FILES:
        room = path.relative_to(SOURCE).parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            parts = (module or "").split(".")
            # An inner room (`storage.sql`) is a door of its own; a file behind a door is not.
            if (
                parts[0] == "counterpoint"
                and len(parts) > 2
                and parts[1] != room
                and not (SOURCE.joinpath(*parts[1:]) / "__init__.py").is_file()
            ):
                deep.append(f"{_relative(path)}: {module}")
    assert not deep


def test_the_tree_names_no_registry_and_no_path_of_one_machine() -> None:
    # Spelled so that this file does not find itself.
    bad = re.compile(
        "|".join(
            (
                "pypi" + r"\.org",
                "pythonhosted" + r"\.",
                "registry" + r"\.npmjs",
                "/wo" + "rk/",
                "/ro" + "ot/",
                r"\.wh" + "l\\b",
            )
        )
    )
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if (
            not path.is_file()
            or parts[0] in {".git", ".venv", ".counterpoint", ".hypothesis"}
            or any(p.endswith("cache__") or p.endswith("_cache") for p in parts)
        ):
            continue
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".txt", ".json", ".html", ".cfg", ".ini", ""} and bad.search(
            path.read_text(errors="ignore")
        ):
            found.append(str(path.relative_to(ROOT)))
    assert not found
