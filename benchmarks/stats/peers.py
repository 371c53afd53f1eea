"""Times the same comparisons in other libraries; run by an interpreter that has them, prints one JSON document.

`python -m benchmarks.stats --peers PYTHON` starts this file with PYTHON and feeds it the data on standard input, so
that their dependencies need not fit ours. It imports nothing of Counterpoint. A library that is missing is left out.
"""

import contextlib
import importlib.metadata
import importlib.util
import json
import sys
import time
import warnings


def best(work, times, repeats=3):
    """Return the seconds of one call: the best mean over several repeats."""
    found = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(times):
            work()
        found = min(found, (time.process_time() - start) / times)
    return found


def gbstats(data):
    """Time GrowthBook's two-sided t-test, one object per comparison."""
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
    from gbstats.models.statistics import SampleMeanStatistic

    def one(row):
        a, b = (SampleMeanStatistic(n=g["n"], sum=g["sum"], sum_squares=g["sum_sq"]) for g in row)
        return TwoSidedTTest(a, b, FrequentistConfig(difference_type="absolute")).compute_result()

    return {
        "one": best(lambda: one(data["rows"][0]), 50),
        "many": best(lambda: [one(r) for r in data["rows"]], 1, 1),
        "p_value": float(one(data["rows"][0]).p_value),
    }


def tea_tasting(data):
    """Time tea-tasting's mean from aggregates."""
    from tea_tasting import Mean
    from tea_tasting.aggr import Aggregates

    metric = Mean("y")

    def one(row):
        sides = []
        for g in row:
            mean = g["sum"] / g["n"]
            var = (g["sum_sq"] - g["sum"] * mean) / (g["n"] - 1)
            sides.append(Aggregates(count_=g["n"], mean_={"y": mean}, var_={"y": var}, cov_={}))
        return metric.analyze_aggregates(*sides)

    return {
        "one": best(lambda: one(data["rows"][0]), 50),
        "many": best(lambda: [one(r) for r in data["rows"]], 1, 1),
        "p_value": float(one(data["rows"][0]).pvalue),
    }


def spotify_confidence(data):
    """Time spotify-confidence on a frame of summaries, many segments at once, and its bounds."""
    import numpy as np
    from pandas import DataFrame
    from spotify_confidence import StudentsTTest
    from spotify_confidence.analysis.frequentist.confidence_computers.z_test_computer import sequential_bounds

    def run(rows):
        flat = [
            {"segment": i, "arm": arm, **g} for i, r in enumerate(rows) for arm, g in zip(("a", "b"), r, strict=True)
        ]
        groups = ["arm", "segment"] if len(rows) > 1 else ["arm"]
        test = StudentsTTest(DataFrame(flat), "sum", "sum_sq", "n", categorical_group_columns=groups)
        return test.difference("a", "b", groupby="segment" if len(rows) > 1 else None)

    few = data["rows"][:100]
    looks = np.linspace(0.01, 1, 100)
    seconds = best(lambda: run(few), 1, 1)
    return {
        "one": best(lambda: run(data["rows"][:1]), 2),
        "many": seconds / len(few) * len(data["rows"]),
        "many_note": f"extrapolated from {len(few)}",
        "p_value": float(run(data["rows"][:1])["p-value"].iloc[0]),
        "bounds": best(lambda: sequential_bounds(looks, 0.05, 2), 1, 2),
    }


def statsmodels(data):
    """Time statsmodels on raw rows already held and summed: it has no comparison of ready summaries of unequal arms."""
    import numpy as np
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    arms = [DescrStatsW(np.asarray(v)) for v in data["raw"]]

    def work():
        return CompareMeans(arms[1], arms[0]).ttest_ind(usevar="unequal")

    return {"one": best(work, 300), "many": None, "p_value": float(work()[1])}


LIBRARIES = {
    "gbstats": gbstats,
    "tea-tasting": tea_tasting,
    "spotify-confidence": spotify_confidence,
    "statsmodels": statsmodels,
}


def main():
    """Read the data, time what is installed, print it."""
    warnings.simplefilter("ignore")
    data = json.load(sys.stdin)
    found = {}
    for name, run in LIBRARIES.items():
        if importlib.util.find_spec(name.replace("-", "_")) is None:
            continue
        with contextlib.redirect_stdout(sys.stderr):
            found[name] = {"version": importlib.metadata.version(name), **run(data)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
