"""The command that starts everything in one process."""

import argparse

from counterpoint.cli.words import Commands, command
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `serve`."""
    serve = command(
        commands, "serve", _serve, "start the platform: page, API, web interface and launches in one process"
    )
    serve.add_argument("--host", help="address to bind (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to bind (default 8321)")


def _serve(words: argparse.Namespace, settings: Settings) -> int:
    from dataclasses import replace

    from counterpoint.cli.server import run_server

    changes = {"host": words.host, "port": words.port}
    return run_server(replace(settings, **{name: value for name, value in changes.items() if value is not None}))
