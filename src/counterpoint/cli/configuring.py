"""Commands of Home Config: show, change, review and take back the baseline of a surface."""

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command, print_findings, print_json, print_table
from counterpoint.errors import InvalidInput
from counterpoint.settings import Settings

_MAX_TEXT = 120
_FOR_MACHINES = frozenset({"baseline", "buckets", "ground", "key", "author", "reason", "parameters"})
"""What a stored part has beside what a person asks for: bitmaps, copies, and what stands in the next column."""


def add_commands(commands: Commands) -> None:
    """Add `config`."""
    config = command(commands, "config", _show, "show, change, review and take back the baseline of a surface")
    config.add_argument("--surface", default="home", help="which surface (default home)")
    config.add_argument("--json", action="store_true", help="print JSON and nothing else")
    what = config.add_subparsers(dest="config", metavar="WHAT")
    _reader(what, "show", _show, "every value, the rules in order, and what is under way or waits")

    setting = _editor(
        what, "set", _set, "change values: for a hundredth of the units first, then a tenth, then everybody"
    )
    setting.add_argument("values", nargs="+", metavar="PARAM=VALUE", type=_pair)
    rules = _editor(what, "rules", _rules, "replace the ordered targeted rules by those of a YAML or JSON file")
    rules.add_argument("file", type=Path, help="a list of {key, audience, set}; the first that matches wins")
    for each in (setting, rules):
        _add_stages(each)

    diff = _reader(what, "diff", _diff, "what differs between two releases; what is live is the second when left out")
    diff.add_argument("before", type=int)
    diff.add_argument("after", type=int, nargs="?")
    history = _reader(what, "history", _history, "the releases, the newest first")
    history.add_argument("--parameter", help="only those that changed this parameter's baseline")
    blame = _reader(what, "blame", _blame, "who set a parameter last, when and why")
    blame.add_argument("parameter")
    _reader(what, "compare", _compare, "where what is live differs from the surface's file, and who made it so")

    for name, run, summary in (
        ("restore", _restore, "bring a whole release back, at once"),
        ("revert", _revert, "undo one release alone, at once"),
    ):
        back = _editor(what, name, run, summary)
        back.add_argument("number", type=int, help="number of the release")
    back.add_argument("--force", action="store_true", help="even where later releases changed the same parts")

    kill = _editor(
        what, "kill", _kill, "the kill switch: the declared baseline for everybody at once, whatever else sets it"
    )
    kill.add_argument("parameters", nargs="+", metavar="PARAM", help="the parameters that are to go back")

    abort = _reader(what, "abort", _abort, "take a rollout back, at once")
    abort.add_argument("rollout", help="id of the change that began it")
    _add_who(abort)
    _reader(what, "changes", _changes, "the changes that were proposed, and what became of them")
    change = _reader(what, "change", _change, "one proposed change: what it changes, who approved, what happened")
    change.add_argument("id")
    approve = _reader(what, "approve", _approve, "approve a change that waits; nobody approves their own")
    approve.add_argument("id")
    approve.add_argument("--by", required=True, help="who approves")
    approve.add_argument("--note", default="", help="a word to go with it")
    withdraw = _reader(what, "withdraw", _withdraw, "take back a change that waits, or refuse it")
    withdraw.add_argument("id")
    _add_who(withdraw)


def add_edit(parser: argparse.ArgumentParser) -> None:
    """Add what every edit has: who and why, on what, from when, or only to look."""
    _add_who(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what it would change and what speaks against it"
    )
    parser.add_argument("--base", type=int, metavar="RELEASE", help="refuse it when another release than this is live")
    parser.add_argument("--not-before", metavar="TIME", help="when it may be published, such as 2026-12-24T08:00+01:00")
    parser.add_argument(
        "--acknowledge",
        action="append",
        default=[],
        metavar="EXPERIMENT",
        help="a running experiment whose control it moves",
    )


