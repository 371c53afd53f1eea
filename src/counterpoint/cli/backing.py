"""Commands about backends: what is live where, look at all of them now, and decide about what was changed by hand."""

import argparse
import json
from typing import Any

from counterpoint.cli.words import Commands, command, print_json, print_table, require_surface
from counterpoint.errors import DependencyFailure, NotFound
from counterpoint.settings import Settings, control_url


def add_commands(commands: Commands) -> None:
    """Add `live`."""
    live = command(commands, "live", _show, "show which backend holds what of each baseline and live experiment")
    live.add_argument("--surface", help="only this surface")
    live.add_argument("--json", action="store_true", help="print JSON and nothing else")
    live.add_argument(
        "--control", metavar="URL", help="ask a running control plane, which knows the processes that serve, too"
    )
    what = live.add_subparsers(dest="live", metavar="WHAT")
    _sub(what, "check", _check, "look at every backend now, and write what merely lags behind")
    for verb, summary in (
        ("reapply", "put back what should be there, over what somebody changed by hand"),
        ("adopt", "keep what somebody changed by hand, until it changes again"),
    ):
        decide = _sub(what, verb, _decide, summary)
        decide.add_argument("backend", help="declared name of the backend")
        decide.add_argument("--by", required=True, help="who says so")
        decide.add_argument("--reason", required=True, help="why; the audit log keeps it")
        decide.set_defaults(verb=verb)


def _sub(what: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = what.add_parser(name, help=summary)
    parser.set_defaults(run=run)
    # Both places are natural; the default must not undo what was said before the word.
    parser.add_argument("--surface", default=argparse.SUPPRESS, help="only this surface")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON and nothing else")
    return parser


def _show(words: argparse.Namespace, settings: Settings) -> int:
    url = settings.control_url if words.control is None else control_url(words.control, where="--control")
    document = _local(words.surface, settings) if url is None else _of_control(url, words.surface)
    if words.json:
        print_json(document)
        return 0
    for left in document["still_live"]:
        print(f"✗ {left['experiment']}: {left['reason']}")
    for key, surface in document["surfaces"].items():
        release = surface["release"]
        print(
            f"{key}: release {release['number']} since {release['since'][:19]}, by {release['by']}: {release['reason']}"
        )
        for served in surface["processes"] or ():
            print(f"  {served['n_processes']} serving release {served['release']} ({served['snapshot']})")
        rows = [("  baseline", *_row(each)) for each in surface["baseline"]]
        for experiment in surface["experiments"]:
            rows += [(f"  {experiment['experiment']}", *_row(each)) for each in experiment["backends"]]
        print_table(rows, ("  what", "backend", "holds", "standing", "digest", "since", "looked at"))
    _print_findings(document["findings"])
    return 0


def _local(surface: str | None, settings: Settings) -> dict[str, Any]:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        document = platform.live.document(surface)
    for each in document["surfaces"].values():
        # This process is the only one that it has heard of, and it serves nobody.
        each["processes"] = None
    return document


def _of_control(url: str, surface: str | None) -> dict[str, Any]:
    import httpx

    try:
        asked = {} if surface is None else {"surface": surface}
        answer = httpx.get(f"{url}/v1/live", params=asked, timeout=10.0, trust_env=False)
        if answer.status_code == 404 and surface is not None:
            raise NotFound("unknown_surface", f"there is no surface {surface!r}", where="--surface")
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise DependencyFailure(
            "control_unreachable",
            f"the control plane does not say ({type(error).__name__})",
            where=url,
            fix="start it, or leave --control out to read the database here",
        ) from error
    return document


def _row(held: dict[str, Any]) -> tuple[str, ...]:
    moments = ((held[name] or "-")[:19] for name in ("since", "verified_at"))
    return (held["backend"], held["holds"], held["standing"], (held["digest"] or "-")[:12], *moments)


def _check(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        require_surface(words.surface, platform.control.release_store.surfaces())
        found = [each for each in platform.drift.check() if words.surface in (None, each["surface"])]
    if words.json:
        print_json({"findings": found})
    elif not found:
        print("Everything holds what it should.")
    else:
        _print_findings(found)
    return 1 if found else 0


def _decide(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        decide = platform.drift.reapply if words.verb == "reapply" else platform.drift.adopt
        done = decide(words.backend, surface=words.surface, actor=words.by, reason=words.reason)
    if words.json:
        print_json({"parameters": done})
    else:
        said = {"reapply": "Put back", "adopt": "Adopted"}[words.verb]
        print(f"{said}: {', '.join(done)}" if done else "Nothing was changed there by hand.")
    return 0


def _written(value: Any) -> str:
    return "not there" if value is None else json.dumps(value, ensure_ascii=False)


def _print_findings(findings: list[dict[str, Any]]) -> None:
    for finding in findings:
        where = ", ".join(each for each in (finding["backend"], finding["surface"], finding["experiment"]) if each)
        print(f"✗ {where}: {finding['message']} [{finding['code']}], since {finding['since'][:19]}")
        if finding["code"] == "drifted":
            print(f"    should be {_written(finding['expected'])}")
            print(f"    is        {_written(finding['found'])}")
        print(f"    {finding['fix']}")
