"""The command `timings`: where the time of many launches goes."""

import argparse
from typing import Any

from counterpoint.cli.words import Commands, command, print_json, print_table
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `timings`."""
    timings = command(
        commands,
        "timings",
        _timings,
        "say where launches spend their time: by step, by backend, people's waiting apart",
    )
    timings.add_argument("--surface", help="only launches on one surface")
    timings.add_argument("--since", metavar="TIME", help="only launches submitted since, such as 2026-11-01T00:00Z")
    timings.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _timings(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import moment_of, opened

    since = None if words.since is None else moment_of(words.since)
    with opened(settings, executing=False) as platform:
        document = platform.control.timings(words.surface, since=since)
    if words.json:
        print_json(document)
        return 0
    print(document["sentence"])
    if document["n_launches"]:
        _print_rows("step", document["steps"])
        _print_rows("on backend", document["backends"])
        waits = [row for row in (*document["waiting"].values(), document["approved_to_running"]) if row["n"]]
        _print_rows("beside it", waits)
        print_table(
            [
                (
                    f"  {row['launch']}",
                    _seconds(row["seconds"]),
                    row["backend"] or row["step"],
                    _seconds(row["step_seconds"]),
                )
                for row in document["slowest"]
            ],
            ("  slowest", "machine", "of which", "took"),
        )
    return 0


def _print_rows(head: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        print_table(
            [
                (
                    f"  {row['name']}",
                    row["n"],
                    *(_seconds(row[part]) for part in ("p50", "p95", "p99", "total")),
                    "" if row.get("share") is None else f"{row['share']:.0%}",
                )
                for row in rows
            ],
            (f"  {head}", "times", "p50", "p95", "p99", "total", "share"),
        )


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f} s"
