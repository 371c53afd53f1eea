from counterpoint.assignment import BucketSet
from counterpoint.experiments.drawing import draw_order, first_drawn, n_buckets_of


def test_an_order_holds_every_bucket_once_and_never_changes():
    order = draw_order("a seed")
    assert sorted(order) == list(range(10_000))
    # Written down: stored draws grow along this order, so no version may have another one.
    assert order[:5] == FIRST_FIVE


def test_two_seeds_order_the_buckets_differently():
    same = sum(one == other for one, other in zip(draw_order("a"), draw_order("b"), strict=True))
    assert same < 10


def test_fewer_are_drawn_when_fewer_are_free():
    free = BucketSet.of([3, 1, 4])
    assert first_drawn("s", free, 10) == free
    assert len(first_drawn("s", free, 2)) == 2
    assert first_drawn("s", free, 1).is_subset(first_drawn("s", free, 2))


def test_a_share_above_zero_is_at_least_one_bucket():
    assert [n_buckets_of(share) for share in (0, 0.00001, 0.0001, 0.1, 1)] == [0, 1, 1, 1000, 10_000]


FIRST_FIVE = (9994, 7040, 2441, 7704, 4670)
