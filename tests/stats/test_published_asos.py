"""On ASOS's published checkpoints, peeking at fixed-horizon tests finds what their end does not; sequences do not."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from counterpoint.errors import CannotCompute
from counterpoint.stats import (
    Effect,
    Inference,
    Reference,
    Summary,
    always_valid,
    compare_means,
    excludes_null,
    spending_bounds,
)

DATA = Path(__file__).parents[2] / "../shared/data/ab_tests/asos_experiments_a.parquet"


@pytest.fixture(scope="module")
def series() -> list[list[Effect]]:
    if not DATA.exists():
        pytest.skip("the shared ASOS data are not beside this checkout")
    rows = pq.read_table(DATA).to_pylist()
    found: dict[tuple[str, int, int], list[tuple[float, Effect]]] = {}
    for row in rows:
        if row["variance_c"] is None or row["variance_t"] is None:
            continue
        arms = [
            Summary(
                n=int(row[f"count_{a}"]),
                means=(row[f"mean_{a}"],),
                cross=(row[f"variance_{a}"] * (row[f"count_{a}"] - 1),),
            )
            for a in ("c", "t")
        ]
        try:
            effect = compare_means(arms[0], arms[1], Inference(reference=Reference.NORMAL))
        except CannotCompute:
            continue
        key = (row["experiment_id"], row["variant_id"], row["metric_id"])
        found.setdefault(key, []).append((row["time_since_start"], effect))
    return [[e for _, e in sorted(looks, key=lambda pair: pair[0])] for looks in found.values()]


def test_the_last_checkpoint_and_any_checkpoint_differ_as_published(series: list[list[Effect]]) -> None:
    assert len(series) == 200
    assert sum(excludes_null(looks[-1]) for looks in series) == 42
    assert sum(any(excludes_null(e) for e in looks) for looks in series) == 112


def test_sequences_looked_at_every_checkpoint_claim_no_more_than_the_end_does(series: list[list[Effect]]) -> None:
    def claims(looks: list[Effect]) -> bool:
        tuning = looks[-1].n_control + looks[-1].n_treatment
        return any(excludes_null(always_valid(e, tuning_n=tuning, burn_in=0)) for e in looks)

    claimed = sum(claims(looks) for looks in series)
    assert 20 <= claimed <= 42


def test_planned_looks_claim_about_as_often_as_the_end_does(series: list[list[Effect]]) -> None:
    claimed = 0
    for looks in series:
        total = looks[-1].n_control + looks[-1].n_treatment
        chosen, information = [], []
        for effect in looks:
            t = (effect.n_control + effect.n_treatment) / total
            if t >= (information[-1] if information else 0.0) + 0.2 or (
                effect is looks[-1] and t > information[-1] + 1e-4
            ):
                chosen.append(effect)
                information.append(min(t, 1.0))
        bounds = spending_bounds(information)
        claimed += any(abs(effect.estimate) > z * effect.std_error for effect, z in zip(chosen, bounds.z, strict=True))
    assert 30 <= claimed <= 60
