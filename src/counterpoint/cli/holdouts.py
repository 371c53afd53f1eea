"""Commands of holdouts: start one with its power shown, renew it, read it out once, release it."""

import argparse
from typing import Any

from counterpoint.cli.configuring import add_edit, edit_of, print_proposal
from counterpoint.cli.words import Commands, command, print_json, print_table
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `holdout`."""
    holdout = command(commands, "holdout", _list, "keep units out of experiments, to measure all that shipped")
    holdout.add_argument("--surface", default="home", help="which surface (default home)")
    holdout.add_argument("--json", action="store_true", help="print JSON and nothing else")
    what = holdout.add_subparsers(dest="what", metavar="WHAT")
    _on(what, "list", _list, "the holdouts, what is due, and which block launches because they are past their end")
    power = _on(what, "power", _power, "what one would show by its end, from recorded traffic; nothing is started")
    start = _on(what, "start", _start, "keep drawn units at the baseline of now; its power is printed first")
    start.add_argument("key")
    for parser in (power, start):
        parser.add_argument("--share", type=float, required=True, help="share of units in each half, such as 0.05")
        parser.add_argument("--until", required=True, metavar="TIME", help="its end, such as 2026-12-31T00:00+01:00")
        parser.add_argument("--unit", help="what it holds out (default: the surface's unit)")
    start.add_argument("--owner", help="who reads, renews or releases it (default: who starts it)")
    start.add_argument("--layer", action="append", default=[], help="only experiments of this layer; may be repeated")
    start.add_argument("--team", action="append", default=[], help="only experiments of this owner; may be repeated")
    renew = _keyed(what, "renew", _renew, "move its end; who and why are kept, and it is read again at the new one")
    renew.add_argument("--until", required=True, metavar="TIME", help="its new end")
    release = _keyed(what, "release", _release, "give its units back; what was read of it stays")
    read = _keyed(what, "read", _read, "take its read-out after its end, once and for good; it blocks no launch then")
    for editor in (start, renew, release, read):
        add_edit(editor)
    _keyed(what, "readout", _readout, "what all changes shipped since it began did together; intervals after its end")
    _keyed(what, "units", _units, "units of each half that came, and what was shipped since")
    _keyed(what, "history", _history, "who started, renewed, read and released it, when and why")
    _on(what, "readouts", _readouts, "every read-out that was taken, of released holdouts too")


def _list(words: argparse.Namespace, settings: Settings) -> int:
    rows = _ask(settings, lambda aside: aside.holdouts(words.surface))
    if words.json:
        print_json(rows)
        return 0
    if not rows:
        print("No holdout. What one would show: counterpoint holdout power --share 0.05 --until TIME")
        return 0
    print_table(
        [(row["key"], f"{row['share']:g}", row["owner"], row["ends_at"][:10], row["phase"]) for row in rows],
        ("holdout", "share", "owner", "ends", "stands"),
    )
    for row in rows:
        if row["reminder"]:
            print(f"  {row['reminder']}")
    return 0


def _power(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import moment_of

    ends_at = moment_of(words.until)
    document = _ask(
        settings,
        lambda aside: aside.holdout_power(words.surface, share=words.share, ends_at=ends_at, unit=words.unit),
    )
    if words.json:
        print_json(document)
    else:
        _print_power(document)
    return 0


def _start(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import moment_of

    document = _ask(
        settings,
        lambda aside: aside.start_holdout(
            words.surface,
            words.key,
            share=words.share,
            ends_at=moment_of(words.until),
            owner=words.owner,
            layers=tuple(words.layer),
            owners=tuple(words.team),
            unit=words.unit,
            edit=edit_of(words),
        ),
    )
    if words.json:
        print_json(document)
        return 0
    _print_power(document["power"])
    print_proposal(document)
    return 0


def _renew(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import moment_of

    ends_at = moment_of(words.until)
    return _edited(
        words,
        settings,
        lambda aside: aside.renew_holdout(words.surface, words.key, ends_at=ends_at, edit=edit_of(words)),
    )


def _release(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(words, settings, lambda aside: aside.release_holdout(words.surface, words.key, edit_of(words)))


def _read(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda aside: aside.read_holdout(words.surface, words.key, edit_of(words)))
    return _told(words, document)


def _readout(words: argparse.Namespace, settings: Settings) -> int:
    return _told(words, _ask(settings, lambda aside: aside.holdout_readout(words.surface, words.key)))


def _units(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda aside: aside.holdout_units(words.surface, words.key))
    if words.json:
        print_json(document)
        return 0
    print_table(list(document["units"].items()), ("half", "units served"))
    for key, values in document["shipped_since"].items():
        print(f"  {key}: {values['status_quo']} for status_quo, {values['shipped_only']} for shipped_only")
    return 0


def _history(words: argparse.Namespace, settings: Settings) -> int:
    rows = _ask(settings, lambda aside: aside.holdout_history(words.surface, words.key))
    if words.json:
        print_json(rows)
    else:
        print_table(
            [(row["at"][:16], row["number"], row["did"], row["author"], row["reason"]) for row in rows],
            ("at", "release", "what", "who", "why"),
        )
    return 0


def _readouts(words: argparse.Namespace, settings: Settings) -> int:
    rows = _ask(settings, lambda aside: aside.holdout_readouts(words.surface))
    if words.json:
        print_json(rows)
    elif not rows:
        print("No holdout was read yet.")
    else:
        print_table(
            [(row["at"][:16], row["readout"]["holdout"], row["by"], row["readout"]["sentence"]) for row in rows],
            ("read at", "holdout", "by", "what it found"),
        )
    return 0


def _print_power(document: dict[str, Any]) -> None:
    print(document["sentence"])
    if document["known"]:
        print_table(
            [
                (
                    f"  {row['metric']}",
                    row["n_units"],
                    "" if row["detectable"] is None else f"{row['detectable']:.2%}",
                    "" if row["reason"] is None else row["reason"]["message"],
                )
                for row in document["metrics"]
            ],
            ("  metric", "units", "smallest effect shown", "why not known"),
        )


def _told(words: argparse.Namespace, document: dict[str, Any]) -> int:
    if words.json:
        print_json(document)
        return 0
    readout = document["readout"]
    rows = [
        (
            row["metric"],
            row["n_status_quo"],
            row["n_shipped_only"],
            "" if row.get("relative_effect") is None else f"{row['relative_effect']:+.2%}",
            f"{row['ci_lower']:.4g} to {row['ci_upper']:.4g}" if row.get("ci_lower") is not None else "",
            row.get("verdict", "").replace("_", " ") if row["reason"] is None else row["reason"]["code"],
        )
        for row in readout["metrics"]
    ]
    print_table(rows, ("metric", "status_quo", "shipped_only", "effect", "interval", "verdict"))
    print(readout["sentence"])
    if not readout["ended"] and readout.get("promise_sentence"):
        print(readout["promise_sentence"])
    if document["taken"] is not None:
        taken = document["taken"]
        print(f"Read by {taken['by']} on {taken['at'][:10]}; kept as {taken['digest'][:12]}.")
    return 0


def _keyed(what: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser = _on(what, name, run, summary)
    parser.add_argument("key")
    return parser


def _on(what: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = what.add_parser(name, help=summary)
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON and nothing else")
    parser.add_argument("--surface", default=argparse.SUPPRESS, help="which surface (default home)")
    return parser


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
        return call(platform.configuring.aside)
