"""Checks of a running experiment: whether what arrives fits what was launched."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from counterpoint.events import EventLog, Exposure, Served
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.engines.duckdb import roll_up
from counterpoint.metrics.engines.records import create_view, records_database, text
from counterpoint.metrics.measures import Unmeasured
from counterpoint.metrics.rollup import Rollup, RollupQuestion
from counterpoint.metrics.sample_ratio import SplitPhase, sample_ratio
from counterpoint.vocabulary import Finding, Severity

_ENOUGH = 100
"""Exposed units, or pages, below which absence says nothing."""

_CERTAIN = 10.0
"""Units expected, of which none arrives by chance once in twenty thousand times."""
_SILENCE = timedelta(hours=1)


def check_running(
    log: EventLog,
    spec: ExperimentSpec,
    *,
    started_at: datetime,
    now: datetime,
    live: Collection[str] | None = None,
    phases: Sequence[SplitPhase] = (),
    share: float = 1.0,
) -> tuple[Finding, ...]:
    """Return what is wrong with the records of a running experiment; empty means nothing is.

    Codes: `no_exposures`, `exposures_stopped`, `variant_not_served`, `unknown_variant`, `mixed_units`,
    `sample_ratio_mismatch` (holds at any number of looks), `not_live`.

    Args:
        log: Where the records are.
        spec: What was launched.
        started_at: Since when it has been live.
        now: Nothing recorded from then on is read.
        live: Keys of all experiments live on the surface, to find exposures of others; None to leave that out.
        phases: When weights or share changed, the first at the start; none means that they never did.
        share: Of the units that enter at the present stage, in (0, 1]: at 1 % a few hundred units may well all be
            outside, and nothing is wrong.
    """
    question = RollupQuestion(
        surface=spec.surface,
        experiment=spec.key,
        variants=tuple(v.key for v in spec.variants),
        metrics=(),
        started_at=started_at,
        now=now,
        phase_starts=tuple(phase.starts_at for phase in phases),
    )
    rollup = roll_up(log, question)
    out = [
        *_arriving(log, spec, rollup, started_at, now, share),
        *_variants(spec, rollup),
        *_split(spec, rollup, phases),
    ]
    if live is not None:
        out += _not_live(log, spec.surface, live, max(started_at, now - _SILENCE), now)
    return tuple(out)


def _arriving(
    log: EventLog, spec: ExperimentSpec, rollup: Rollup, started_at: datetime, now: datetime, share: float
) -> list[Finding]:
    if sum(rollup.exposed.values()):
        stale = now - _SILENCE
        with records_database() as db:
            create_view(db, log, Exposure, ("surface", "experiment"), since=started_at, until=now)
            create_view(db, log, Served, ("surface", "unit"), since=stale, until=now)
            of = f"surface = {text(spec.surface)}"
            last = db.execute(f"SELECT max(t) FROM exposure WHERE {of} AND experiment = {text(spec.key)}").fetchone()  # noqa: S608 - quoted
            pages = db.execute(f"SELECT count(*), count(DISTINCT unit) FROM served WHERE {of}").fetchone()  # noqa: S608 - quoted
        n_pages, n_units = pages or (0, 0)
        silent = last is not None and last[0] is not None and last[0] < int(stale.timestamp() * 1_000_000)
        told = n_pages >= _ENOUGH and n_units * share >= _CERTAIN
        if silent and told and now - started_at > _SILENCE:
            message = f"No exposure has arrived in the last hour, while {n_pages:,} pages were served."
            return [_finding("exposures_stopped", Severity.WARNING, "exposed", message)]
        return []
    with records_database() as db:
        create_view(db, log, Served, ("surface", "unit"), since=started_at, until=now)
        row = db.execute(
            f"SELECT count(*), count(DISTINCT unit) FROM served WHERE surface = {text(spec.surface)}"  # noqa: S608 - quoted
        ).fetchone()
    n_pages, n_units = row or (0, 0)
    if n_pages < _ENOUGH or n_units * share < _CERTAIN:
        return []
    message = (
        f"Nobody has been exposed, while {n_pages:,} pages were served: check that its parameters are read on this"
        " surface, and how many units its audience and allocation hold."
    )
    return [_finding("no_exposures", Severity.ERROR, "exposed", message)]


def _variants(spec: ExperimentSpec, rollup: Rollup) -> list[Finding]:
    out = []
    total, weight = sum(rollup.exposed.values()), sum(v.weight for v in spec.variants)
    for i, variant in enumerate(spec.variants):
        expected = total * variant.weight / weight if weight else 0.0
        # A variant that should have ten units and has none is missing beyond chance (p < 5e-5).
        if rollup.exposed.get(variant.key, 0) == 0 and expected >= 10:
            message = f"{variant.key!r} was served to nobody, where {expected:,.0f} units were expected."
            out.append(_finding("variant_not_served", Severity.ERROR, f"variants.{i}", message))
    for name, n in rollup.unknown.items():
        message = (
            f"{n:,} units met the variant {name!r}, which the spec does not have: an old snapshot or another client."
        )
        out.append(_finding("unknown_variant", Severity.ERROR, "variants", message))
    if rollup.n_mixed:
        share = rollup.n_mixed / max(1, rollup.n_mixed + total)
        message = f"{rollup.n_mixed:,} units ({share:.2%}) met several variants: a unit must never change variant."
        out.append(_finding("mixed_units", Severity.ERROR if share > 0.01 else Severity.WARNING, "unit", message))
    return out


def _split(spec: ExperimentSpec, rollup: Rollup, phases: Sequence[SplitPhase]) -> list[Finding]:
    verdict = sample_ratio(rollup, spec, phases, one_look=False)
    if isinstance(verdict, Unmeasured):
        return []
    if not verdict.mismatch:
        return []
    counts = " : ".join(f"{n:,}" for n in verdict.counts)
    message = f"The split, {counts}, is not what the weights say (p {verdict.p_value:.2g}, at any number of looks)."
    return [_finding("sample_ratio_mismatch", Severity.ERROR, "variants", message)]


def _not_live(log: EventLog, surface: str, live: Collection[str], since: datetime, now: datetime) -> list[Finding]:
    with records_database() as db:
        create_view(db, log, Exposure, ("surface", "experiment"), since=since, until=now)
        rows = db.execute(
            f"SELECT experiment, count(*) FROM exposure WHERE surface = {text(surface)} GROUP BY ALL ORDER BY ALL"  # noqa: S608 - quoted
        ).fetchall()
    return [
        _finding(
            "not_live",
            Severity.WARNING,
            "experiment",
            f"{n:,} exposures to {name!r} arrived, which is not live: some process serves an old snapshot.",
        )
        for name, n in rows
        if name not in live
    ]


def _finding(code: str, severity: Severity, path: str, message: str) -> Finding:
    return Finding(code=code, severity=severity, path=path, message=message)
