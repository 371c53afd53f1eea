"""Commands about a surface as a whole: bring one on board, reserve units, ask what a design could draw."""

import argparse
from pathlib import Path
from typing import Any

from counterpoint.cli.configuring import add_edit, edit_of, print_proposal
from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command, print_findings, print_json, print_table
from counterpoint.errors import InvalidInput
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `surface`, `domain` and `free-space`."""
    surface = command(commands, "surface", _list, "bring a surface on board, and say what it lacks")
    surface.add_argument("--json", action="store_true", help="print JSON and nothing else")
    what = surface.add_subparsers(dest="what", metavar="WHAT")
    check = _sub(what, "check", _check, "a checklist of a surface's file: what is missing; nothing is stored")
    check.add_argument("file", type=Path)
    code = _sub(what, "code", _code, "where the source code of a folder and a surface's file disagree")
    code.add_argument("file", type=Path)
    code.add_argument("folder", type=Path, help="source files below it are searched for parameters that they read")
    add = _sub(what, "add", _add, "publish a surface, or the changes of its file")
    add.add_argument("file", type=Path)
    add_edit(add)

    domain = command(commands, "domain", _domains, "reserve units for a programme of experiments")
    _add_surface(domain)
    what = domain.add_subparsers(dest="what", metavar="WHAT")
    _on(what, "list", _domains, "the domains, and which experiments draw from each")
    reserve = _on(what, "reserve", _reserve, "reserve drawn units")
    reserve.add_argument("key")
    reserve.add_argument("--share", type=float, required=True, help="share of the units, such as 0.2")
    reserve.add_argument("--owner", help="who owns it (default: who reserves it)")
    end = _on(what, "release", _end, "give its units back")
    end.add_argument("key")
    for editor in (reserve, end):
        add_edit(editor)

    space = command(
        commands, "free-space", _space, "say how many units a design could draw now, and who holds the rest"
    )
    space.add_argument("spec", type=Path, help="a spec in YAML or JSON")
    space.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _list(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        rows = [platform.configuring.show(key) for key in platform.control.release_store.surfaces()]
    if words.json:
        print_json([{"surface": row["surface"], "release": row["release"]} for row in rows])
    else:
        print_table(
            [(row["surface"], row["release"], len(row["values"])) for row in rows], ("surface", "release", "parameters")
        )
    return 0


def _check(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda config: config.boarding.check(read_text(words.file), source=str(words.file)))
    if words.json:
        print_json(document)
    else:
        marks = {"ok": "✓", "advice": "·", "missing": "✗"}
        for item in document["items"]:
            print(f"  {marks[item['status']]} {item['message']} [{item['code']}]")
        n = sum(item["status"] == "missing" for item in document["items"])
        missing = f"{n} {'thing is' if n == 1 else 'things are'} missing before experiments"
        verdict = "ready for experiments" if document["ready"] else missing
        may = "may be published" if document["publishable"] else "cannot be published yet"
        print(f"{document['surface'] or 'this file'} {may}; {verdict}.")
    return 0 if document["ready"] else 2


def _code(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.config import check_code, is_source, load_surface

    surface = load_surface(read_text(words.file), source=str(words.file))
    files = [path for path in sorted(words.folder.rglob("*")) if path.is_file() and is_source(path.name)]
    if not files:
        raise InvalidInput("no_source", "there is no source file below it", where=str(words.folder))
    texts = {str(path): path.read_text(encoding="utf-8", errors="replace") for path in files}
    findings = [finding.as_document() for finding in check_code(surface, texts)]
    n_errors = sum(finding["severity"] == "error" for finding in findings)
    if words.json:
        print_json({"surface": surface.key, "files": len(files), "findings": findings})
    else:
        print_findings(findings)
        print(f"{len(files)} files, {len(surface.parameters)} parameters of {surface.key}: {n_errors} unknown.")
    return 2 if n_errors else 0


def _add(words: argparse.Namespace, settings: Settings) -> int:
    text = read_text(words.file)
    return _edited(
        words, settings, lambda config: config.boarding.add(text, source=str(words.file), edit=edit_of(words))
    )


def _domains(words: argparse.Namespace, settings: Settings) -> int:
    rows = _ask(settings, lambda config: config.aside.domains(words.surface))
    if words.json:
        print_json(rows)
    else:
        print_table(
            [(row["key"], f"{row['share']:g}", row["owner"], ", ".join(row["experiments"])) for row in rows],
            ("domain", "share", "owner", "experiments"),
        )
    return 0


def _reserve(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(
        words,
        settings,
        lambda config: config.aside.reserve_domain(
            words.surface, words.key, share=words.share, owner=words.owner, edit=edit_of(words)
        ),
    )


def _end(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(
        words, settings, lambda config: config.aside.release_domain(words.surface, words.key, edit_of(words))
    )


def _space(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda config: config.aside.free_space(read_text(words.spec)))
    if words.json:
        print_json(document)
        return 0
    verdict = "fits" if document["fits"] else "does not fit"
    print(f"{document['experiment']} wants {document['wanted']:g}, {document['free']:g} is free: it {verdict}")
    if document["rivals"]:
        print_table(
            [
                (rival["key"], f"{rival['holds']:g}", rival["because"], (rival["free_at"] or "not known")[:16])
                for rival in document["rivals"]
            ],
            ("rival", "holds", "because", "free at"),
        )
    for path, share in document["set_aside"].items():
        print(f"  set aside: {share:g} for {path}")
    if document["overlaps"]:
        print(f"  overlaps freely with {', '.join(document['overlaps'])}")
    return 0 if document["fits"] else 2


def _sub(what: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = what.add_parser(name, help=summary)
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON and nothing else")
    return parser


def _on(what: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser = _sub(what, name, run, summary)
    parser.add_argument("--surface", default=argparse.SUPPRESS, help="which surface (default home)")
    return parser


def _add_surface(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--surface", default="home", help="which surface (default home)")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _edited(words: argparse.Namespace, settings: Settings, call: Any) -> int:
    document = _ask(settings, call)
    if words.json:
        print_json(document)
    else:
        print_proposal(document)
    return 0


def _ask(settings: Settings, call: Any) -> Any:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        return call(platform.configuring)
