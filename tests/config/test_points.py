import pytest

from counterpoint.assignment import cumulative
from counterpoint.config.points import MAX_TABLE, by_point


@pytest.mark.parametrize("weights", [(1,), (1, 1), (0, 3, 0, 1), (2, 5, 57), (2, 5, 58), (1_000, 0, 1), (10_000,) * 3])
def test_a_table_and_a_search_find_the_same(weights):
    bounds = cumulative(weights)
    found = by_point("abcd"[: len(weights)], bounds)
    assert len(found) == sum(weights)
    assert isinstance(found, tuple) == (sum(weights) <= MAX_TABLE)
    for point in {0, 1, bounds[-1] // 2, bounds[0], bounds[-1] - 1} & set(range(bounds[-1])):
        expected = next(letter for letter, bound in zip("abcd", bounds, strict=False) if point < bound)
        assert found[point] == expected
    with pytest.raises(IndexError):
        found[bounds[-1]]


def test_nothing_to_find_is_nothing():
    assert by_point((), (3,)) == ()
