"""Exact sums lose nothing: their summaries are those of rational arithmetic."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.metrics.engines.exact import SCALE, exact_summary

values = st.lists(st.integers(-(10**15), 10**15), min_size=2, max_size=40)


@given(values, st.randoms(use_true_random=False))
def test_moments_are_exact_and_the_same_in_any_order(millionths: list[int], chance: random.Random) -> None:
    shuffled = list(millionths)
    chance.shuffle(shuffled)
    n = len(millionths)
    found, again = (exact_summary(n, [sum(v), sum(x * x for x in v)], ("metric",)) for v in (millionths, shuffled))
    assert found == again
    mean = Fraction(sum(millionths), n)
    spread = sum((x - mean) ** 2 for x in millionths)
    assert found.means[0] == pytest.approx(float(mean / SCALE), rel=1e-15)
    assert found.cross[0] == pytest.approx(float(spread / SCALE**2), rel=1e-15)
