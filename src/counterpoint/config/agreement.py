"""Finds which parameters a program reads, in whatever language, so that code and surface can be held to each other."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from counterpoint.config.export import check_agreement
from counterpoint.config.surface import Surface
from counterpoint.vocabulary import Finding

SOURCE_SUFFIXES = frozenset({".py", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".java", ".kt", ".swift", ".go", ".rs"})
_QUOTED = re.compile(r"""(["'`])(?P<key>[a-z][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)+)\1""")
_NO_KEYS = (".py", ".ts", ".js", ".json", ".yaml", ".yml", ".html", ".css", ".md", ".txt", ".svg", ".png")


def keys_in_code(surface: Surface, texts: Mapping[str, str]) -> dict[str, str]:
    """Return what looks like a parameter of `surface` in the text of source files, and where each is found first.

    A quoted word with dots counts when its first part begins some parameter's key: keys are written whole where they
    are read, which is also what makes them findable by people.

    Args:
        texts: Name of the file -> its text.
    """
    stems = {key.partition(".")[0] for key in surface.parameters if "." in key}
    plain = {key for key in surface.parameters if "." not in key}
    found: dict[str, str] = {}
    for name, text in texts.items():
        for number, line in enumerate(text.splitlines(), start=1):
            for match in _QUOTED.finditer(line):
                key = match["key"]
                if key.partition(".")[0] in stems and not key.endswith(_NO_KEYS):
                    found.setdefault(key, f"{name}:{number}")
            for key in plain - found.keys():
                if any(f"{quote}{key}{quote}" in line for quote in "\"'`"):
                    found.setdefault(key, f"{name}:{number}")
    return found


def check_code(surface: Surface, texts: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return where the code in `texts` and `surface` disagree, as in `check_agreement`, with file and line."""
    found = keys_in_code(surface, texts)
    return tuple(_placed(finding, found) for finding in check_agreement(surface, found))


def _placed(finding: Finding, found: Mapping[str, str]) -> Finding:
    where = found.get(finding.path)
    return finding if where is None else replace(finding, message=f"{where}: {finding.message}")


def is_source(name: str, suffixes: Iterable[str] = SOURCE_SUFFIXES) -> bool:
    """Return whether a file is looked into, by its name."""
    return any(name.endswith(suffix) for suffix in suffixes)
