"""How the commands speak: what kind of subparser they add to, and how documents are printed."""

import argparse
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from counterpoint.errors import InvalidInput, NotFound
from counterpoint.settings import Settings

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands: TypeAlias = argparse._SubParsersAction  # the class is not subscriptable when it runs

Run: TypeAlias = Callable[[argparse.Namespace, Settings], int]


_LONGEST_WORD = 120
# Control and format characters, line and paragraph separators: a name may hold them, a terminal would obey them.
_STEERING = frozenset({"Cc", "Cf", "Zl", "Zp"})
_LONGEST_ARGUMENT = 65_536
_LONGEST_TEXT = 4_000
_TEXTS = ("reason", "note")


class Parser(argparse.ArgumentParser):
    """Refuses like every other part of the platform: one sentence, a code, and nothing of endless length repeated."""

    def error(self, message: str) -> NoReturn:
        """Print the refusal, where to read more, and end with the status of what the caller has to mend."""
        said = f"{self.prog}: {shortened(message)}; see `{self.prog} --help`. [bad_usage]"
        print(said, file=sys.stderr)
        raise SystemExit(2)


def shortened(message: str) -> str:
    """Return a sentence on one line: endless words are cut short, what would steer a terminal is written out."""
    message = "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in _STEERING else letter
        for letter in message
    )
    return re.sub(rf"[^\s;,.'\"]{{{_LONGEST_WORD},}}", lambda word: f"{word[0][: _LONGEST_WORD // 2]}…", message)


def require_readable(arguments: Sequence[str], words: argparse.Namespace) -> None:
    """Refuse arguments that nothing can store.

    Raises:
        InvalidInput: code `unstorable_text` or `too_long`.
    """
    for place, word in enumerate(arguments, start=1):
        # Bytes of a word that are no UTF-8 arrive as halves of characters, which no database, JSON or terminal takes.
        if "\0" in word or any("\ud800" <= letter <= "\udfff" for letter in word):
            raise InvalidInput(
                "unstorable_text", "it is not UTF-8 text", where=f"argument {place}", fix="write it in UTF-8"
            )
        if len(word) > _LONGEST_ARGUMENT:
            raise InvalidInput(
                "too_long", f"it has {len(word):,} characters", where=f"argument {place}", fix="say it in fewer words"
            )
    for name in _TEXTS:
        text = getattr(words, name, None) or ""
        if len(text) > _LONGEST_TEXT:
            raise InvalidInput(
                "too_long",
                f"it has {len(text):,} characters",
                where=f"--{name}",
                fix=f"say it in at most {_LONGEST_TEXT:,}",
            )


def command(commands: Commands, name: str, run: Run, summary: str) -> argparse.ArgumentParser:
    """Return the parser of a new command, to add its arguments to."""
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.set_defaults(run=run)
    return parser


def print_json(document: Any) -> None:
    """Print a document as indented JSON."""
    print(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def print_table(rows: Sequence[Sequence[Any]], head: Sequence[str]) -> None:
    """Print rows under a head, each column as wide as its widest cell."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_findings(findings: Sequence[dict[str, Any]]) -> None:
    """Print findings, one a line, the refusing ones first."""
    marks = {"error": "✗", "warning": "!", "info": "·"}
    for finding in sorted(findings, key=lambda each: list(marks).index(each["severity"])):
        where = f"{finding['path']}: " if finding["path"] else ""
        print(f"  {marks[finding['severity']]} {where}{finding['message']} [{finding['code']}]")


def require_surface(surface: str | None, known: Iterable[str]) -> None:
    """Refuse a surface that there is not: an empty answer about it would read as "all is well".

    Args:
        surface: What `--surface` names; None for all.
        known: The surfaces that there are.

    Raises:
        NotFound: There is no such surface.
    """
    names = sorted(known)
    if surface is not None and surface not in names:
        raise NotFound(
            "unknown_surface",
            f"there is no surface {surface!r}",
            where="--surface",
            fix=f"one of: {', '.join(names)}",
        )
