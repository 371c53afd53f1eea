"""Counts of exposed units in the relations of any engine: by variant, by day, and by phase."""

from collections import defaultdict
from collections.abc import Mapping

from counterpoint.metrics.engines.records import instant, micros
from counterpoint.metrics.engines.relations import Relations
from counterpoint.metrics.rollup import MetricRollup, Rollup, RollupQuestion


def counts_of(on: Relations, question: RollupQuestion, metrics: Mapping[str, MetricRollup]) -> Rollup:
    """Return the rollup of metrics that are reduced already, with the counts of who was exposed.

    Args:
        on: Holds `met` (unit, variant, t, snapshot), `units` (unit, variant, first_t, mixed) and `counted`.
        question: Its variants and times.
        metrics: By metric key.
    """
    exposed: Mapping[str, int] = dict(on.ask("SELECT variant, count(*) FROM counted GROUP BY variant"))
    ((n_mixed, first, last),) = on.ask("SELECT count(*) FILTER (WHERE mixed), min(first_t), max(first_t) FROM units")
    declared = ", ".join(map(on.sql.text, question.variants))
    undeclared = f"SELECT variant, unit FROM met WHERE variant NOT IN ({declared})"  # noqa: S608 - quoted
    unknown = on.ask(f"SELECT variant, count(DISTINCT unit) FROM ({undeclared}) GROUP BY variant ORDER BY variant")  # noqa: S608 - quoted
    daily = _cumulated(on, question, micros(question.started_at), None)
    # One phase from the start on is every day: to count them again costs as much as the counts.
    is_one = set(question.phase_starts) <= {question.started_at}
    return Rollup(
        exposed={v: exposed.get(v, 0) for v in question.variants},
        daily=daily,
        phases=(daily,) if is_one else _phases(on, question),
        n_mixed=n_mixed,
        unknown=dict(unknown),
        first_exposure_at=None if first is None else instant(first),
        last_exposure_at=None if last is None else instant(last),
        snapshots=tuple(row[0] for row in on.ask("SELECT DISTINCT snapshot FROM met ORDER BY 1")),
        metrics=metrics,
    )


def _phases(on: Relations, question: RollupQuestion) -> tuple[tuple[tuple[int, ...], ...], ...]:
    starts = [micros(at) for at in question.phase_starts]
    # What came before the first phase belongs to it: a clock may be a little off.
    return tuple(
        _cumulated(on, question, start, (None if i == 0 else start, starts[i + 1] if i + 1 < len(starts) else None))
        for i, start in enumerate(starts)
    )


def _cumulated(
    on: Relations, question: RollupQuestion, start: int, within: tuple[int | None, int | None] | None
) -> tuple[tuple[int, ...], ...]:
    low, high = within or (None, None)
    limits = [f"first_t >= {low}"] * (low is not None) + [f"first_t < {high}"] * (high is not None)
    where = f" WHERE {' AND '.join(limits)}" if limits else ""
    day = f"greatest({on.sql.days(f'(first_t - {start})')}, 0)"
    rows = on.ask(f"SELECT {day} AS day, variant, count(*) FROM counted{where} GROUP BY ALL")  # noqa: S608 - numbers
    by_day: dict[int, dict[str, int]] = defaultdict(dict)
    for which, variant, n in rows:
        by_day[which][variant] = n
    running, out = dict.fromkeys(question.variants, 0), []
    for which in range(max(by_day, default=-1) + 1):
        running = {v: n + by_day[which].get(v, 0) for v, n in running.items()}
        out.append(tuple(running.values()))
    return tuple(out)
