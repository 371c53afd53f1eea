"""Commands for desired state in files: plan, apply, sync, import."""

import argparse
import json
from pathlib import Path
from typing import Any

from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command, print_findings, print_json
from counterpoint.cli.writing import write_text
from counterpoint.errors import Conflict, InvalidInput
from counterpoint.settings import Settings

CHANGES_AHEAD = 3
_MENDING, _FAILED = 2, 1
_MARKS = {
    "launch": "+",
    "replace": "~",
    "amend": "~",
    "change": "~",
    "stop": "-",
    "keep": "=",
    "blocked": "!",
    "invalid": "x",
    "unnamed": "?",
}
_SAID = {
    "launch": "to be launched",
    "replace": "to be launched anew with the changed text",
    "amend": "to be amended while it runs",
    "change": "to be changed",
    "stop": "to be stopped",
    "keep": "as declared",
    "blocked": "cannot become what is declared",
    "invalid": "refused by the validator",
    "unnamed": "not declared",
}
_SAID_OF_PARTS = {
    "launch": "to be begun",
    "replace": "to be proposed anew with the changed text",
    "stop": "to be released",
}
_QUIET = ("keep",)


def add_commands(commands: Commands) -> None:
    """Add `plan`, `apply`, `sync` and `import`."""
    plan = command(commands, "plan", _plan, "show what a spec, or a folder of specs, would change on every backend")
    plan.add_argument("path", type=Path, metavar="SPEC_OR_FOLDER", help="a spec in YAML or JSON, or a folder of them")
    _add_scope(plan)
    plan.add_argument("--out", type=Path, metavar="FILE", help="save the plan, to be applied exactly as shown")
    plan.add_argument(
        "--exit-code",
        action="store_true",
        help=f"exit with {CHANGES_AHEAD} when there is something to do, so that scripts can tell",
    )

    apply = command(commands, "apply", _apply, "carry out a saved plan, or plan a spec or folder and carry that out")
    apply.add_argument(
        "path", type=Path, metavar="PLAN_OR_SPEC", help="a plan saved by `plan --out`, a spec, or a folder of specs"
    )
    _add_scope(apply)
    _add_wait(apply)

    sync = command(
        commands, "sync", _sync, "make the platform as a folder of specs says, and report what differs by hand"
    )
    sync.add_argument("path", type=Path, metavar="FOLDER", help="the folder of specs")
    _add_scope(sync)
    sync.add_argument("--dry-run", action="store_true", help="only say what it would do")
    _add_wait(sync)

    bring = command(
        commands,
        "import",
        _import,
        "write what exists into a folder of specs: experiments, baseline with rules, holdouts, domains",
    )
    bring.add_argument("path", type=Path, metavar="FOLDER", help="where to write; one file each")
    bring.add_argument("--surface", help="only those of one surface")
    bring.add_argument(
        "--adopt",
        metavar="NAME",
        help="make this folder, by its name, the one that declares them: dropped from it, `sync --prune` stops them",
    )
    bring.add_argument("--force", action="store_true", help="write over files that say something else")
    bring.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _add_scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--surface",
        action="append",
        default=[],
        help="look for undeclared experiments on this surface too (may be repeated)",
    )
    parser.add_argument("--source", metavar="NAME", help="name of the folder, kept with each launch (default its own)")
    parser.add_argument("--prune", action="store_true", help="stop what this folder launched and no longer names")
    parser.add_argument("--by", default="you", help="who launches and stops (default you)")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait", type=float, default=60.0, metavar="SECONDS", help="answer at the latest after so long (default 60)"
    )


