"""What ended experiments taught: kept when a launch ends, read by the planner and by people."""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from counterpoint.agents import PastExperiment
from counterpoint.orchestration import Learning
from counterpoint.storage.sql.database import Database, time_text
from counterpoint.storage.sql.experiment_index import words_of
from counterpoint.storage.sql.tables import learnings


class SqlPastExperiments:
    """Learnings on SQLite or PostgreSQL, one for each experiment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, learning: Learning) -> None:
        """Keep `learning`; a later one of the same experiment takes its place."""
        values = {
            "outcome": learning.outcome,
            "at": time_text(learning.at),
            "words": " ".join(words_of(f"{learning.experiment} {learning.hypothesis} {' '.join(learning.reasons)}")),
            "body": msgspec.json.encode(learning).decode(),
        }
        here = sa.and_(learnings.c.surface == learning.surface, learnings.c.experiment == learning.experiment)
        with self._database.writing() as connection:
            # Deleted and written in one transaction: the same on both databases, and repeating it changes nothing.
            connection.execute(learnings.delete().where(here))
            connection.execute(
                learnings.insert().values(surface=learning.surface, experiment=learning.experiment, **values)
            )

    def learnings(
        self, *, surface: str | None = None, search: str | None = None, limit: int = 100
    ) -> tuple[Learning, ...]:
        """Return learnings, the newest first; `search` finds words of key, hypothesis and reasons."""
        query = sa.select(learnings.c.body)
        if surface is not None:
            query = query.where(learnings.c.surface == surface)
        for word in words_of(search or ""):
            query = query.where(learnings.c.words.contains(word, autoescape=True))
        query = query.order_by(learnings.c.at.desc(), learnings.c.experiment).limit(limit)
        with self._database.reading() as connection:
            return tuple(msgspec.json.decode(row.body, type=Learning) for row in connection.execute(query))

    def past(self, surface: str, *, limit: int = 1_000) -> tuple[PastExperiment, ...]:
        """Return what the planner may know of ended experiments on `surface`, the newest first."""
        return tuple(_past(learning) for learning in self.learnings(surface=surface, limit=limit) if learning.spec)


def _past(learning: Learning) -> PastExperiment:
    spec = learning.spec
    effect, std_error = _primary_effect(learning.scorecard)
    return PastExperiment(
        key=learning.experiment,
        surface=learning.surface,
        hypothesis=learning.hypothesis or spec["hypothesis"],
        parameters=frozenset(key for variant in spec["variants"] for key in variant.get("set", {})),
        audience=spec.get("audience", "true"),
        primary=spec["metrics"]["primary"]["metric"],
        relative_effect=effect,
        relative_std_error=std_error,
        decision=learning.outcome if learning.outcome in ("shipped", "rolled_back") else "inconclusive",
    )


def _primary_effect(scorecard: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return what was measured on the primary metric and its error; of several treatments none is *the* effect."""
    rows = scorecard.get("scorecard", scorecard).get("metrics", ())
    found = [row for row in rows if row.get("role") == "primary"]
    if len(found) != 1:
        return None, None
    row = found[0]
    ends = [row.get(name) for name in ("relative_ci_lower", "relative_ci_upper", "critical")]
    if any(not isinstance(end, (int, float)) for end in ends) or not ends[2]:
        return row.get("relative_effect"), None
    # Half the interval over its critical value: the error on the scale, and by the convention, in which it was read.
    return row.get("relative_effect"), (ends[1] - ends[0]) / (2 * ends[2])
