"""Simulates what the statistics promise and writes docs/calibration.md with its pictures.

Run by hand: `python -m benchmarks.stats.calibration` (about two minutes). tests/calibration asserts more of the same;
this report shows it. Everything follows from SEED.
"""

import math
from pathlib import Path

import numpy as np

from benchmarks.stats.decisions import decision_rates
from benchmarks.stats.pictures import Rate, dots, lines
from counterpoint.stats import (
    ComparisonPlan,
    Inference,
    MetricModel,
    RampPhase,
    Relative,
    Spending,
    Summary,
    adequacy,
    always_valid,
    compare_many,
    compare_means,
    compare_proportions,
    model_of_share,
    moments_from_sums,
    power,
    sample_ratio_test,
    sample_size,
    sequential_sample_ratio_test,
    spending_bounds,
)

SEED = 20261122
DOCS = Path(__file__).parents[2] / "docs"
SHAPES = {
    "normal": (lambda rng, shape: rng.normal(10, 3, shape), 10.0),
    "log-normal": (lambda rng, shape: rng.lognormal(0, 1, shape), math.exp(0.5)),
    "90 % zeros": (lambda rng, shape: rng.exponential(5, shape) * (rng.uniform(size=shape) < 0.1), 0.5),
    "99 % zeros": (lambda rng, shape: rng.lognormal(0, 1, shape) * (rng.uniform(size=shape) < 0.01), 0.0),
}
SIZES = ((30, 30), (100, 100), (1000, 1000), (4000, 1000))


def one_look(runs: int = 2000) -> tuple[list[Rate], list[str]]:
    """Return false positives of Welch's test where `adequacy` allows it, and a table with what it refuses."""
    rates, rows = [], ["| metric | units per arm | claims without effect | called too few |", "|---|---|---|---|"]
    for name, (draw, _) in SHAPES.items():
        for n1, n2 in SIZES:
            rng = np.random.default_rng([SEED, n1, n2])
            few = hits = 0
            for _ in range(runs):
                arms = [Summary.from_arrays(draw(rng, n)) for n in (n1, n2)]
                if not adequacy(*arms).adequate:
                    few += 1
                else:
                    hits += compare_means(*arms).p_value < 0.05
            if few < runs:
                rates.append(Rate(label=f"{name}, {n1} / {n2}", hits=hits, runs=runs, stated=0.05, bound=True))
            rate = "none" if few == runs else f"{hits / runs:.3f}"
            rows.append(f"| {name} | {n1} / {n2} | {rate} | {few / runs:.0%} |")
    return rates, rows


def coverage(runs: int = 3000) -> list[Rate]:
    """Return how often intervals miss the truth: differences, relative effects, shares."""
    out = []
    for name, n in (("normal", 20), ("normal", 500), ("log-normal", 2000), ("90 % zeros", 2000)):
        draw, mean = SHAPES[name]
        rng = np.random.default_rng([SEED, 2, n])
        a, b = draw(rng, (runs, n)), draw(rng, (runs, n)) + 0.1 * mean
        sides = [moments_from_sums(np.full(runs, float(n)), v.sum(axis=1), (v * v).sum(axis=1)) for v in (a, b)]
        found = compare_many(*sides)
        missed = int(((found.ci_lower > 0.1 * mean) | (found.ci_upper < 0.1 * mean)).sum())
        out.append(Rate(label=f"difference, {name}, {n}", hits=missed, runs=runs, stated=0.05))
    for convention in (Relative.DELTA, Relative.LOG, Relative.FIELLER):
        rng = np.random.default_rng([SEED, 3])
        missed = 0
        for _ in range(runs):
            x, y = rng.gamma(2, 5, 400), rng.gamma(2, 5.5, 400)
            e = compare_means(Summary.from_arrays(x), Summary.from_arrays(y), Inference(relative=convention))
            missed += not (e.relative_ci_lower or math.nan) <= 0.1 <= (e.relative_ci_upper or math.nan)
        out.append(Rate(label=f"relative effect, {convention}, 400", hits=missed, runs=runs, stated=0.05))
    rng = np.random.default_rng([SEED, 4])
    x, y = rng.binomial(1500, 0.05, runs), rng.binomial(1500, 0.06, runs)
    pairs = zip(x, y, strict=True)
    effects = [compare_proportions(*(Summary.from_counts(int(k), 1500) for k in pair)) for pair in pairs]
    missed = sum(not e.ci_lower <= 0.01 <= e.ci_upper for e in effects)
    return [*out, Rate(label="share 5 %, Wald, 1500", hits=missed, runs=runs, stated=0.05)]


