"""Outcomes summed past DuckDB are what DuckDB sums, to the last bit, from files of any age and from the tail."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoint.config import Metric
from counterpoint.errors import CannotCompute, DependencyFailure
from counterpoint.events import Event, EventLog, Exposure, Outcome, Segments, unit_keys
from counterpoint.metrics import Rollup, RollupQuestion, roll_up
from counterpoint.metrics.engines import duckdb, outcome_sums
from counterpoint.metrics.engines.outcome_rows import text_keys
from counterpoint.metrics.engines.unit_places import UnitPlaces
from counterpoint.storage.events.columns import parquet_options, sealed_table_of, table_of
from metrics.metrics_world import T0

METRICS = (
    Metric(key="minutes_7d", type="mean", window_days=7, better="higher"),
    Metric(key="minutes_2d", type="mean", window_days=2, better="higher"),
    Metric(key="saves_7d", type="proportion", window_days=7, better="higher"),
    Metric(key="ctr", type="ratio", window_days=3, better="higher", numerator="home_clicks", denominator="home_views"),
    Metric(key="load_ms_p90", type="quantile", quantile=0.9, window_days=1, better="lower"),
)
NAMES = ("minutes", "saves", "home_clicks", "home_views", "load_ms_p90", "other")


class Parts:
    """A log of ready parts."""

    def __init__(self, exposures: list[Exposure], files: tuple[Path, ...], tail: tuple[Outcome, ...] = ()) -> None:
        self.parts = {Exposure: Segments(files=(), tail=tuple(exposures)), Outcome: Segments(files=files, tail=tail)}

    def segments(self, event_type: type[Event], **_range: object) -> Segments:
        return self.parts[event_type]


def exposure(unit: int) -> Exposure:
    return Exposure(
        id=f"e{unit}", at=T0 + timedelta(hours=unit % 150), surface="home", unit=f"u{unit}", experiment="x",
        variant=("control", "treatment")[unit % 2], parameter="p", snapshot="s", release=1, request_id="r",
    )  # fmt: skip


def outcome(n: int, value: float, *, rng: random.Random) -> Outcome:
    return Outcome(
        id=f"o{n}", at=T0 + timedelta(seconds=rng.randrange(-300_000, 1_300_000)), unit=f"u{rng.randrange(150)}",
        surface=rng.choice(["home"] * 9 + ["search"]), name=rng.choice(NAMES), value=value,
    )  # fmt: skip


def world(folder: Path) -> Parts:
    """Return a log of a file without keys, two with keys, one of them of several row groups, and a tail."""
    rng = random.Random(11)
    values = [0.0, 1.0, -2.5, 0.0000005, -0.0000005, 0.49999999999999994e-6, 1.0000015, 2.5e-6, 1e9]
    outcomes = [outcome(n, rng.choice([*values, rng.lognormvariate(1, 1)]), rng=rng) for n in range(4_000)]
    old, keyed, grouped, tail = outcomes[:1_000], outcomes[1_000:2_000], outcomes[2_000:3_500], outcomes[3_500:]
    pq.write_table(table_of(Outcome, old), folder / "old.parquet", compression="zstd")
    for name, part, size in (("keyed", keyed, None), ("grouped", grouped, 400)):
        table = sealed_table_of(Outcome, part)
        pq.write_table(table, folder / f"{name}.parquet", row_group_size=size, **parquet_options(table))
    # Fewer units than outcomes have: the others were exposed to nothing.
    return Parts([exposure(i) for i in range(100)], tuple(sorted(folder.glob("*.parquet"))), tuple(tail))


def rolled(log: EventLog, **changes: object) -> Rollup:
    asked = {
        "surface": "home",
        "experiment": "x",
        "variants": ("control", "treatment"),
        "metrics": METRICS,
        "started_at": T0,
        "now": T0 + timedelta(days=14),
    }
    return roll_up(log, RollupQuestion(**(asked | changes)))  # type: ignore[arg-type]


@pytest.fixture
def only_sql(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Rollup]:
    def asked(log: EventLog, **changes: object) -> Rollup:
        with monkeypatch.context() as patch:
            patch.setattr(outcome_sums, "MOST_BYTES", 0)
            return rolled(log, **changes)

    return asked


@pytest.mark.parametrize("covariates", [False, True])
def test_sums_are_those_of_duckdb_to_the_last_bit(
    tmp_path: Path, only_sql: Callable[..., Rollup], monkeypatch: pytest.MonkeyPatch, covariates: bool
) -> None:
    log = world(tmp_path)
    expected = only_sql(log, covariates=covariates)
    # If it had been handed over to DuckDB, nothing would have been compared.
    handed, real = [], duckdb.sum_outcomes
    monkeypatch.setattr(duckdb, "sum_outcomes", lambda *a, **k: handed.append(real(*a, **k)) or handed[-1])
    found = rolled(log, covariates=covariates)
    assert handed[0] is not None
    assert found == expected
    assert found.metrics["minutes_7d"].arms["control"].mean() != found.metrics["minutes_2d"].arms["control"].mean()
    assert found.metrics["load_ms_p90"].quantiles["treatment"].values.n > 0


def test_files_of_one_surface_count_for_that_surface_alone(tmp_path: Path, only_sql: Callable[..., Rollup]) -> None:
    rng = random.Random(5)
    outcomes = [outcome(n, 1.5, rng=rng) for n in range(2_000)]
    for surface in ("home", "search"):
        table = sealed_table_of(Outcome, [o for o in outcomes if o.surface == surface])
        pq.write_table(table, tmp_path / f"{surface}.parquet", **parquet_options(table))
    log = Parts([exposure(i) for i in range(100)], tuple(sorted(tmp_path.glob("*.parquet"))))
    found = rolled(log)
    assert found == only_sql(log)
    assert found.metrics["minutes_7d"].arms["control"].mean() > 0
    assert found != rolled(Parts([exposure(i) for i in range(100)], (tmp_path / "search.parquet",)))


def test_records_after_now_or_before_the_start_are_read_by_neither(
    tmp_path: Path, only_sql: Callable[..., Rollup]
) -> None:
    log, now = world(tmp_path), T0 + timedelta(days=8, hours=3)
    assert rolled(log, now=now) == only_sql(log, now=now) != rolled(log)


def test_sums_that_may_outgrow_64_bits_are_left_to_duckdb(tmp_path: Path, only_sql: Callable[..., Rollup]) -> None:
    rng = random.Random(3)
    log = Parts([exposure(i) for i in range(100)], (), tuple(outcome(n, 1e12, rng=rng) for n in range(200)))
    found = rolled(log, metrics=METRICS[:1])
    assert found == only_sql(log, metrics=METRICS[:1])
    assert found.metrics["minutes_7d"].arms["control"].mean() > 1e10


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e300, 1e14])
def test_a_value_that_is_no_whole_number_of_millionths_is_an_error(value: float) -> None:
    rng = random.Random(3)
    log = Parts([exposure(i) for i in range(100)], (), tuple(outcome(n, value, rng=rng) for n in range(200)))
    with pytest.raises(CannotCompute, match="too large to be summed"):
        rolled(log, metrics=METRICS[:1])


def test_units_that_share_a_key_are_left_to_duckdb(
    tmp_path: Path, only_sql: Callable[..., Rollup], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = world(tmp_path)
    expected = only_sql(log)
    monkeypatch.setattr(duckdb, "text_keys", lambda units: tuple(np.zeros_like(k) for k in text_keys(units)))
    assert rolled(log) == expected


def test_a_file_that_cannot_be_read_is_an_error_and_no_smaller_sum(tmp_path: Path) -> None:
    log = world(tmp_path)
    (tmp_path / "keyed.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DependencyFailure, match="cannot be read"):
        rolled(log)


def test_a_unit_is_found_by_its_key_and_its_check_among_many() -> None:
    keys, checks = unit_keys([f"u{i}" for i in range(5_000)])
    first_t = np.arange(5_000) * 3
    places = UnitPlaces(keys[:3_000], checks[:3_000], first_t[:3_000])
    rows, at, times = places.find(keys, checks)
    assert rows.tolist() == list(range(3_000))
    assert at.tolist() == list(range(3_000))
    assert times.tolist() == first_t[:3_000].tolist()
    rows, at, times = places.find(keys[2_999:1_000:-1], checks[2_999:1_000:-1])
    assert times.tolist() == first_t[2_999:1_000:-1].tolist()
    assert len(places.find(keys[:3_000], checks[:3_000] ^ np.uint32(1))[0]) == 0


def test_keys_of_a_column_of_texts_are_those_of_its_texts_wherever_the_column_begins() -> None:
    units = ["u1", "Björk", "", "a-rather-long-identifier-of-a-unit-0123456789", "u2"] * 2
    column = pa.array(["before", *units, "after"]).slice(1, len(units))
    for found, expected in zip(text_keys(column), unit_keys(units), strict=True):
        assert found.tolist() == expected.tolist()
    assert [len(each) for each in text_keys(column.slice(0, 0))] == [0, 0]


def test_units_whose_keys_begin_alike_are_told_apart() -> None:
    keys = np.array([5, 7, 6, 2**63, 2**63 + 1, 2**64 - 1], dtype=np.uint64)
    checks = np.arange(6, dtype=np.uint32)
    places = UnitPlaces(keys, checks, np.array([50, 70, 60, 1, 2, 3]))
    asked = np.array([6, 4, 7, 2**63 + 1, 2**64 - 1, 0, 5, 2**64 - 2], dtype=np.uint64)
    rows, at, times = places.find(asked, np.array([2, 0, 1, 4, 5, 0, 0, 0], dtype=np.uint32))
    assert rows.tolist() == [0, 2, 3, 4, 6]
    assert at.tolist() == [2, 1, 4, 5, 0]
    assert times.tolist() == [60, 70, 2, 3, 50]
