"""The commands around running processes: `serve` starts one, `fleet` shows all, `export` writes for others."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command, print_json, print_table
from counterpoint.errors import DependencyFailure, InvalidInput
from counterpoint.settings import ROLES, Settings, control_url


def add_commands(commands: Commands) -> None:
    """Add `serve`, `fleet` and `export`."""
    serve = command(
        commands, "serve", _serve, "start the platform: page, API, web interface and launches in one process"
    )
    serve.add_argument("--host", help="address to bind (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to bind (default 8321)")
    serve.add_argument("--role", choices=ROLES, help="do only a part of it (default all)")
    serve.add_argument(
        "--control", metavar="URL", help="address of the control plane: delivery follows it, a worker reports to it"
    )
    serve.add_argument(
        "--max-age",
        type=int,
        default=0,
        metavar="S",
        help="call snapshots stale after so many seconds, sooner than their surface declares (default 0: as declared)",
    )
    serve.add_argument(
        "--stale-policy",
        choices=("serve", "baseline", "refuse"),
        default="serve",
        help="what else happens to stale snapshots, where that is stricter than declared; needs --max-age",
    )
    fleet = command(commands, "fleet", _fleet, "show which process serves which release")
    fleet.add_argument("--control", metavar="URL", help="address of the control plane (default: of `serve` here)")
    fleet.add_argument("--json", action="store_true", help="print JSON")
    export = command(commands, "export", _export, "write a surface's parameters for code or for another flag system")
    export.add_argument(
        "format",
        choices=("flagd", "schema", "python", "typescript"),
        help="flagd: flag definitions in JSON; schema: JSON Schema of the values; python, typescript: typed accessors",
    )
    export.add_argument("--surface", default="home", help="which surface (default home)")
    export.add_argument("--file", type=Path, help="a surface's file, in place of one that is published")
    export.add_argument(
        "--experiments",
        choices=("leave-out", "baseline", "decided"),
        default="leave-out",
        help="what becomes of parameters under experiment: no flag, the baseline for everybody, or what was decided "
        "here and is passed on as an attribute (default leave-out)",
    )


def _serve(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import Staleness

    control = None if words.control is None else control_url(words.control, where="--control")
    changes = {"host": words.host, "port": words.port, "role": words.role, "control_url": control}
    settings = replace(settings, **{name: value for name, value in changes.items() if value is not None})
    if words.max_age < 0:
        raise InvalidInput("bad_setting", "an age is not negative", where="--max-age", fix="use 0 for as declared")
    if settings.role == "worker":
        from counterpoint.cli.working import run_worker

        return run_worker(settings)
    from counterpoint.cli.server import run_server

    return run_server(settings, tighter=Staleness(max_age_s=words.max_age, policy=words.stale_policy))


def _fleet(words: argparse.Namespace, settings: Settings) -> int:
    import httpx

    from counterpoint.storage.events import fleet_headers

    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - what serve may bind
    asked = None if words.control is None else control_url(words.control, where="--control")
    url = asked or settings.control_url or f"http://{host}:{settings.port}"
    try:
        answer = httpx.get(f"{url}/v1/fleet", headers=fleet_headers(settings.fleet_token), timeout=5.0, trust_env=False)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise DependencyFailure(
            "control_unreachable",
            f"the control plane does not say ({type(error).__name__})",
            where=url,
            fix="start it, or say where it is: counterpoint fleet --control URL",
        ) from error
    if words.json:
        print_json(document)
        return 0
    for surface, shares in document["surfaces"].items():
        print(f"{surface}:")
        for each in shares:
            n = each["n_processes"]
            print(f"  release {each['release']}: {each['share']:.0%} ({n} process{'' if n == 1 else 'es'})")
    rows = [
        (process["process"], process["role"], *_served(process["surfaces"]), f"{process['heard_s']:.0f} s ago")
        for process in document["processes"]
    ]
    print_table(rows, ("process", "role", "serves", "confirmed", "heard"))
    return 0


def _served(surfaces: dict[str, Any]) -> tuple[str, str]:
    serves = ", ".join(
        f"{key} {each['release']}{' (stale)' if each['stale'] else ''}" for key, each in surfaces.items()
    )
    oldest = max((each["age_s"] for each in surfaces.values()), default=None)
    return serves or "-", "-" if oldest is None else f"{oldest:.0f} s ago"


def _export(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened
    from counterpoint.config import load_surface, python_accessors, typescript_accessors, values_schema
    from counterpoint.storage.snapshots import export_flagd

    if words.format != "flagd":
        if words.file is not None:
            surface = load_surface(read_text(words.file), source=str(words.file))
        else:
            with opened(settings) as platform:
                surface = platform.configuring.desk.live(words.surface).state.surface
        if words.format == "schema":
            print_json(values_schema(surface))
        else:
            print((python_accessors if words.format == "python" else typescript_accessors)(surface), end="")
        return 0

    with opened(settings) as platform:
        snapshot = platform.snapshots.live(words.surface).compiled.snapshot
    export = export_flagd(snapshot, experimented=words.experiments)
    print_json(export.document)
    for parameter, why in export.left_out.items():
        print(f"left out {parameter}: {why}", file=sys.stderr)
    return 0