def powers(runs: int = 4000) -> list[Rate]:
    """Return how often designed experiments find the effect they were designed for, beside the promise."""
    out = []
    rng = np.random.default_rng([SEED, 5])
    model = MetricModel(mean=10, variance=9)
    for target, weight in ((0.5, 1.0), (0.8, 1.0), (0.8, 0.25), (0.95, 1.0)):
        plan = ComparisonPlan(treatment_weight=weight)
        n = sample_size(model, plan, 0.05, target)
        n1 = round(n / (1 + weight))
        n2 = round(n - n1)
        drawn = [rng.normal(m, 3, (runs, k)) for m, k in ((10, n1), (10.5, n2))]
        sides = [moments_from_sums(np.full(runs, float(v.shape[1])), v.sum(1), (v * v).sum(1)) for v in drawn]
        hits = int((compare_many(*sides).p_value < 0.05).sum())
        promised = power(model, plan, n1 + n2, 0.05)
        out.append(Rate(label=f"means, split 1 : {weight:g}", hits=hits, runs=runs, stated=promised))
    plan = ComparisonPlan(pooled_null=True)
    half = round(sample_size(model_of_share(0.1), plan, 0.1, 0.8) / 2)
    x, y = rng.binomial(half, 0.1, runs), rng.binomial(half, 0.11, runs)
    pairs = zip(x, y, strict=True)
    hits = sum(compare_proportions(*(Summary.from_counts(int(k), half) for k in p)).p_value < 0.05 for p in pairs)
    out.append(Rate(label="shares", hits=hits, runs=runs, stated=0.8))
    for family in (Spending.OBRIEN_FLEMING, Spending.POCOCK):
        bounds = spending_bounds([0.25, 0.5, 0.75, 1.0], family=family)
        n = sample_size(model, ComparisonPlan(bounds=bounds), 0.03, 0.9)
        t = np.array(bounds.information)
        steps = rng.normal(size=(runs, t.size)) * np.sqrt(np.diff(t, prepend=0.0))
        drift = 0.3 / math.sqrt(36 / n)
        z = (np.cumsum(steps, axis=1) + drift * t) / np.sqrt(t)
        hits = int((np.abs(z) > np.array(bounds.z)).any(axis=1).sum())
        out.append(Rate(label=f"four looks, {family}".replace("_", "-"), hits=hits, runs=runs, stated=0.9))
    return out


def peeking(shape: str, runs: int = 4000, days: int = 20, per_day: int = 250) -> dict[str, list[float]]:
    """Return, day by day, the share of experiments without effect that have been called significant so far."""
    rng = np.random.default_rng([SEED, 6])
    x = SHAPES[shape][0](rng, (2, runs, days, per_day))
    sums, squares = np.cumsum(x.sum(axis=3), axis=2), np.cumsum((x * x).sum(axis=3), axis=2)
    n = np.broadcast_to(per_day * np.arange(1, days + 1), (runs, days)).astype(float)
    found = compare_many(moments_from_sums(n, sums[0], squares[0]), moments_from_sums(n, sums[1], squares[1]))
    z = np.abs(found.estimate / found.std_error)
    bounds = np.array(spending_bounds([(d + 1) / days for d in range(days)]).z)
    critical = []
    for d in range(days):
        m = per_day * (d + 1)
        one = Summary(n=m, means=(0.0,), cross=(float(m),))
        critical.append(always_valid(compare_means(one, one), tuning_n=2 * per_day * days, burn_in=0).critical)
    ways = {
        "plain test": found.p_value < 0.05,
        "O'Brien-Fleming": z > bounds,
        "confidence sequence": z > np.array(critical),
    }
    return {name: np.maximum.accumulate(hit, axis=1).mean(axis=0).tolist() for name, hit in ways.items()}