def edit_of(words: argparse.Namespace) -> Any:
    """Return the `Edit` that the words of `add_edit` say."""
    from counterpoint.bootstrap import Edit, moment_of

    not_before: datetime | None = None if words.not_before is None else moment_of(words.not_before)
    return Edit(
        actor=words.by,
        reason=words.reason,
        expected_release=words.base,
        not_before=not_before,
        acknowledges=tuple(words.acknowledge),
        dry_run=words.dry_run,
    )


def print_proposal(document: dict[str, Any]) -> None:
    """Print a proposed change: what it changes, what speaks against it, where it stands."""
    for part in document.get("diff", []):
        _print_part(part)
    print_findings(document.get("findings", []))
    release = "" if document.get("release") is None else f", release {document['release']}"
    print(f"{document.get('id', document.get('surface'))}: {document['state'].replace('_', ' ')}{release}")
    if document["state"] == "awaiting_approval":
        print(
            f"  approved by {len(document['approved_by'])} of {document['needed']}: counterpoint config approve ID --by"
        )
    for step in document.get("steps", []):
        print(f"  {step['at'][:19]}  {step['state']:<17} {step['actor']}: {step['reason']}")


def _reader(what: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = what.add_parser(name, help=summary)
    parser.set_defaults(run=run)
    # Both places are natural; the default must not undo what was said before the word.
    parser.add_argument("--surface", default=argparse.SUPPRESS, help="which surface (default home)")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON and nothing else")
    return parser


def _editor(what: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser = _reader(what, name, run, summary)
    add_edit(parser)
    return parser


def _add_who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, help="why; the audit log keeps it")
    parser.add_argument("--by", default="you", help="who says so (default you)")


def _add_stages(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage",
        action="append",
        type=_stage,
        metavar="SHARE:HOURS",
        help="a stage of your own, such as 0.05:12; may be repeated; everybody comes last",
    )
    parser.add_argument("--at-once", action="store_true", help="everybody at once; for incidents")


def _show(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda config: config.show(words.surface))
    if words.json:
        print_json(document)
        return 0
    print(f"{document['surface']}, release {document['release']}")
    rows = [
        (key, _text(each["value"]), "" if each["value"] == each["declared"] else f"file says {_text(each['declared'])}")
        for key, each in document["values"].items()
    ]
    print_table(rows, ("parameter", "value", ""))
    for rule in document["rules"]:
        print(f"rule {rule['key']}: {rule['audience']} -> {_values(rule['set'])}")
    for rollout in document["rollouts"]:
        until = f"stage {rollout['stage']} of {rollout['n_stages']} until {rollout['stage_ends_at'][:16]} UTC"
        moved = ", ".join(rollout["parameters"])
        print(f"rollout {rollout['key']}: {moved} for {rollout['share']:.0%}, {until}: {rollout['reason']}")
    for waiting in document["waiting"]:
        print(f"{waiting['state'].replace('_', ' ')}: {waiting['id']} by {waiting['author']}: {waiting['reason']}")
    return 0


def _set(words: argparse.Namespace, settings: Settings) -> int:
    def change(config: Any) -> Any:
        values = config.read_values(words.surface, dict(words.values))
        return config.set_values(words.surface, values, edit_of(words), stages=words.stage, at_once=words.at_once)

    return _edited(words, settings, change)


def _rules(words: argparse.Namespace, settings: Settings) -> int:
    rules = _listed(words.file)
    return _edited(
        words,
        settings,
        lambda config: config.set_rules(
            words.surface, rules, edit_of(words), stages=words.stage, at_once=words.at_once
        ),
    )


def _restore(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(words, settings, lambda config: config.restore(words.surface, words.number, edit_of(words)))


def _revert(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(
        words, settings, lambda config: config.revert(words.surface, words.number, edit_of(words), force=words.force)
    )


def _kill(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(words, settings, lambda config: config.kill(words.surface, words.parameters, edit_of(words)))


def _abort(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(
        settings,
        lambda config: config.abort(words.surface, words.rollout, actor=words.by, reason=words.reason),
    )
    if words.json:
        print_json(document)
    else:
        print(f"Taken back in release {document['release']['number']}.")
    return 0


def _approve(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(words, settings, lambda config: config.approve(words.id, by=words.by, note=words.note))


def _withdraw(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(words, settings, lambda config: config.withdraw(words.id, by=words.by, reason=words.reason))


def _change(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(words, settings, lambda config: config.change(words.id))


def _changes(words: argparse.Namespace, settings: Settings) -> int:
    rows = _ask(settings, lambda config: config.changes(words.surface))
    if words.json:
        print_json(rows)
    elif not rows:
        print("No change was proposed yet.")
    else:
        print_table(
            [(each["id"], each["state"].replace("_", " "), each["author"], each["reason"]) for each in rows],
            ("change", "state", "author", "reason"),
        )
    return 0


def _diff(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda config: config.diff(words.surface, words.before, words.after))
    if words.json:
        print_json(document)
        return 0
    print(f"From release {document['before']} to release {document['after']}:")
    for part in document["parts"]:
        _print_part(part)
    if not document["parts"]:
        print("  nothing differs")
    return 0


def _history(words: argparse.Namespace, settings: Settings) -> int:
    rows = _ask(settings, lambda config: config.history(words.surface, parameter=words.parameter))
    if words.json:
        print_json(rows)
    else:
        print_table(
            [(row["number"], row["at"][:19], row["author"], _few(row["changes"]), row["reason"]) for row in rows],
            ("release", "at", "author", "changed", "reason"),  # reasons may be long, so they come last
        )
    return 0


def _blame(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda config: config.blame(words.surface, words.parameter))
    if words.json:
        print_json(document)
        return 0
    was = "" if document["before"] is None else f", {_text(document['before'])} before"
    print(f"{document['parameter']} is {_text(document['value'])}{was}")
    print(f"  release {document['number']}, {document['at'][:19]}, {document['author']}: {document['reason']}")
    if document["rules"]:
        print(f"  and these rules set it for some: {', '.join(document['rules'])}")
    if document["rollouts"]:
        print(f"  and a change of it is on its way: {', '.join(document['rollouts'])} (counterpoint config show)")
    return 0


def _compare(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda config: config.compare(words.surface))
    if words.json:
        print_json(document)
        return 0
    rows = [
        (row["parameter"], _text(row["declared"]), _text(row["value"]), row["author"], row["reason"])
        for row in document["parameters"]
    ]
    if not rows and not document["rules"]:
        print("What is live is what the surface's file says.")
        return 0
    print_table(rows, ("parameter", "file", "live", "author", "reason"))
    for rule in document["rules"]:
        print(f"rule {rule['key']}: {rule['audience']} -> {_values(rule['set'])}")
    return 0


def _edited(words: argparse.Namespace, settings: Settings, call: Any) -> int:
    document = _ask(settings, call)
    if words.json:
        print_json(document)
    else:
        print_proposal(document)
    return 2 if document["state"] == "refused" else 0


def _ask(settings: Settings, call: Any) -> Any:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        return call(platform.configuring)


def _print_part(part: dict[str, Any]) -> None:
    print(f"  {part['kind']} {part['path']}")
    for field in part["fields"][:8]:
        name = f"{field['path']}: " if field["path"] else ""
        print(f"    {name}{_text(field['before'])} -> {_text(field['after'])}")
    if len(part["fields"]) > 8:
        print(f"    and {len(part['fields']) - 8} more fields")


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        value = {key: each for key, each in value.items() if key not in _FOR_MACHINES and each not in (None, [], {})}
    # As it would be written into a file: a person who compares it with one finds it again.
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def _values(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {_text(value)}" for key, value in values.items())


def _few(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _listed(path: Path) -> list[Any]:
    from counterpoint.experiments import read_plain_yaml

    document = read_plain_yaml(read_text(path), source=str(path))
    if isinstance(document, dict) and set(document) == {"rules"}:
        document = document["rules"]
    if not isinstance(document, list):
        raise InvalidInput("malformed_rules", "it is no list of rules", where=str(path), fix="give a list of rules")
    return document


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not like PARAM=VALUE")
    return key, value


def _stage(text: str) -> dict[str, float]:
    share, _, hours = text.partition(":")
    try:
        return {"share": float(share), "hours": float(hours)}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 0.05:12") from None
