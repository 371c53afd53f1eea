"""DuckDB and Spark say the same: equal integers and words, floats of files within 1e-9, scorecards to the byte."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoint.assignment import BucketSet
from counterpoint.config import Metric
from counterpoint.errors import InvalidInput
from counterpoint.events import Event, EventLog, Exposure, Outcome, Served
from counterpoint.metrics import (
    Reading,
    RollupQuestion,
    SplitPhase,
    analyze_table,
    read_course,
    reading_engine,
    rollup_engine,
    score,
    table_engine,
)
from counterpoint.metrics.engines.ages import roll_up_by_age
from counterpoint.metrics.engines.buckets import metrics_of_buckets
from counterpoint.metrics.engines.pairs import Run, pair_cells, shared_units
from counterpoint.metrics.engines.visits import count_visits, first_visit, metric_of_visitors
from counterpoint.storage.events import open_event_log
from metrics.metrics_world import METRICS, SURFACE, T0, events, spec
from spark_engine import spark

# Where others use the machine a JVM takes its time; interrupted, it answers nobody any more.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SHARED = Path(__file__).parents[2] / "../shared/data"
AWKWARD = 'O\'Brien \\ "n"'
Columns = Mapping[str, Sequence[Any]]


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    with spark():
        yield


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """Records in sealed files and in a tail, in a folder whose name looks like a pattern, with every trouble."""
    records = [*events(900, lift=0.3, slower=20.0), *troubles()]
    random.Random(11).shuffle(records)
    made = open_event_log(tmp_path / "events [a-z]", seal_at=1_500)
    for start in range(0, len(records), 400):
        made.append(records[start : start + 400])
    yield made
    made.close()


def troubles() -> list[Event]:
    """Return units of two variants and of none declared, values below zero and far out, and names to be quoted."""
    rng, out = random.Random(20261122), list[Event]()
    for i in range(300):
        at = T0 + timedelta(days=rng.random() * 13, microseconds=i)
        unit = f"ü{i}'\\"
        country = ["SE", None, AWKWARD, 3, True, 2.5][i % 6]
        met = (
            ["purple"]
            if i % 50 == 0
            else ["control", "treatment"]
            if i % 20 == 0
            else [("control", "treatment")[i % 2]]
        )
        out.append(
            Served(
                id=f"ts{i}", at=at, surface="home", unit=unit, request_id=f"tr{i}", snapshot=f"snap{i % 3}",
                status="complete", latency_ms=20.0, attributes={} if country is None else {"country": country},
            )
        )  # fmt: skip
        for variant in met:
            out.append(
                Exposure(
                    id=f"te{i}{variant}", at=at, surface="home", unit=unit, experiment="podcasts-second",
                    variant=variant, parameter="podcasts.position", snapshot=f"snap{i % 3}", release=3,
                    request_id=f"tr{i}",
                )
            )  # fmt: skip
        out.append(
            Exposure(
                id=f"th{i}", at=at + timedelta(hours=i % 7), surface="home", unit=unit, experiment=AWKWARD,
                variant="ab"[i % 2] if i % 3 else "b", parameter="rows.order", snapshot="snap0", release=3,
                request_id=f"tr{i}",
            )
        )  # fmt: skip
        for k, value in enumerate((rng.lognormvariate(0, 3), -rng.random(), 0.0, 1e-7, 2.5e-6, 999.9999999, 123456.5)):
            for name in ("minutes", "home_views", "home_clicks", "load_ms_p90", AWKWARD):
                then = at + timedelta(days=rng.random() * 16 - 8)
                out.append(Outcome(id=f"to{i}{k}{name}", at=then, surface="home", unit=unit, name=name, value=value))
    return out


def question(**changes: Any) -> RollupQuestion:
    asked: dict[str, Any] = {
        "surface": "home", "experiment": "podcasts-second", "variants": ("control", "treatment"),
        "metrics": (*METRICS, Metric(key=AWKWARD, type="mean", window_days=1, better="higher")), "started_at": T0,
        "now": T0 + timedelta(days=14),
    }  # fmt: skip
    return RollupQuestion(**(asked | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"covariates": True, "segment": "country"},
        {"matured_at": T0 + timedelta(days=9), "ended_at": T0 + timedelta(days=11, hours=3), "metrics": METRICS},
        {"phase_starts": (T0, T0 + timedelta(days=3)), "metrics": ()},
        {"surface": AWKWARD, "segment": AWKWARD},
    ],
)
def test_a_rollup_is_the_same_to_the_last_bit(log: EventLog, changes: dict[str, Any]) -> None:
    ours, theirs = (rollup_engine(name)(log, question(**changes)) for name in ("duckdb", "spark"))
    assert theirs == ours
    assert theirs.as_document() == ours.as_document()
    assert sum(ours.exposed.values()) > 900 or changes.get("surface") == AWKWARD


def test_a_scorecard_with_cuped_segments_and_planned_phases_has_the_same_digest(log: EventLog) -> None:
    def card(name: str) -> Any:
        return score(
            log,
            spec(variance_reduction="cuped", test="always_valid"),
            SURFACE,
            started_at=T0,
            now=T0 + timedelta(days=13),
            phases=[SplitPhase(starts_at=T0, weights=(1.0, 1.0))],
            segment="country",
            engine=rollup_engine(name),
        )

    ours, theirs = card("duckdb"), card("spark")
    assert theirs.digest == ours.digest
    assert theirs.as_document() == ours.as_document()
    assert ours.rows[0].effect is not None


def test_a_course_has_the_same_points(log: EventLog) -> None:
    def course(name: str) -> dict[str, Any]:
        asked: dict[str, Any] = {"started_at": T0, "now": T0 + timedelta(days=9), "engine": rollup_engine(name)}
        return read_course(log, spec(test="always_valid"), SURFACE, **asked)

    ours = course("duckdb")
    assert course("spark") == ours
    assert len(ours["points"]) == 2


PAIR = (
    Run(experiment="podcasts-second", variants=("control", "treatment"), started_at=T0),
    Run(experiment=AWKWARD, variants=("a", "b"), started_at=T0, ended_at=T0 + timedelta(days=10)),
)
NOW = T0 + timedelta(days=13)
READINGS: dict[str, Callable[[EventLog, Reading], Any]] = {
    "by day since exposure": lambda log, reading: [
        roll_up_by_age(log, question(metrics=(), now=NOW), metric, 4, reading=reading) for metric in METRICS[1:3]
    ],
    "shared units": lambda log, reading: shared_units(log, "home", PAIR, NOW, reading=reading),
    "pairs": lambda log, reading: pair_cells(log, "home", PAIR, METRICS[:2], NOW, reading=reading),
    "buckets": lambda log, reading: metrics_of_buckets(
        log,
        "home",
        METRICS,
        {"quo": BucketSet.of(range(4_000)), AWKWARD: BucketSet.of(range(4_000, 10_000))},
        salt="home",
        since=T0,
        now=NOW,
        reading=reading,
    ),
    "first visit": lambda log, reading: first_visit(log, "home", since=T0, now=NOW, reading=reading),
    "visits": lambda log, reading: count_visits(log, "home", free_or_awkward, n_days=13, now=NOW, reading=reading),
    "visitors": lambda log, reading: [
        metric_of_visitors(
            log,
            "home",
            metric,
            free_or_awkward,
            since=T0,
            now=NOW,
            covariates=metric.type != "quantile",
            reading=reading,
        )
        for metric in METRICS
    ],
}


def free_or_awkward(attributes: Mapping[str, Any]) -> bool:
    return attributes.get("plan") == "free" or attributes.get("country") in (AWKWARD, 3, None)


@pytest.mark.parametrize("name", READINGS)
def test_what_is_no_rollup_of_one_experiment_is_the_same_too(log: EventLog, name: str) -> None:
    ours, theirs = (READINGS[name](log, reading_engine(engine)) for engine in ("duckdb", "spark"))
    assert theirs == ours
    assert ours


def same(found: Any, expected: Any, where: str = "") -> None:
    """Compare documents: floats within 1e-9 of their size, all else exactly."""
    if isinstance(expected, float) and isinstance(found, float):
        assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-300) or (
            found != found and expected != expected
        ), where
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for key in expected:
            same(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for i, (one, other) in enumerate(zip(found, expected, strict=True)):
            same(one, other, f"{where}[{i}]")
    else:
        assert found == expected, where


def analysed_alike(path: Path, **asked: Any) -> dict[str, Any]:
    ours, theirs = (
        analyze_table(path, engine=table_engine(name), **asked).as_document() for name in ("duckdb", "spark")
    )
    for document in (ours, theirs):
        # It is made of the floats themselves, to their last bit.
        for row in document["comparisons"]:
            row.pop("digest")
    same(theirs, ours)
    return ours


def shared(name: str) -> Path:
    if not (SHARED / name).exists():
        pytest.skip("the reference data are not beside this checkout")
    return SHARED / name


def test_cookie_cats_has_the_same_figures() -> None:
    path = shared("terms_to_confirm/cookie_cats.parquet")
    metrics = ["retention_1", "retention_7", "sum_gamerounds", "sum_gamerounds:ratio/retention_1"]
    found = analysed_alike(
        path, variant="version", control="gate_30", metrics=metrics, segment="retention_1", unit="userid"
    )
    assert found["n_rows"] == 90_189
    assert len(found["comparisons"]) == 12


def test_the_published_summaries_of_asos_have_the_same_figures() -> None:
    assert len(analysed_alike(shared("ab_tests/asos_experiments_a.parquet"))["comparisons"]) > 50


def awkward_table(n: int = 3_000) -> Columns:
    rng = random.Random(5)
    return {
        "user": [None if i % 97 == 0 else f"u{i // 2 % 1200}" for i in range(n)],
        AWKWARD: [None if i % 83 == 0 else "control" if i // 2 % 2 else "treatment" for i in range(n)],
        "plan.kind": [None if i % 50 == 0 else ["free", "paid", "trial"][i // 2 % 3] for i in range(n)],
        "minutes `raw`": [rng.lognormvariate(2, 1.5) for _ in range(n)],
        "far": [1e9 + rng.gauss(0, 1) for _ in range(n)],
        "clicks": [rng.randrange(5) for _ in range(n)],
        "views": [1 + rng.randrange(9) for _ in range(n)],
        "kept": [rng.random() < 0.3 for _ in range(n)],
        "gaps": [None if i % 7 == 0 else float(i) for i in range(n)],
        "nan": [math.nan if i == 5 else float(i) for i in range(n)],
        "share": [float(rng.random() < 0.5) if i else 0.5 for i in range(n)],
    }


AWKWARD_METRICS = [
    "minutes `raw`", "far", "clicks:ratio/views", "kept", "kept:mean", "gaps", "nan", "share:proportion"
]  # fmt: skip


@pytest.mark.parametrize(
    "asked", [{}, {"unit": "user"}, {"segment": "plan.kind"}, {"unit": "user", "segment": "plan.kind"}]
)
def test_a_table_with_every_trouble_has_the_same_figures_and_the_same_words(
    tmp_path: Path, asked: dict[str, str]
) -> None:
    path = tmp_path / "a [1] {b}'s.parquet"
    pq.write_table(pa.table(dict(awkward_table())), path)
    found = analysed_alike(path, variant=AWKWARD, control="control", metrics=AWKWARD_METRICS, **asked)
    assert {row["reason"]["code"] for row in found["comparisons"] if row["reason"]} >= {"missing_values"}


def test_a_csv_file_has_the_same_figures(tmp_path: Path) -> None:
    columns = {name: cells for name, cells in awkward_table().items() if name not in (AWKWARD, "nan")}
    columns["arm, of two"] = ["a" if i % 2 else "b" for i in range(3_000)]
    rows = [columns.keys(), *zip(*columns.values(), strict=True)]
    path = tmp_path / "users.csv"
    path.write_text("\n".join(",".join(cell_text(cell) for cell in row) for row in rows) + "\n", "utf-8")
    metrics = ["minutes `raw`", "far", "clicks", "kept", "gaps"]
    found = analysed_alike(path, variant="arm, of two", control="a", metrics=metrics, segment="plan.kind")
    assert found["n_rows"] == 3_000


def cell_text(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f'"{text}"' if "," in text else text


def test_what_cannot_be_read_is_refused_alike(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table(dict(awkward_table(50))), whole)
    (tmp_path / "cut.parquet").write_bytes(whole.read_bytes()[:400])
    (tmp_path / "no rows.csv").write_text("a,b\n")
    (tmp_path / "table.xlsx").write_bytes(b"")
    for name in ("cut.parquet", "no rows.csv", "table.xlsx", "nowhere.csv", "."):
        codes = []
        for engine in ("duckdb", "spark"):
            with pytest.raises(InvalidInput) as caught:
                analyze_table(tmp_path / name, variant="a", control="b", metrics=["c"], engine=table_engine(engine))
            codes.append((caught.value.code, caught.value.where, caught.value.fix))
        assert codes[0] == codes[1]
