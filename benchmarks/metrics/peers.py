"""Times other libraries on the same table; run by an interpreter that has them, prints one JSON document.

`python -m benchmarks.metrics.table N --peers PYTHON` starts this file with PYTHON, so that their dependencies need not
fit ours. It imports nothing of Counterpoint. A library that is missing is left out.
"""

import contextlib
import importlib.metadata
import json
import resource
import sys
import time


def timed(call, rounds):
    """Return the least wall and processor seconds of some rounds, and what the last of them found."""
    walls, cpus, found = [], [], None
    for _ in range(rounds):
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        found = call()
        walls.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"wall_s": round(min(walls), 4), "cpu_s": round(min(cpus), 4)}, found


def aggregate(path, metrics):
    """Return moments per variant from DuckDB: what a team that feeds a library by hand would write."""
    import duckdb

    sums = ", ".join(f"sum({m}), sum({m} * {m})" for m in metrics)
    rows = duckdb.connect().execute(f"SELECT variant, count(*), {sums} FROM '{path}' GROUP BY variant").fetchall()
    return {row[0]: (row[1], row[2:]) for row in rows}


def gbstats(path, metrics):
    """GrowthBook's t-test on the aggregate."""
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
    from gbstats.models.statistics import SampleMeanStatistic

    cells = aggregate(path, metrics)
    n, control = cells.pop("v0")
    found = []
    for m, sums in cells.values():
        for i in range(len(metrics)):
            a = SampleMeanStatistic(n=n, sum=control[2 * i], sum_squares=control[2 * i + 1])
            b = SampleMeanStatistic(n=m, sum=sums[2 * i], sum_squares=sums[2 * i + 1])
            found.append(TwoSidedTTest(a, b, FrequentistConfig(difference_type="relative")).compute_result().p_value)
    return found


def tea_tasting(path, metrics):
    """tea-tasting's experiment over Ibis on the same engine."""
    import ibis
    import tea_tasting as tt

    data = ibis.duckdb.connect().read_parquet(path)
    design = tt.Experiment({m: tt.Mean(m) for m in metrics}, variant="variant")
    results = design.analyze(data, control="v0", all_variants=True)
    return [found.pvalue for result in results.values() for found in result.values()]


def connection(kept=[]):  # noqa: B006 - one for the process, as a server has it
    """Return a connection to one engine that stays open."""
    import duckdb

    kept[:] = kept or [duckdb.connect()]
    return kept[0].cursor()


def cells_by(path, metrics, segment):
    """Return one aggregate by variant and segment, and its sum over segments, named "": what gbstats is fed."""
    sums = ", ".join(f"sum({m}), sum({m} * {m})" for m in metrics)
    sql = f"SELECT {segment}, variant, count(*), {sums} FROM '{path}' GROUP BY ALL"
    cells = {(row[0], row[1]): row[2:] for row in connection().execute(sql).fetchall()}
    for variant in {v for _, v in cells}:
        parts = [c for (s, v), c in cells.items() if v == variant and s]
        cells["", variant] = tuple(map(sum, zip(*parts, strict=True)))
    return cells


def gbstats_by(path, metrics, segment):
    """GrowthBook's bare t-test, called for each pair of cells: nothing but its formula."""
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
    from gbstats.models.statistics import SampleMeanStatistic

    cells = cells_by(path, metrics, segment)
    found = []
    for (name, variant), sums_of in cells.items():
        control = cells[name, "v0"]
        for i in range(len(metrics) if variant != "v0" else 0):
            a, b = (SampleMeanStatistic(n=c[0], sum=c[1 + 2 * i], sum_squares=c[2 + 2 * i]) for c in (control, sums_of))
            found.append(TwoSidedTTest(a, b, FrequentistConfig(difference_type="relative")).compute_result().p_value)
    return found


def gbstats_report_by(path, metrics, segment):
    """GrowthBook's own analysis of an experiment: the call that its server makes with the rows of an aggregate."""
    from gbstats.gbstats import process_single_metric
    from gbstats.models.settings import AnalysisSettingsForStatsEngine, MetricSettingsForStatsEngine

    cells = cells_by(path, metrics, segment)
    names = sorted({v for _, v in cells})
    found = []
    for i, name in enumerate(metrics):
        metric = MetricSettingsForStatsEngine(id=name, name=name, statistic_type="mean", main_metric_type="count")
        for dimension in ("", segment):
            analysis = AnalysisSettingsForStatsEngine(
                var_names=names, var_ids=names, weights=[1 / len(names)] * len(names),
                dimension=dimension, stats_engine="frequentist",
            )  # fmt: skip
            rows = [
                {"dimension": s, "variation": v, "users": c[0], "count": c[0], "main_sum": c[1 + 2 * i],
                 "main_sum_squares": c[2 + 2 * i]}
                for (s, v), c in cells.items() if bool(s) == bool(dimension)
            ]  # fmt: skip
            (answer,) = process_single_metric(rows, metric, [analysis]).analyses
            found += [v.pValue for d in answer.dimensions for v in d.variations if hasattr(v, "pValue")]
    return found


def tea_tasting_by(path, metrics, segment):
    """tea-tasting over Ibis on the same engine: it has no segments, so all units and each segment in turn."""
    import ibis
    import tea_tasting as tt

    data = ibis.duckdb.connect().read_parquet(path)
    design = tt.Experiment({m: tt.Mean(m) for m in metrics}, variant="variant")
    names = [None, *data.select(segment).distinct()[segment].execute()]
    found = []
    for name in names:
        rows = data if name is None else data.filter(data[segment] == name)
        results = design.analyze(rows, control="v0", all_variants=True)
        found += [each.pvalue for result in results.values() for each in result.values()]
    return found


if __name__ == "__main__":
    path, metrics, rounds = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])
    ways, rest = (("gbstats", gbstats), ("tea-tasting", tea_tasting)), sys.argv[4:]
    if rest:
        ways = (("gbstats", gbstats_by), ("gbstats report", gbstats_report_by), ("tea-tasting", tea_tasting_by))
    out = {}
    for name, call in ways:
        with contextlib.suppress(ImportError):
            figures, found = timed(lambda call=call: call(path, metrics, *rest), rounds)
            out[name] = {
                **figures,
                "version": importlib.metadata.version(name.partition(" ")[0]),
                "results": len(found),
            }
            out[name]["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(out))
