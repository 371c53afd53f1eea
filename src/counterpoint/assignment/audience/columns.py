"""Asks one audience about millions of contexts at once, through the same tests as about one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from counterpoint.assignment.audience.audience import Audience
from counterpoint.assignment.audience.formula import Both, Choice, Either, Formula, Inverse, Test, fails, holds, keys_of
from counterpoint.errors import InvalidInput

Mask: TypeAlias = npt.NDArray[np.bool_]
_MAX_SPREAD = 1 << 16


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute of many contexts: row `i` has `values[codes[i]]`; None is a missing value."""

    codes: npt.NDArray[np.integer[Any]]
    values: Sequence[Any]


def column(cells: "Column | npt.NDArray[Any] | Sequence[Any]") -> Column:
    """Return `cells` with each distinct value kept once.

    Args:
        cells: A column already; a numpy array of numbers, truth values or objects; or any sequence of values.
    """
    if isinstance(cells, Column):
        return cells
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "biuf":
        return _numbers(cells)
    listed = cells.tolist() if isinstance(cells, np.ndarray) else list(cells)
    kinds = set(map(type, listed))
    if kinds <= {str, type(None)}:
        lookup: dict[Any, int] = {value: place for place, value in enumerate(dict.fromkeys(listed))}
        codes = np.fromiter(map(lookup.__getitem__, listed), dtype=np.int32, count=len(listed))
        return Column(codes, tuple(lookup))
    # True, 1, 1.0, 0.0 and -0.0 must stay apart; `repr` tells them apart, and does so for whatever cannot be hashed.
    seen: dict[tuple[type, str], int] = {}
    values: list[Any] = []
    codes = np.empty(len(listed), dtype=np.int32)
    for row, value in enumerate(listed):
        same = (type(value), repr(value))
        place = seen.setdefault(same, len(values))
        if place == len(values):
            values.append(value)
        codes[row] = place
    return Column(codes, values)


def members(audience: Audience, columns: Mapping[str, Column], n: int) -> Mask:
    """Return which of `n` contexts are in `audience`, exactly as `audience.matches` says of each.

    Args:
        audience: A compiled audience.
        columns: Attribute -> its column of `n` rows; an attribute without one is missing everywhere.
        n: Number of contexts.

    Raises:
        InvalidInput: `wrong_length` when a column has another number of rows.
    """
    for key in audience.attributes:
        if key in columns and len(columns[key].codes) != n:
            raise InvalidInput(
                "wrong_length", f"the column has {len(columns[key].codes)} rows in place of {n}", where=key
            )
    return _where(audience.formula, columns, n, holds)


def _where(formula: Formula, columns: Mapping[str, Column], n: int, of: Callable[[Formula], Test]) -> Mask:
    if isinstance(formula, Inverse):
        return _where(formula.item, columns, n, fails if of is holds else holds)
    if isinstance(formula, Both | Either):
        masks = [_where(item, columns, n, of) for item in formula.items]
        join = np.logical_and if isinstance(formula, Both) == (of is holds) else np.logical_or
        first, *rest = masks
        for mask in rest:
            join(first, mask, out=first)
        return first
    if isinstance(formula, Choice):
        yes, no = (_where(formula.condition, columns, n, way) for way in (holds, fails))
        then, otherwise = (_where(part, columns, n, of) for part in (formula.then, formula.otherwise))
        return np.asarray((yes & then) | (no & otherwise), dtype=np.bool_)
    return _looked_up(of(formula), [key for key in keys_of(formula) if key in columns], columns, n)


def _looked_up(test: Test, keys: list[str], columns: Mapping[str, Column], n: int) -> Mask:
    """Ask the test once per distinct combination of the values it reads."""
    if not keys:
        return np.full(n, test({}), dtype=np.bool_)
    if len(keys) == 1:
        (key,) = keys
        answers = np.array([test({key: value}) for value in columns[key].values], dtype=np.bool_)
        return answers.take(columns[key].codes)
    codes = np.zeros(n, dtype=np.int64)
    for key in keys:
        # Made small again after each attribute, so that the product of their sizes cannot overflow.
        pairs = codes * len(columns[key].values) + columns[key].codes
        _, codes = np.unique(pairs, return_inverse=True)
    n_combinations = int(codes.max()) + 1 if n else 0
    example = np.zeros(n_combinations, dtype=np.int64)
    example[codes] = np.arange(n)
    answers = np.array(
        [test({key: columns[key].values[columns[key].codes[row]] for key in keys}) for row in example], dtype=np.bool_
    )
    return answers[codes] if n else np.zeros(0, dtype=np.bool_)


def _numbers(cells: npt.NDArray[Any]) -> Column:
    if cells.dtype.kind == "b":
        return Column(cells.astype(np.int8), (False, True))
    if cells.dtype.kind == "f":
        # By their bits: 0.0 and -0.0 differ once something is divided by them.
        bits, codes = np.unique(cells.astype(np.float64).view(np.int64), return_inverse=True)
        return Column(codes, bits.view(np.float64).tolist())
    if len(cells) and int(cells.max()) - int(cells.min()) < _MAX_SPREAD:
        least = int(cells.min())
        return Column((cells - least).astype(np.int32), range(least, int(cells.max()) + 1))
    values, codes = np.unique(cells, return_inverse=True)
    return Column(codes, values.tolist())
