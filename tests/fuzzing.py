"""Mutates known inputs and hands them to a parser, watching for what no input may cause."""

import contextlib
import signal
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import FrameType
from typing import Any

from counterpoint.errors import CounterpointError

TIME_LIMIT_S = 10.0
MEMORY_LIMIT = 400_000_000
# fmt: off
NASTY = (
    "\x00", "\ufeff", "\u202e", "\ud800", "é", "😀", "\\", '"', "'", "`", "\n", "\t", "\r", " ", "(", ")", "[", "]",
    "{", "}", "&&", "||", "!", "==", "!=", "<=", ">=", "<", ">", "?", ":", ",", ".", "-", "+", "*", "/", "%", "in",
    "true", "null", "1e999", "-0", "9" * 400, "0x", ".5", "&a", "*a", "<<:", "!!python/object:os.system", "---", "...",
    "- ", "? ", "|", ">", "#", "@", "%YAML 9", "NaN", ".inf", "2026-01-01", "yes", "~", "(" * 500, "[" * 500,
    "{" * 500, "!" * 500, "- " * 200, "a." * 300, "a" * 5_000,
)
# fmt: on


@dataclass(frozen=True)
class Found:
    """An input that did what none may do."""

    target: str
    why: str
    text: str


class TooSlow(BaseException):
    """Not an Exception, so that no handler of the code under test takes it for its own."""


def fuzz(name: str, target: Callable[[str], Any], seeds: Sequence[str], *, n: int, seed: int) -> list[Found]:
    """Return what `n` mutations of `seeds` found, at most five: exceptions that are not ours, hangs, memory."""
    rng = Random(seed)
    corpus, found = list(seeds), []
    for _ in range(n):
        text = mutated(rng.choice(corpus), rng, corpus)
        why = trouble(target, text)
        if why is None:
            if len(corpus) < 400 and len(text) < 4_000 and rng.random() < 0.05:
                corpus.append(text)
            continue
        found.append(Found(name, why, text[:500]))
        if len(found) == 5:
            break
    return found


def trouble(target: Callable[[str], Any], text: str) -> str | None:
    """Return what `text` made `target` do that it may not, or None."""
    try:
        with limited():
            target(text)
    except CounterpointError as error:
        return None if error.code and error.what else "an error without code or sentence"
    except TooSlow:
        return f"took more than {TIME_LIMIT_S:g} s"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return None


def peak_bytes(target: Callable[[str], Any], text: str) -> tuple[int, str | None]:
    """Return how much memory `target` took at most for `text`, and its trouble, timed before memory is watched."""
    why = trouble(target, text)
    tracemalloc.start()
    try:
        with contextlib.suppress(CounterpointError):
            target(text)
        return tracemalloc.get_traced_memory()[1], why
    finally:
        tracemalloc.stop()


@contextmanager
def limited() -> Iterator[None]:
    """Raise TooSlow inside the block when it takes too long."""

    def ring(_: int, __: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def mutated(text: str, rng: Random, corpus: Sequence[str]) -> str:
    """Return `text` with one to six mutations."""
    for _ in range(rng.randint(1, 6)):
        at, until = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        match rng.randrange(8):
            case 0:
                text = text[:at] + rng.choice(NASTY) + text[at:]
            case 1:
                text = text[:at] + rng.choice(NASTY) + text[until:]
            case 2:
                text = text[:at] + text[until:]
            case 3:
                text = text[:until] + text[at:until] * rng.randint(1, 4) + text[until:]
            case 4:
                text = text[:at] + chr(rng.choice((rng.randrange(128), rng.randrange(0x110000)))) + text[at + 1 :]
            case 5:
                other = rng.choice(corpus)
                cut = rng.randint(0, len(other))
                text = text[:at] + other[cut : cut + rng.randint(0, 200)] + text[until:]
            case 6:
                lines = text.split("\n")
                rng.shuffle(lines)
                text = "\n".join(lines)
            case _:
                tokens = text.split(" ")
                tokens[rng.randrange(len(tokens))] = rng.choice(NASTY)
                text = " ".join(tokens)
        text = text[:200_000]
    return text
