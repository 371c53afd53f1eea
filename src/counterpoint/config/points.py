"""Finds what a point of a split falls on: a table while the weights are small, a search when they are large."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Generic, TypeVar, overload

T = TypeVar("T")
MAX_TABLE = 64


def by_point(items: Sequence[T], bounds: tuple[int, ...]) -> Sequence[T]:
    """Return a sequence over points in [0, bounds[-1]) that has `items[i]` up to `bounds[i]`.

    Args:
        items: One per variant; when empty, so is the result.
        bounds: Running sums of the weights.
    """
    if not items:
        return ()
    if bounds[-1] > MAX_TABLE:
        return _Search(items, bounds)
    shares = [high - low for low, high in pairwise((0, *bounds))]
    return tuple([item for item, share in zip(items, shares, strict=True) for _ in range(share)])


class _Search(Sequence[T], Generic[T]):
    """Reads like the table, and takes the room of the items alone."""

    __slots__ = ("bounds", "items")

    def __init__(self, items: Sequence[T], bounds: tuple[int, ...]) -> None:
        self.items = items
        self.bounds = bounds

    @overload
    def __getitem__(self, point: int) -> T: ...
    @overload
    def __getitem__(self, point: slice) -> Sequence[T]: ...
    def __getitem__(self, point: int | slice) -> T | Sequence[T]:
        if isinstance(point, slice):
            return [self[place] for place in range(*point.indices(len(self)))]
        if not 0 <= point < len(self):
            raise IndexError(point)
        return self.items[bisect_right(self.bounds, point)]

    def __len__(self) -> int:
        return self.bounds[-1]
