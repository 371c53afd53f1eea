"""Published results on real data come out of their counts."""

import pytest

from counterpoint.stats import Summary, compare_proportions, sample_ratio_test
from counterpoint.stats.proportions import pooled_z, proportion_arm


def test_cookie_cats_seven_day_retention_falls() -> None:
    effect = compare_proportions(Summary.from_counts(8502, 44700), Summary.from_counts(8279, 45489))
    assert round(effect.control_mean, 4) == 0.1902
    assert round(effect.treatment_mean, 4) == 0.1820
    assert effect.p_value == pytest.approx(0.0015542, abs=5e-8)
    assert (effect.ci_lower, effect.ci_upper) == pytest.approx((-0.0132816, -0.0031210), abs=1e-7)


def test_cookie_cats_assignment_is_suspicious_but_below_the_alarm() -> None:
    verdict = sample_ratio_test([44700, 45489], [1, 1])
    assert verdict.p_value == pytest.approx(0.0086, abs=5e-5)
    assert not verdict.mismatch


def test_open_bandit_men_clicks_rise() -> None:
    effect = compare_proportions(Summary.from_counts(46, 10_000), Summary.from_counts(69, 10_000))
    assert effect.p_value == pytest.approx(0.0315, abs=5e-5)
    arms = [proportion_arm(Summary.from_counts(x, 10_000), str(x)) for x in (46, 69)]
    assert pooled_z(*arms) == pytest.approx(2.151, abs=5e-4)
