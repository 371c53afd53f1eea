"""The command `counterpoint`: its words, and the one place where errors become an exit status."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence

from counterpoint import __version__
from counterpoint.cli import (
    analysis,
    backing,
    catalogue,
    configuring,
    demonstration,
    designing,
    doctor,
    evaluation,
    forcing,
    gitops,
    holdouts,
    launching,
    learning,
    mcp,
    power,
    programme,
    serving,
    surfaces,
    timings,
)
from counterpoint.cli.words import Parser, require_readable, shortened
from counterpoint.errors import Blame, CounterpointError
from counterpoint.settings import read_settings
from counterpoint.telemetry import configure_logging, logger

CALLER_AT_FAULT = 2
PLATFORM_AT_FAULT = 1
INTERRUPTED = 130
# A full or read-only disk is nobody's defect: the sentence says which file, and what the system says of it.
_DISK = frozenset({errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS})
_NAMES = frozenset({errno.ELOOP, errno.ENAMETOOLONG})

_EPILOG = """\
Start here:
  counterpoint serve                     everything in one process, and the web page's address
  counterpoint demo                      watch a hypothesis become a decision
  counterpoint launch "TEXT"             the same with your own hypothesis
  counterpoint analyze FILE ...          read a finished experiment's table
Exit status: 0 done, 2 what you gave needs mending (the sentence says what), 1 something else failed.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: The words after `counterpoint`; those of the process when None.
    """
    parser = _parser()
    words = parser.parse_args(arguments)
    try:
        require_readable(sys.argv[1:] if arguments is None else arguments, words)
        settings = read_settings(os.environ, data=words.data)
        configure_logging(settings.log_level)
        status: int = words.run(words, settings)
        sys.stdout.flush()
    except CounterpointError as error:
        print(f"counterpoint: {shortened(error.as_document()['message'])} [{error.code}]", file=sys.stderr)
        return CALLER_AT_FAULT if error.blame is Blame.CALLER else PLATFORM_AT_FAULT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has enough; the default handler would print a traceback at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the one boundary of this process
        if isinstance(error, OSError) and error.errno in _NAMES:
            name = str(error.filename)[:300]
            print(f"counterpoint: {name}: {error.strerror}; name another file. [unreadable_file]", file=sys.stderr)
            return CALLER_AT_FAULT
        if isinstance(error, OSError) and error.errno in _DISK:
            where = f"{error.filename}: " if error.filename else ""
            print(f"counterpoint: {where}{error.strerror}; make room, or mend permissions. [disk]", file=sys.stderr)
            return PLATFORM_AT_FAULT
        logger("cli").exception("command failed", extra={"command": words.command})
        print(
            "counterpoint: this is a defect of Counterpoint, please report it with the log line above. [internal]",
            file=sys.stderr,
        )
        return PLATFORM_AT_FAULT
    return status


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="counterpoint",
        description="Experiments on personalized surfaces: from a hypothesis to a decision you can trust.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"counterpoint {__version__}")
    parser.add_argument(
        "--data", type=_folder, metavar="FOLDER", help="where everything is kept (default .counterpoint)"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in (
        serving,
        demonstration,
        launching,
        learning,
        gitops,
        timings,
        designing,
        doctor,
        mcp,
        power,
        configuring,
        surfaces,
        holdouts,
        forcing,
        backing,
        analysis,
        programme,
        catalogue,
        evaluation,
    ):
        group.add_commands(commands)
    return parser


def _folder(text: str) -> "os.PathLike[str]":
    from pathlib import Path

    return Path(text)
