"""However small, skewed or uneven an experiment is, nothing is shipped without effect more often than designed."""

import math

import numpy as np
import pytest

from counterpoint.errors import CannotCompute
from counterpoint.stats import Inference, Relative, Summary, adequacy, compare_means, effect_at_look, spending_bounds

pytestmark = pytest.mark.slow
ALPHA, LOOKS, RUNS = 0.05, 7, 2000
BOUNDS = spending_bounds([(k + 1) / LOOKS for k in range(LOOKS)], alpha=ALPHA)
DRAWS = {
    "normal": lambda rng, n: rng.normal(5, 2, n),
    "lognormal": lambda rng, n: rng.lognormal(2, 1, n),
    "60 % zeros": lambda rng, n: rng.gamma(1.0, 10, n) * (rng.random(n) < 0.4),
    "95 % zeros": lambda rng, n: rng.lognormal(2, 1, n) * (rng.random(n) < 0.05),
}


@pytest.mark.parametrize("shape", DRAWS)
@pytest.mark.parametrize("sizes", [(66, 66), (300, 300), (100, 400), (1200, 300)])
def test_small_skewed_and_uneven_experiments_ship_nothing_too_often_and_cover_the_truth(
    shape: str, sizes: tuple[int, int]
) -> None:
    rng = np.random.default_rng([23, *sizes])
    shipped = read = missed = 0
    for _ in range(RUNS):
        samples = [DRAWS[shape](rng, n) for n in sizes]
        done = False
        for look in range(1, LOOKS + 1):
            arms = [Summary.from_arrays(x[: len(x) * look // LOOKS]) for x in samples]
            try:
                effect = compare_means(*arms, Inference(alpha=ALPHA, relative=Relative.FIELLER))
            except CannotCompute:
                continue
            crosses = effect.estimate > BOUNDS.z[look - 1] * effect.std_error
            if not (crosses or look == LOOKS) or not adequacy(*arms, alpha=ALPHA).adequate:
                continue
            if look == LOOKS:
                low, high = effect.relative_ci_lower, effect.relative_ci_upper
                read += 1
                missed += (low is not None and low > 0) or (high is not None and high < 0)
            if crosses and not done:
                done = effect_at_look(effect, BOUNDS, look).ci_lower > 0
                shipped += done
    level = ALPHA / 2
    assert shipped / RUNS <= level + 4 * math.sqrt(level * (1 - level) / RUNS)
    if read > RUNS / 10:
        assert missed / read <= ALPHA + 4 * math.sqrt(ALPHA * (1 - ALPHA) / read)


def test_without_the_gate_a_small_and_skewed_arm_would_ship_nothing_far_too_often() -> None:
    rng = np.random.default_rng(29)
    crossed = 0
    for _ in range(RUNS):
        x, y = (DRAWS["95 % zeros"](rng, n) for n in (100, 400))
        arms = Summary.from_arrays(x), Summary.from_arrays(y)
        if arms[0].variance() > 0:
            effect = compare_means(*arms)
            crossed += effect.estimate > 1.96 * effect.std_error
            assert not adequacy(*arms, alpha=ALPHA).adequate
    assert crossed / RUNS > 0.05