def _plan(words: argparse.Namespace, settings: Settings) -> int:
    document = _planned(words, settings)
    if words.out is not None:
        write_text(words.out, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    if words.json:
        print_json(document)
    else:
        print_plan(document)
        if words.out is not None:
            print(f"Saved. Carry it out: counterpoint apply {words.out}")
    if document["n_faults"]:
        return _MENDING
    return CHANGES_AHEAD if words.exit_code and document["n_changes"] else 0


def _apply(words: argparse.Namespace, settings: Settings) -> int:
    saved = _saved(words.path)
    if saved is None:
        return _sync(words, settings)
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        document = platform.declaring.apply(saved, actor=words.by, wait_s=words.wait)
    return _told(words, document)


def _sync(words: argparse.Namespace, settings: Settings) -> int:
    if getattr(words, "dry_run", False):
        document = _planned(words, settings)
        if words.json:
            print_json(document)
        else:
            print_plan(document)
        return _MENDING if document["n_faults"] else 0
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        document = platform.declaring.sync(
            read_specs(words.path),
            source=_source(words),
            actor=words.by,
            surfaces=tuple(words.surface),
            prune=words.prune,
            wait_s=words.wait,
        )
    return _told(words, document)


def _planned(words: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    from counterpoint.bootstrap import opened

    texts = read_specs(words.path)
    with opened(settings) as platform:
        document: dict[str, Any] = platform.declaring.plan(
            texts, source=_source(words), author=words.by, surfaces=tuple(words.surface), prune=words.prune
        )
    return document


def _import(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        document = platform.declaring.export(words.surface)
        files: dict[str, str] = document["files"]
        differing = [path for path, text in files.items() if _other_text(words.path / path, text)]
        if differing and not words.force:
            raise Conflict(
                "file_differs",
                f"{', '.join(differing)} say{'s' if len(differing) == 1 else ''} something else",
                where=str(words.path),
                fix="look at the differences with `counterpoint plan`, or write over them with --force",
            )
        for path, text in files.items():
            write_text(words.path / path, text, folders=True)
        if words.adopt is not None:
            # Only what it has is its own: a folder that could not be written declares nothing.
            document = platform.declaring.export(words.surface, source=words.adopt)
    if words.json:
        print_json({"folder": str(words.path), "files": sorted(files), "source": document["source"]})
    else:
        print("\n".join(f"  {words.path / path}" for path in sorted(files)) or "There is nothing yet.")
    return 0


def read_specs(path: Path) -> list[tuple[str, str]]:
    """Return the text of a spec, or of every spec below a folder, with where it came from, in order of path.

    Raises:
        InvalidInput: Code `unreadable_file` or `no_specs`.
    """
    if not path.is_dir():
        return [(read_text(path), str(path))]
    files = sorted(each for ending in ("*.yaml", "*.yml", "*.json") for each in path.rglob(ending) if each.is_file())
    return [(read_text(each), str(each)) for each in files]


def _saved(path: Path) -> dict[str, Any] | None:
    """Return the plan in a file, or None when it holds something else."""
    if path.is_dir():
        return None
    try:
        document = json.loads(read_text(path))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("kind") == "state_plan" else None


def _source(words: argparse.Namespace) -> str:
    if words.source:
        return str(words.source)
    name = words.path.resolve().name
    if not name:
        raise InvalidInput("source_missing", "the folder has no name", where=str(words.path), fix="give --source NAME")
    return str(name)


def _other_text(path: Path, text: str) -> bool:
    return path.exists() and read_text(path) != text


def _told(words: argparse.Namespace, document: dict[str, Any]) -> int:
    if words.json:
        print_json(document)
    else:
        print_plan(document["plan"])
        for each in document["done"]:
            problem = each["problem"]
            if problem is not None:
                print(f"{each['experiment']}: not done, {problem['message']} [{problem['code']}]")
            else:
                print(f"{each['experiment']}: {each['state']} ({each['reason']})")
    if document["plan"]["n_faults"]:
        return _MENDING
    return _FAILED if document["n_failed"] else 0


def print_plan(plan: dict[str, Any]) -> None:
    """Print a plan: every experiment with its mark, its fields and backends with old and new value, and why."""
    for unreadable in plan["unreadable"]:
        print(f"x {unreadable['message']} [{unreadable['code']}]")
    surface = None
    for item in plan["items"]:
        if item["surface"] != surface:
            surface = item["surface"]
            print(f"{surface}, release {plan['heads'][surface]['release']}")
        _print_item(item)
    count = {act: sum(item["act"] == act for item in plan["items"]) for act in _MARKS}
    n_faults = plan["n_faults"]
    print(
        f"Plan: {count['launch']} to launch, {count['replace']} to replace, "
        + "".join(f"{count[act]} to {act}, " for act in ("amend", "change") if count[act])
        + f"{count['stop']} to stop, "
        f"{count['keep']} as declared, {count['unnamed']} not declared"
        + (f"; {n_faults} to mend first." if n_faults else ".")
    )


def _print_item(item: dict[str, Any]) -> None:
    state = f" ({item['state']})" if item["state"] else ""
    where = f"  {item['file']}" if item["file"] else ""
    part = item["kind"] != "experiment"
    name = (
        item["experiment"] if not part or item["kind"] == item["experiment"] else f"{item['kind']} {item['experiment']}"
    )
    said = (_SAID_OF_PARTS if part else _SAID).get(item["act"], _SAID[item["act"]])
    print(f"  {_MARKS[item['act']]} {name}: {said}{state}{where}")
    for reason in item["reasons"]:
        print(f"      {reason}")
    for drift in item["drift"]:
        print(f"      drift: {drift}")
    if item["act"] in _QUIET:
        return
    for edit in item["changes"]:
        print(f"      {_edit(edit)}")
    for backend in item["backends"]:
        for edit in backend["edits"]:
            print(f"      on {backend['backend']}: {_edit(edit)}")
        for note in backend.get("notes", ()):
            print(f"      on {backend['backend']}: {note}")
    for backend, why in item["unasked"].items():
        print(f"      on {backend}: not known, {why}")
    if item["approvals_needed"]:
        n = item["approvals_needed"]
        print(f"      waits for {n} approval{'s' if n > 1 else ''} by somebody else")
    if item["findings"]:
        print_findings(item["findings"])


def _edit(edit: dict[str, Any]) -> str:
    before, after = (_value(edit[side]) for side in ("before", "after"))
    if edit["before"] is None:
        return f"+ {edit['path']} = {after}"
    if edit["after"] is None:
        return f"- {edit['path']} (was {before})"
    return f"~ {edit['path']}: {before} -> {after}"


def _value(value: Any, width: int = 80) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= width else text[: width - 1] + "…"
