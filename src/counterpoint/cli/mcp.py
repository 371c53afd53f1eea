"""The commands for outside agents: `mcp` serves them, `parked` and `refuse` answer them, `token` says who is who."""

import argparse
import asyncio
import sys
from dataclasses import replace
from typing import Any

from counterpoint.cli.words import Commands, command, print_findings, print_json, print_table, require_surface
from counterpoint.errors import InvalidInput
from counterpoint.settings import Settings

PARKED = "parked-"
"""How the id of a parked write begins, so that `approve` tells it from a launch."""


def add_commands(commands: Commands) -> None:
    """Add `mcp`, `parked`, `refuse` and `token`."""
    mcp = command(commands, "mcp", _mcp, "serve the tools for outside agents over standard input and output")
    mcp.add_argument("--as", dest="name", default="stdio", metavar="NAME", help="the agent's name (default stdio)")
    mcp.add_argument("--http", action="store_true", help="over HTTP at /mcp instead, as `serve` does beside the rest")
    mcp.add_argument("--host", help="address to bind with --http (default 127.0.0.1)")
    mcp.add_argument("--port", type=int, help="port to bind with --http (default 8321)")

    parked = command(commands, "parked", _parked, "list what agents want to do, or show one of them")
    parked.add_argument("write", nargs="?", help="id of a parked write, to see exactly what it would do")
    parked.add_argument("--surface", help="only those of one surface")
    parked.add_argument("--json", action="store_true", help="print JSON")

    refuse = command(commands, "refuse", _refuse, "refuse what an agent wants to do, for good")
    refuse.add_argument("write", help="id of the parked write")
    refuse.add_argument("--by", required=True, help="who says so")
    refuse.add_argument("--reason", required=True, help="why; the agent reads it")

    token = command(
        commands, "token", _token, "make a token for a person or an agent, and its line for the agents file"
    )
    token.add_argument("name", help="a person's name, such as an e-mail address, or agent:NAME")
    token.add_argument("--read", action="store_true", help="it does not let anybody write")
    token.add_argument("--proxy", action="store_true", help="it is a proxy's, which names whom it has authenticated")


def approve_parked(words: argparse.Namespace, settings: Settings) -> int:
    """Approve a parked write; `approve` comes here when that is what it was given."""
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        _print_write(platform.agency.parking.approve(words.launch, by=words.by, note=words.note))
    return 0


def _mcp(words: argparse.Namespace, settings: Settings) -> int:
    if words.http:
        from counterpoint.cli.server import run_server

        changes = {"host": words.host, "port": words.port}
        settings = replace(settings, **{name: value for name, value in changes.items() if value is not None})
        return run_server(settings, only_agents=True)
    if words.host is not None or words.port is not None:
        raise InvalidInput("bad_option", "there is no address without --http", where="--host", fix="add --http")
    from counterpoint.bootstrap import opened
    from counterpoint.cli.server import beside
    from counterpoint.mcp import actor_named, serve_stdio

    actor = actor_named(words.name)
    # Nothing but the protocol may reach standard output: who reads it there is a program.
    stray, wire = sys.stderr, sys.stdout
    sys.stdout = stray
    try:
        with opened(settings) as platform:
            sys.stdout = wire
            asyncio.run(beside(platform, serve_stdio(platform.agency, actor=actor)))
            sys.stdout = stray
    finally:
        sys.stdout = wire
    return 0


def _parked(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        require_surface(words.surface, platform.control.release_store.surfaces())
        parking = platform.agency.parking
        if words.write is not None:
            write = parking.read(words.write)
            print_json(write) if words.json else _print_write(write)
            return 0
        rows = parking.list(surface=words.surface)
    if words.json:
        print_json(rows)
    elif not rows:
        print("No agent has asked for anything.")
    else:
        print_table(
            [(row["id"], row["actor"], row["action"], row["experiment"], row["state"]) for row in rows],
            ("write", "agent", "wants to", "experiment", "state"),
        )
    return 0


def _refuse(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        _print_write(platform.agency.parking.reject(words.write, by=words.by, reason=words.reason))
    return 0


def _token(words: argparse.Namespace, settings: Settings) -> int:
    import yaml

    from counterpoint.bootstrap import new_token

    token, section, name, entry = new_token(words.name, reads_only=words.read, is_proxy=words.proxy)
    line = yaml.safe_dump({section: {name: entry}}, sort_keys=False, allow_unicode=True)
    print(f"Give it to {words.name}; it is kept nowhere and shown only now:\n\n  {token}\n")
    print(f"Add to the agents file (COUNTERPOINT_AGENTS), and start the processes again:\n\n{line}")
    if settings.agents is None:
        print("No agents file is named yet; docs/guides/agents.md says what else may stand in it.")
    return 0


def _print_write(write: dict[str, Any]) -> None:
    consequence = write["consequence"]
    print(f"{write['id']}: {write['state']}")
    print(f"  {write['actor']} wants to {write['action']} {write['experiment']} on {write['surface']}")
    print(f"  {consequence['sentence']}")
    for edit in consequence.get("diff", ()):
        print(f"  {edit['backend']}: {edit['path']}: {edit['before']} -> {edit['after']}")
    blast = consequence.get("blast_radius", {})
    for arm in blast.get("variants", ()):
        print(f"  {arm['variant']} changes {arm['share_changed']:.1%} of {blast['n_pages']} pages ({blast['source']})")
    print_findings(consequence.get("findings", ()))
    if write["approved_by"]:
        print(f"  Approved by {', '.join(write['approved_by'])}")
    print(f"  Next: {write['next']}")
