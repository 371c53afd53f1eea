"""Commands about a surface as a whole: bring one on board, set units aside, ask what a design could draw."""

import argparse
from pathlib import Path
from typing import Any

from counterpoint.cli.configuring import add_edit, edit_of, print_proposal
from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command, print_json, print_table
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `surface`, `holdout`, `domain` and `free-space`."""
    surface = command(commands, "surface", _list, "bring a surface on board, and say what it lacks")
    surface.add_argument("--json", action="store_true", help="print JSON and nothing else")
    what = surface.add_subparsers(dest="what", metavar="WHAT")
    check = _sub(what, "check", _check, "a checklist of a surface's file: what is missing; nothing is stored")
    check.add_argument("file", type=Path)
    add = _sub(what, "add", _add, "publish a surface, or the changes of its file")
    add.add_argument("file", type=Path)
    add_edit(add)

    holdout = command(commands, "holdout", _holdouts, "keep units out of experiments, to measure all that shipped")
    _add_surface(holdout)
    what = holdout.add_subparsers(dest="what", metavar="WHAT")
    _on(what, "list", _holdouts, "the holdouts, and which block launches because they are past their end")
    start = _on(what, "start", _start, "keep drawn units at the baseline of now")
    start.add_argument("key")
    start.add_argument("--share", type=float, required=True, help="share of the units in each half, such as 0.05")
    start.add_argument("--until", required=True, metavar="TIME", help="its end, such as 2026-12-31T00:00Z")
    start.add_argument("--owner", help="who reads, renews or releases it (default: who starts it)")
    start.add_argument("--layer", action="append", default=[], help="cover only this layer or tag; may be repeated")
    start.add_argument("--team", action="append", default=[], help="cover only this owner's experiments")
    start.add_argument("--unit", help="what it holds out (default: the surface's unit)")
    renew = _on(what, "renew", _renew, "move its end")
    renew.add_argument("key")
    renew.add_argument("--until", required=True, metavar="TIME", help="its new end")
    release = _on(what, "release", _release, "give its units back")
    release.add_argument("key")
    units = _on(what, "units", _units, "units of each half that came, and what was shipped since")
    units.add_argument("key")
    readout = _on(what, "readout", _readout, "what all changes shipped since it began did together")
    readout.add_argument("key")
    for editor in (start, renew, release):
        add_edit(editor)

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
        verdict = "ready for experiments" if document["ready"] else f"{n} things are missing before experiments"
        may = "may be published" if document["publishable"] else "cannot be published yet"
        print(f"{document['surface'] or 'this file'} {may}; {verdict}.")
    return 0 if document["ready"] else 2


def _add(words: argparse.Namespace, settings: Settings) -> int:
    text = read_text(words.file)
    return _edited(
        words, settings, lambda config: config.boarding.add(text, source=str(words.file), edit=edit_of(words))
    )


def _holdouts(words: argparse.Namespace, settings: Settings) -> int:
    rows = _ask(settings, lambda config: config.aside.holdouts(words.surface))
    if words.json:
        print_json(rows)
        return 0
    print_table(
        [
            (
                row["key"],
                f"{row['share']:g}",
                row["owner"],
                row["ends_at"][:10],
                "expired: blocks launches" if row["expired"] else "",
            )
            for row in rows
        ],
        ("holdout", "share", "owner", "ends", ""),
    )
    return 0


def _start(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import moment_of

    return _edited(
        words,
        settings,
        lambda config: config.aside.start_holdout(
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


def _renew(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import moment_of

    ends_at = moment_of(words.until)
    return _edited(
        words,
        settings,
        lambda config: config.aside.renew_holdout(words.surface, words.key, ends_at=ends_at, edit=edit_of(words)),
    )


def _release(words: argparse.Namespace, settings: Settings) -> int:
    return _edited(
        words, settings, lambda config: config.aside.release_holdout(words.surface, words.key, edit_of(words))
    )


def _units(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda config: config.aside.holdout_units(words.surface, words.key))
    if words.json:
        print_json(document)
        return 0
    print_table(list(document["units"].items()), ("half", "units served"))
    for key, values in document["shipped_since"].items():
        print(f"  {key}: {values['status_quo']} for status_quo, {values['shipped_only']} for shipped_only")
    return 0


def _readout(words: argparse.Namespace, settings: Settings) -> int:
    document = _ask(settings, lambda config: config.aside.holdout_readout(words.surface, words.key))
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
            "" if row["reason"] is None else row["reason"]["code"],
        )
        for row in readout["metrics"]
    ]
    print_table(rows, ("metric", "status_quo", "shipped_only", "effect", "interval", "why not"))
    print(readout["sentence"])
    return 0


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

    with opened(settings) as platform:
        return call(platform.configuring)
