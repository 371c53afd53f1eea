"""Builds what the documentation takes from the code: command reference, error codes, OpenAPI, and the README's output.

Run by `make docs`. Everything is written in place, so that `git diff` shows what changed.
"""

import ast
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SOURCE = ROOT / "src" / "counterpoint"
RAISED = {"InvalidInput", "NotFound", "Conflict", "Forbidden", "CannotCompute", "DependencyFailure", "PlatformFault"}
SHORT_FOR_FINDING = {"_error", "_finding", "bad"}
"""What some files call to make a finding; its first argument is the code."""
CODE = re.compile(r"[a-z][a-z_]+")
BLOCK = re.compile(r"(<!-- output of: (?P<command>[^>]+) -->\n```text\n).*?(^```$)", re.DOTALL | re.MULTILINE)


def command_reference() -> str:
    """Return the help of every command."""
    from counterpoint.cli import main

    # argparse wraps at the width of whoever builds; the reference must not depend on that.
    os.environ["COLUMNS"] = "80"

    def help_of(*words: str) -> str:
        out = io.StringIO()
        with redirect_stdout(out), suppress(SystemExit):
            main([*words, "--help"])
        return out.getvalue().rstrip()

    top = help_of()
    commands = [line.split()[0] for line in top.splitlines() if re.match(r"    \S", line)]
    parts = ["# Command line", "", "Written by `make docs` from the commands themselves.", "", f"```text\n{top}\n```"]
    for command in commands:
        parts += ["", f"## {command}", "", f"```text\n{help_of(command)}\n```"]
    return "\n".join(parts) + "\n"


def error_codes() -> str:
    """Return a table of every code that the source raises or finds, with where."""
    found: dict[str, tuple[str, set[str]]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        room = path.relative_to(SOURCE).parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            code: ast.expr | None = None
            if name in RAISED and node.args:
                code = node.args[0]
            elif name in SHORT_FOR_FINDING and node.args:
                name, code = "Finding", node.args[0]
            elif name == "Finding":
                code = next((keyword.value for keyword in node.keywords if keyword.arg == "code"), None)
            if isinstance(code, ast.Constant) and isinstance(code.value, str) and CODE.fullmatch(code.value):
                kind, rooms = found.get(code.value, (name, set()))
                # What is raised somewhere is said to be raised.
                found[code.value] = (name if kind == "Finding" else kind, rooms | {room})
    rows = [f"| `{code}` | {kind} | {', '.join(sorted(rooms))} |" for code, (kind, rooms) in sorted(found.items())]
    head = ["# Codes", "", "Every error and finding has a code that never changes its meaning. Written by `make docs`.", ""]
    return "\n".join([*head, "| code | kind | room |", "|---|---|---|", *rows]) + "\n"


def openapi() -> str:
    """Return the OpenAPI document of the API."""
    from counterpoint.api import create_app
    from counterpoint.bootstrap import opened
    from counterpoint.settings import read_settings

    with tempfile.TemporaryDirectory() as folder, opened(read_settings({}, data=Path(folder))) as platform:
        return json.dumps(create_app(platform).openapi(), indent=1, sort_keys=True) + "\n"


def with_real_output(text: str) -> str:
    """Return a document whose output blocks hold what their commands print now."""
    with tempfile.TemporaryDirectory() as folder:

        def run(match: re.Match[str]) -> str:
            words = match["command"].strip()
            done = subprocess.run(  # noqa: S602 - the commands stand in our own README
                words.replace("counterpoint", f"{Path(sys.executable).parent / 'counterpoint'} --data {folder}/data", 1),
                shell=True,
                capture_output=True,
                text=True,
                cwd=ROOT,
                check=True,
            )
            return match[1] + done.stdout.rstrip().replace(folder, "FOLDER") + "\n" + match[3]

        return BLOCK.sub(run, text)


def main() -> None:
    """Write everything."""
    REFERENCE.mkdir(exist_ok=True)
    (REFERENCE / "cli.md").write_text(command_reference())
    (REFERENCE / "codes.md").write_text(error_codes())
    if sys.argv[1:] == ["--reference"]:  # while working: no server to start, no demo to run
        return
    (REFERENCE / "openapi.json").write_text(openapi())
    readme = ROOT / "README.md"
    readme.write_text(with_real_output(readme.read_text()))
    print("docs/reference and the README's output are as the code says.")


if __name__ == "__main__":
    main()
