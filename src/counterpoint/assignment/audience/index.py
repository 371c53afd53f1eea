"""Asks many audiences at once: attribute value -> the audiences it satisfies, as one bitmap."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from counterpoint.assignment.audience.audience import Audience
from counterpoint.assignment.audience.formula import Context, Formula, Leaf, Test, holds, keys_of

_ORDERED = ("<", "<=", ">", ">=", "==", "in")
_MAX_KNOWN = 8_192


@dataclass(slots=True)
class _Column:
    """What the audiences want of one attribute.

    `known` remembers the bitmap of values met before, up to a bound; it changes how fast an answer comes, never which.
    """

    key: str
    read: Callable[[Any], Any]
    free: int
    tests: list[tuple[int, Test]]
    steps: tuple[float, ...] | None
    known: dict[Any, int] = field(default_factory=dict)

    def satisfied(self, raw: Any) -> int:
        value = self.read(raw)
        slot = value
        if self.steps is not None and value is not None:
            # Between two neighbouring constants every number passes the same tests.
            place = bisect_left(self.steps, value)
            slot = 2 * place + (place < len(self.steps) and self.steps[place] == value)
        found = self.known.get(slot)
        return self._learn(slot, raw) if found is None else found

    def _learn(self, slot: Any, raw: Any) -> int:
        context = {self.key: raw}
        found = self.free
        for bit, test in self.tests:
            if test(context):
                found |= bit
        if len(self.known) < _MAX_KNOWN and slot == slot:  # noqa: PLR0124 - NaN is no slot: it sorts nowhere
            self.known[slot] = found
        return found


@dataclass(frozen=True, slots=True)
class AudienceIndex:
    """Many audiences over one set of attributes; made by `build_index`."""

    everyone: int
    columns: tuple[_Column, ...]
    residue: int
    residual: Mapping[int, Test]

    def matching(self, context: Context) -> int:
        """Return the audiences that `context` is in: bit `i` for the i-th."""
        found = self.everyone
        for column in self.columns:
            found &= column.satisfied(context.get(column.key))
            if not found:
                return 0
        left = found & self.residue
        while left:
            bit = left & -left
            left ^= bit
            if not self.residual[bit](context):
                found ^= bit
        return found


def build_index(audiences: Sequence[Audience | None]) -> AudienceIndex:
    """Return the index of `audiences`; None stands for one that everybody is in."""
    columns: dict[str, list[tuple[int, list[Formula]]]] = {}
    residual: dict[int, Test] = {}
    everyone = (1 << len(audiences)) - 1
    for place, audience in enumerate(audiences):
        bit = 1 << place
        by_key: dict[str, list[Formula]] = {}
        rest: list[Formula] = []
        for conjunct in audience.conjuncts if audience is not None else ():
            keys = keys_of(conjunct)
            if len(keys) == 1:
                by_key.setdefault(keys[0], []).append(conjunct)
            else:
                rest.append(conjunct)
        for key, conjuncts in by_key.items():
            columns.setdefault(key, []).append((bit, conjuncts))
        if rest:
            tests = [holds(conjunct) for conjunct in rest]
            residual[bit] = tests[0] if len(tests) == 1 else _together(tests)
    declared = next((audience.declared for audience in audiences if audience is not None), {})
    built = tuple(_column(key, str(declared[key].type), wants, everyone) for key, wants in columns.items())
    return AudienceIndex(everyone, built, sum(residual), residual)


def _column(key: str, kind: str, wants: list[tuple[int, list[Formula]]], everyone: int) -> _Column:
    bound = 0
    tests: list[tuple[int, Test]] = []
    numbers: set[float] | None = set() if kind in ("int", "float") else None
    for bit, conjuncts in wants:
        bound |= bit
        found = [holds(conjunct) for conjunct in conjuncts]
        tests.append((bit, found[0] if len(found) == 1 else _together(found)))
        for conjunct in conjuncts:
            if numbers is not None and isinstance(conjunct, Leaf) and conjunct.op in _ORDERED:
                numbers.update(conjunct.constants)  # type: ignore[arg-type]  # constants of a numeric leaf are numbers
            else:
                numbers = None
    steps = tuple(sorted(numbers)) if numbers is not None else None
    return _Column(key, _SLOTS.get(kind, _text), everyone & ~bound, tests, steps)


def _together(tests: list[Test]) -> Test:
    return lambda context: all(test(context) for test in tests)


def _text(raw: Any) -> Any:
    return raw if isinstance(raw, str) else None


# True, 1 and 1.0 are one key of a dict: what has not the declared type must become None before it is looked up.
_SLOTS: dict[str, Callable[[Any], Any]] = {
    "bool": lambda raw: raw if raw is True or raw is False else None,
    "int": lambda raw: raw if type(raw) is int else None,
    "float": lambda raw: raw if type(raw) is float or type(raw) is int else None,
}
