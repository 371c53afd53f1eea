import pytest

from counterpoint.assignment import N_BUCKETS, bucket_of, bucket_salt, split
from counterpoint.errors import InvalidInput


def test_salt_and_unit_cannot_be_shifted_into_each_other():
    pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("b", "ca")]
    assert len({bucket_of(unit, salt) for unit, salt in pairs}) == len(pairs)


def test_units_that_are_not_ascii_have_a_bucket():
    for unit in ("Zoë", "ユーザー", "😀", "\ud800", "x" * 100_000):
        assert 0 <= bucket_of(unit, "home") < N_BUCKETS


def test_a_variant_of_weight_zero_gets_nobody():
    assert {split(f"u{n}", "salt", (0, 3, 0, 1)) for n in range(500)} == {1, 3}


def test_weights_are_proportions_not_percentages():
    for n in range(200):
        assert split(f"u{n}", "salt", (1, 3)) == split(f"u{n}", "salt", (25, 75))


@pytest.mark.parametrize(
    ("weights", "code"),
    [((), "weights_sum_to_nothing"), ((0, 0), "weights_sum_to_nothing"), ((2, -1), "negative_weight")],
)
def test_weights_that_cannot_split_anybody_are_refused(weights, code):
    with pytest.raises(InvalidInput) as refused:
        split("u", "salt", weights)
    assert refused.value.code == code


def test_unit_types_of_one_surface_are_bucketed_independently():
    device = bucket_salt("home", unit_type="device_id", surface_unit="user_id")
    assert bucket_salt("home", unit_type="user_id", surface_unit="user_id") == "home"
    same = sum(bucket_of(f"u{n}", "home") == bucket_of(f"u{n}", device) for n in range(2_000))
    assert same < 10
