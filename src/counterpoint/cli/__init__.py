"""The command line: each command parses its words, calls one function and prints what came back."""

from counterpoint.cli.main import main

__all__ = ["main"]