def ramp(runs: int = 1500) -> dict[str, list[float]]:
    """Return, day by day through a ramp 5 % - 20 % - 50 %, how often sound assignment has been called broken."""
    rng = np.random.default_rng([SEED, 7])
    plan = [0.05] * 5 + [0.2] * 5 + [0.5] * 5
    alarms = {
        name: np.zeros((runs, len(plan)), dtype=bool) for name in ("chi-square on all", "chi-square daily", "ours")
    }
    for run in range(runs):
        phases: dict[float, list[tuple[int, int]]] = {}
        total = np.zeros(2, dtype=int)
        for day, share in enumerate(plan):
            treated = int(rng.binomial(1000, share))
            total += (1000 - treated, treated)
            seen = phases.setdefault(share, [])
            before = seen[-1] if seen else (0, 0)
            seen.append((before[0] + 1000 - treated, before[1] + treated))
            known = [RampPhase(weights=(1 - s, s), cumulative_counts=tuple(c)) for s, c in phases.items()]
            checks = (
                sample_ratio_test([int(c) for c in total], [1 - share, share], alpha=0.01),
                sample_ratio_test(list(seen[-1]), [1 - share, share], alpha=0.01),
                sequential_sample_ratio_test(known, alpha=0.01),
            )
            for name, check in zip(alarms, checks, strict=True):
                alarms[name][run, day] = check.mismatch
    return {name: np.maximum.accumulate(hit, axis=1).mean(axis=0).tolist() for name, hit in alarms.items()}


def table(rates: list[Rate], what: str) -> list[str]:
    """Return rates as rows of Markdown."""
    rows = [f"| {what} | stated | simulated | runs | standard errors off |", "|---|---|---|---|---|"]
    for r in rates:
        stated = f"{'at most ' if r.bound else ''}{r.stated:.3f}"
        rows.append(f"| {r.label} | {stated} | {r.rate:.3f} | {r.runs:,} | {(r.rate - r.stated) / r.error:+.1f} |")
    return rows


def main() -> None:
    """Simulate everything and write the report."""
    looked, allowed = one_look()
    missed, found, decided = coverage(), powers(), decision_rates(SEED)
    skewed, ramped = peeking("log-normal"), ramp()
    pictures = {
        "type-one": dots("Claims without an effect, one look (at most 0.05)", looked, 0.1),
        "coverage": dots("Intervals that miss the truth (0.05)", missed, 0.1),
        "power": dots("Power of designs beside their promise", found, 1.0),
        "peeking": lines("Log-normal metric without effect, looked at daily", skewed, 0.3, stated=0.05),
        "ramp": lines("Sound assignment called broken, through a ramp", ramped, 1.0, stated=0.01),
        "decisions": dots("Risks of the decision rule", decided, 1.0),
    }
    folder = DOCS / "calibration"
    folder.mkdir(exist_ok=True)
    for name, drawn in pictures.items():
        (folder / f"{name}.svg").write_text(drawn, encoding="utf-8")
    template = Path(__file__).with_name("calibration.md.txt").read_text(encoding="utf-8")
    last = {name: f"{values[-1]:.3f}" for name, values in {**skewed, **ramped}.items()}
    filled = {
        "SEED": str(SEED),
        "ALLOWED": "\n".join(allowed),
        "COVERAGE": "\n".join(table(missed, "interval, units per arm")),
        "POWER": "\n".join(table(found, "design")),
        "DECISIONS": "\n".join(table(decided, "change")),
        "PEEKING": "\n".join(f"| {name} | {last[name]} |" for name in skewed),
        "RAMP": "\n".join(f"| {name} | {last[name]} |" for name in ramped),
    }
    for key, words in filled.items():
        template = template.replace(f"@{key}@", words)
    (DOCS / "calibration.md").write_text(template, encoding="utf-8")


if __name__ == "__main__":
    main()
