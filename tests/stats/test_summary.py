"""Summaries merge exactly and refuse what is not a summary."""

import math

import numpy as np
import pytest

from counterpoint.errors import InvalidInput
from counterpoint.stats import Summary, merge, merge_all, select


def sample(n: int, seed: int, offset: float = 0.0) -> Summary:
    rng = np.random.default_rng(seed)
    return Summary.from_arrays(rng.lognormal(size=n) + offset, rng.poisson(4, n) + 1, {"pre": rng.normal(size=n)})


def test_merging_equals_summarising_everything_at_once() -> None:
    rng = np.random.default_rng(7)
    y, d, x = rng.lognormal(size=999), rng.poisson(3, 999) + 1.0, rng.normal(size=999)
    whole = Summary.from_arrays(y, d, {"pre": x})
    parts = [Summary.from_arrays(y[i::3], d[i::3], {"pre": x[i::3]}) for i in range(3)]
    merged = merge_all(parts)
    assert merged.n == whole.n
    assert merged.means == pytest.approx(whole.means, rel=1e-12)
    assert merged.cross == pytest.approx(whole.cross, rel=1e-12)
    assert merged.third == pytest.approx(whole.third, rel=1e-10)


def test_plain_sums_and_arrays_give_the_same_moments() -> None:
    y, d = np.array([1.0, 2, 4, 8]), np.array([1.0, 1, 2, 3])
    sums = Summary.from_sums(4, [15, 7], [85, 35, 15], columns=("metric", "denominator"))
    arrays = Summary.from_arrays(y, d)
    assert sums.covariance("metric", "denominator") == pytest.approx(arrays.covariance("metric", "denominator"))
    assert sums.variance() == pytest.approx(np.var(y, ddof=1))


def test_a_shift_keeps_the_variance_that_large_sums_lose() -> None:
    shift = 1e9
    values = np.array([0.0, 1, 2, 3, 4])
    summary = Summary.from_sums(5, values.sum(), (values**2).sum(), shift=[shift])
    assert summary.mean() == shift + 2
    assert summary.variance() == 2.5


def test_a_billion_rows_keep_their_count_and_mean() -> None:
    block = Summary.from_counts(3, 10)
    for _ in range(27):
        block = merge(block, block)
    assert block.n == 10 * 2**27
    assert block.mean() == pytest.approx(0.3, rel=1e-14)
    assert block.variance() == pytest.approx(0.21, rel=1e-8)


def test_counts_know_their_third_moment() -> None:
    raw = Summary.from_arrays([1.0] * 3 + [0.0] * 7)
    counted = Summary.from_counts(3, 10)
    assert counted.third == pytest.approx(raw.third)
    assert counted.cross == pytest.approx(raw.cross)


def test_counts_of_an_engines_own_integer_type_are_counts() -> None:
    assert Summary.from_counts(np.int64(3), np.int64(10)) == Summary.from_counts(3, 10)  # type: ignore[arg-type]


def test_the_empty_summary_changes_nothing() -> None:
    one = sample(5, 1)
    assert merge(Summary.empty(one.columns), one) == one == merge(one, Summary.empty(one.columns))


def test_select_takes_columns_in_the_order_asked() -> None:
    one = sample(9, 2)
    part = select(one, ["pre", "denominator"])
    assert part.columns == ("metric", "denominator")
    assert part.variance() == one.variance("pre")
    assert part.covariance("metric", "denominator") == one.covariance("pre", "denominator")


def test_equal_summaries_and_only_they_share_a_digest() -> None:
    assert sample(5, 1).digest() == sample(5, 1).digest() != sample(5, 2).digest()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Summary.from_counts(5, 4), "count_above_units"),
        (lambda: Summary.from_counts(1, 4.5), "not_a_count"),  # type: ignore[arg-type]
        (lambda: Summary.from_counts(-1, 4), "negative_count"),
        (lambda: Summary(n=-1, means=(0.0,), cross=(0.0,)), "negative_count"),
        (lambda: Summary.from_sums(10, 10.0, 1.0), "negative_variance"),
        (lambda: Summary.from_sums(10, math.nan, 1.0), "not_finite"),
        (lambda: Summary.from_arrays([1.0, math.inf]), "not_finite"),
        (lambda: Summary.from_arrays([1.0, 2.0], [1.0]), "summary_shape"),
        (lambda: Summary.from_sums(3, [1.0, 2.0], [1.0]), "summary_shape"),
        (lambda: Summary.from_counts(1, 4).variance("pre"), "unknown_column"),
        (lambda: merge(sample(3, 1), Summary.from_counts(1, 2)), "columns_differ"),
        (lambda: Summary.from_counts(1, 1).variance(), "too_few_units"),
    ],
)
def test_what_is_not_a_summary_is_refused_by_name(make: object, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()  # type: ignore[operator]
    assert caught.value.code == code
