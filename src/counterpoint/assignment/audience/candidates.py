"""Offers, for one attribute, values among which some satisfy whatever can be satisfied."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from counterpoint.assignment.audience.binding import Declared
from counterpoint.assignment.audience.formula import Leaf
from counterpoint.assignment.audience.semver import just_above, version_key
from counterpoint.vocabulary import Scalar

_ORDERED = frozenset(("==", "in", "<", "<=", ">", ">="))
_SOME_INTS = (*range(32), 60, 90, 100, 365, 1_000, -1)
_LEAST_VERSION = "0.0.0-0"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Values to try; `is_complete` when, if none of them satisfies the wishes, no value does."""

    values: Sequence[Scalar]
    is_complete: bool


def candidates(declared: Declared, wants: Sequence[tuple[Leaf, bool]]) -> Candidates:
    """Return values of one attribute for what is wanted of it.

    Args:
        declared: Its type.
        wants: Leaves that read this attribute alone, and whether each must hold or fail.
    """
    kind = str(declared.type)
    if kind == "bool":
        return Candidates((True, False), True)
    if kind == "enum":
        return Candidates(tuple(declared.values), True)
    # A leaf without a key is arithmetic on the attribute: there its constants are not thresholds.
    is_plain = all(leaf.key is not None and leaf.op in _ORDERED for leaf, _ in wants)
    constants = [value for leaf, _ in wants for value in leaf.constants]
    if kind == "int":
        return Candidates(_ints([float(value) for value in constants if not isinstance(value, str)]), is_plain)
    if kind == "float":
        return Candidates(_floats([float(value) for value in constants if not isinstance(value, str)]), is_plain)
    texts = [str(value) for value in constants]
    if kind == "semver":
        return Candidates(_versions(texts), is_plain)
    return _texts(texts, wants, is_plain=is_plain)


def _ints(constants: list[float]) -> tuple[int, ...]:
    # Between two thresholds every whole number behaves alike: each threshold and its neighbours meet every region.
    near = (
        whole + step for value in constants for whole in (math.floor(value), math.ceil(value)) for step in (0, 1, -1)
    )
    return tuple(dict.fromkeys((*near, *_SOME_INTS)))


def _floats(constants: list[float]) -> tuple[float, ...]:
    steps = sorted(set(constants))
    between = [low + (high - low) / 2 for low, high in pairwise(steps)]
    nearly = [math.nextafter(value, way) for value in steps for way in (math.inf, -math.inf)]
    beyond = [steps[-1] + 1.0, steps[0] - 1.0] if steps else []
    # NaN comes last: it alone is neither below a threshold nor at or above it.
    return tuple(dict.fromkeys((*steps, *between, *beyond, *nearly, 0.5, *map(float, _SOME_INTS), math.nan)))


def _versions(constants: list[str]) -> tuple[str, ...]:
    known = sorted({text for text in constants if version_key(text) is not None}, key=version_key)  # type: ignore[arg-type]  # none is None
    bumped = [f"{int(text.split('.', 1)[0].split('-', 1)[0].split('+', 1)[0]) + 1}.0.0" for text in known]
    return tuple(dict.fromkeys((*known, *bumped, "1.0.0", *(just_above(text) for text in known), _LEAST_VERSION)))


def _texts(constants: list[str], wants: Sequence[tuple[Leaf, bool]], *, is_plain: bool) -> Candidates:
    for leaf, want in wants:
        if want and leaf.key is not None and leaf.op in ("==", "in"):
            # It must be one of these, whatever else is said of it.
            return Candidates(tuple(str(value) for value in leaf.constants), True)
    said = {
        op: [str(leaf.constants[0]) for leaf, want in wants if want and leaf.op == op]
        for op in ("startsWith", "endsWith")
    }
    if _clash(said["startsWith"], str.startswith) or _clash(said["endsWith"], str.endswith):
        return Candidates((), True)
    inside = [str(leaf.constants[0]) for leaf, want in wants if want and leaf.op == "contains"]
    start, end = max(said["startsWith"], key=len, default=""), max(said["endsWith"], key=len, default="")
    built = [start + "".join(inside) + end, start + "x" + "".join(inside) + "x" + end]
    fresh = next(word for word in ("other" + "_" * n for n in range(len(constants) + 1)) if word not in constants)
    above = [text + "\x00" for text in constants]
    sized = ["x" * n for n in range(1, 13)]
    return Candidates(tuple(dict.fromkeys((*built, *constants, fresh, *sized, *above, ""))), is_plain)


def _clash(parts: list[str], is_part: Callable[[str, str], bool]) -> bool:
    return any(not is_part(one, two) and not is_part(two, one) for one in parts for two in parts)
