import pytest

from counterpoint.assignment import N_BUCKETS, BucketSet
from counterpoint.errors import InvalidInput

FEW = BucketSet.of([0, 7, 8, 4_999, 9_999])


def test_a_bucket_set_survives_its_text():
    assert BucketSet.from_text(FEW.to_text()) == FEW
    assert list(BucketSet.from_text(FEW.to_text())) == [0, 7, 8, 4_999, 9_999]
    assert len(BucketSet.from_text(BucketSet.full().to_text())) == N_BUCKETS


def test_set_algebra_agrees_with_sets_of_integers():
    a, b = set(range(0, 10_000, 3)), set(range(0, 10_000, 7))
    left, right = BucketSet.of(a), BucketSet.of(b)
    assert set(left | right) == a | b
    assert set(left & right) == a & b
    assert set(left - right) == a - b
    assert len(left) == len(a)
    assert (left - right).is_disjoint(right)
    assert (left & right).is_subset(left)
    assert not left.is_subset(right)


def test_membership_is_of_buckets_only():
    assert 7 in FEW
    assert 9 not in FEW
    assert -1 not in FEW
    assert 10_000 not in FEW
    assert "7" not in FEW


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "é", FEW.to_text()[:-4]])
def test_a_corrupt_bitmap_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        BucketSet.from_text(text)
    assert refused.value.code == "corrupt_bucket_set"


@pytest.mark.parametrize("bucket", [-1, 10_000])
def test_a_bucket_outside_the_range_is_refused(bucket):
    with pytest.raises(InvalidInput) as refused:
        BucketSet.of([bucket])
    assert refused.value.code == "bucket_out_of_range"
