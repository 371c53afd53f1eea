"""Commands that import and show content."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from counterpoint.cli.words import Commands, command, print_json, print_table
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `content`."""
    content = command(commands, "content", _show, "import the catalogue that the surface shows, or say what is in it")
    what = content.add_subparsers(dest="content", metavar="import")
    importing = what.add_parser(
        "import", help="import files or folders: tracks, genres, audio features, podcasts, items"
    )
    importing.add_argument("paths", nargs="+", type=Path, help="Parquet, CSV or JSON lines; a folder's files are taken")
    importing.add_argument("--json", action="store_true", help="print the whole report as JSON")
    importing.set_defaults(run=_import)


def _import(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import open_content
    from counterpoint.content import import_files

    report = import_files(words.paths, open_content(settings), now=datetime.now(UTC))
    if words.json:
        print_json(report.as_document())
        return 0
    rows = [(each.path, each.table, each.n_rows, each.n_accepted, each.n_refused) for each in report.tables]
    print_table(rows, ("file", "table", "rows", "taken", "refused"))
    for each in report.tables:
        for code, refused in each.refused.items():
            print(f"  refused in {each.path}: {refused.n_rows} x {code}, for example {refused.examples[0]}")
        for note in each.notes:
            print(f"  note on {each.path}: {note}")
    for path, why in report.skipped.items():
        print(f"  left alone: {path}: {why}")
    print(f"{report.n_added} added, {report.n_updated} updated, {report.n_unchanged} as they were.")
    return 0


def _show(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import open_content
    from counterpoint.content import build_catalogue

    stored = open_content(settings).read()
    kinds = build_catalogue(stored.items, version=stored.version).by_kind
    print_table([(kind, len(items)) for kind, items in kinds.items()], ("kind", "items"))
    return 0
