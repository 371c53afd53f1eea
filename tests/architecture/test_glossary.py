"""The glossary is kept: words that were decided against do not name anything in the code."""

import ast
import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "counterpoint"
GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
# Only words that have no other meaning here; "cell" or "setting" do.
BANNED = ("placement", "knob", "rollout_percentage")


def _names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def test_nothing_is_named_by_a_word_that_the_glossary_decided_against() -> None:
    found = []
    for path in SOURCE.rglob("*.py"):
        for name in _names(ast.parse(path.read_text())):
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            found += [f"{path.name}: {name}" for word in BANNED if word in words.split("_") or word == words]
    assert not found


def test_every_banned_word_is_in_the_glossary_with_the_word_to_use() -> None:
    column = " ".join(line.split("|")[3] for line in GLOSSARY.read_text().splitlines() if line.count("|") == 4)
    assert not [word for word in BANNED if word.replace("_", " ") not in column]
