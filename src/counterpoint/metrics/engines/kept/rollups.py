"""Rollups from a kept state: what was read once is not read again, and the statistics are the same to the last bit."""

import uuid
from collections.abc import Mapping
from pathlib import Path

import duckdb
import msgspec

from counterpoint.errors import CannotCompute, DependencyFailure
from counterpoint.events import EventLog, Segments
from counterpoint.metrics.engines.duckdb import roll_up
from counterpoint.metrics.engines.kept.answer import answer
from counterpoint.metrics.engines.kept.merging import merge
from counterpoint.metrics.engines.kept.relations import Batch, Files, Merged, name_units
from counterpoint.metrics.engines.kept.state import Chunk, Manifest, StateFolder, size_of
from counterpoint.metrics.engines.kept.terms import (
    EXPOSURE,
    OUTCOME,
    Recorded,
    as_kept,
    earliest,
    nothing,
    recorded,
    still_holds,
    usable,
)
from counterpoint.metrics.engines.records import records_database, text
from counterpoint.metrics.rollup import Rollup, RollupQuestion
from counterpoint.telemetry import logger
from counterpoint.vocabulary import digest

CHUNK_UNITS = 122_880
"""Units of one file: files of units that a day does not touch are not written again."""
LEAST_BYTES = 4 << 20
"""Sealed records below which to read them all, some 200,000, is quicker than to keep a state of them."""
# Columns of values that hardly repeat gain nothing from a dictionary.
_WRITTEN = "FORMAT parquet, COMPRESSION lz4, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 100"
_LOG = logger("metrics")


class KeptRollups:
    """A `RollupEngine` that keeps, for each experiment, its units with their sums so far.

    It answers as `roll_up` does, to the last bit, from the state, the sealed files that came since and the records that
    no file holds yet. What it keeps is a copy of what the records say: the folder may be deleted at any time.

    Args:
        folder: Owned by the engine; any number of processes may use it.
        least_bytes: Sealed records below which nothing is kept.
    """

    def __init__(self, folder: Path, *, least_bytes: int = LEAST_BYTES) -> None:
        self._folder = folder
        self._least_bytes = least_bytes

    def __call__(self, log: EventLog, question: RollupQuestion) -> Rollup:
        """Return the sufficient statistics of `question`.

        Raises:
            CannotCompute: `metric_overflow` when values are too large to be summed exactly.
        """
        if not _can_be_kept(question):
            return roll_up(log, question)
        records = recorded(log, question)
        files = [file for each in records.values() for file in each.files]
        if not files or sum(map(size_of, files)) < self._least_bytes:
            return roll_up(log, question)
        run = [question.surface, question.experiment, question.started_at.isoformat()]
        state = StateFolder(self._folder / digest(run)[:32])
        try:
            with state.held() as mine, records_database() as db:
                if mine:
                    return _rollup(db, log, state, question, records)
            _LOG.warning("kept rollup is busy: all records are read", extra={"experiment": question.experiment})
        except (CannotCompute, DependencyFailure, OSError) as error:
            # If it is the records that cannot be read or summed, reading all of them says so.
            facts = {"experiment": question.experiment, "reason": str(error)}
            _LOG.warning("kept rollup cannot be used: all records are read", extra=facts)
            state.discard()
        return roll_up(log, question)


def _can_be_kept(question: RollupQuestion) -> bool:
    # Segments hang on pages, which are not kept. And a state knows no `now`, since it is read for matured units only:
    # one that is to mature after `now` would have to be cut there.
    return question.segment is None and (question.matured_at or question.now) <= question.now


def _rollup(
    db: duckdb.DuckDBPyConnection, log: EventLog, folder: StateFolder, question: RollupQuestion, records: Recorded
) -> Rollup:
    found = usable(folder.read(), question)
    if isinstance(found, Manifest):
        of = as_kept(found, question)
        # Who held the state before may have read files that are newer than what was asked of the log until then.
        if earliest(of) < earliest(question) or not still_holds(found, records):
            records = recorded(log, of)
        if not still_holds(found, records):
            found = "records_replaced"
    if isinstance(found, str):
        _LOG.info("rollup computed anew", extra={"experiment": question.experiment, "reason": found})
    state = nothing(question) if isinstance(found, str) else found
    asked = as_kept(state, question)
    exposures, outcomes = records[EXPOSURE], records[OUTCOME]
    fresh = Batch(
        exposures=_beyond(state, EXPOSURE, exposures),
        outcomes=_beyond(state, OUTCOME, outcomes),
        merged=frozenset(map(Path, state.covered[OUTCOME])),
    )
    kept, snapshots = name_units(db, asked, _files(folder, state), step=0), dict(state.snapshots)
    if fresh.exposures.files or fresh.outcomes.files:
        merged = merge(db, log, kept, fresh, asked, step=1)
        snapshots = _sooner(snapshots, merged.snapshots)
        kept = merged.kept
        try:
            state = _write(db, folder, state, merged, fresh, asked, snapshots)
            # What was there before is gone now.
            kept = name_units(db, asked, _files(folder, state), step=2)
        except (OSError, duckdb.IOException) as error:
            _LOG.warning("rollup not kept", extra={"experiment": question.experiment, "reason": str(error)})
    if exposures.tail or outcomes.tail:
        unsealed = Batch(
            exposures=Segments(files=(), tail=exposures.tail),
            outcomes=Segments(files=(), tail=outcomes.tail),
            merged=frozenset(outcomes.files),
        )
        merged = merge(db, log, kept, unsealed, asked, step=3)
        snapshots, kept = _sooner(snapshots, merged.snapshots), merged.kept
    return answer(db, kept, question, asked, snapshots)


def _beyond(state: Manifest, kind: str, recorded: Segments) -> Segments:
    return Segments(files=tuple(f for f in recorded.files if str(f) not in state.covered[kind]), tail=())


def _sooner(known: Mapping[str, int], found: Mapping[str, int]) -> dict[str, int]:
    return {name: min(times[name] for times in (known, found) if name in times) for name in {**known, **found}}


def _files(folder: StateFolder, state: Manifest) -> Files:
    return Files(
        units=tuple(folder.path / chunk.units for chunk in state.chunks),
        others=() if state.others is None else (folder.path / state.others,),
        points=tuple(folder.path / chunk.points for chunk in state.chunks if chunk.points is not None),
        n_units=state.n_units,
    )


def _write(
    db: duckdb.DuckDBPyConnection,
    folder: StateFolder,
    state: Manifest,
    merged: Merged,
    batch: Batch,
    question: RollupQuestion,
    snapshots: Mapping[str, int],
) -> Manifest:
    """Write what changed, and return the state that is read from now on."""
    # Names of their own: a write that is cut short spoils no file of the state that stays.
    kept, tag = merged.kept, uuid.uuid4().hex[:12]
    chunks = {chunk.index: chunk for chunk in state.chunks}
    fresh: list[str] = []

    def copy(name: str, relation: str) -> str:
        file = f"{name}-{tag}.parquet"
        db.execute(f"COPY ({relation}) TO {text(str(folder.path / file))} ({_WRITTEN})")
        fresh.append(file)
        return file

    touched = db.execute(f"SELECT DISTINCT uid // {CHUNK_UNITS} FROM ({merged.touched}) ORDER BY 1").fetchall()  # noqa: S608 - ours
    for (index,) in touched:
        of = f"uid >= {index * CHUNK_UNITS} AND uid < {(index + 1) * CHUNK_UNITS}"
        units = copy(f"units-{index}", merged.rows.format(where=of))
        points = None
        if any(m.type == "quantile" for m in question.metrics):
            points = copy(f"points-{index}", f"SELECT * FROM {kept.points} WHERE {of}")  # noqa: S608 - ours
        chunks[index] = Chunk(index=index, units=units, points=points)
    others = copy("others", f"SELECT * FROM {kept.others}")  # noqa: S608 - ours
    names = [others, *(name for c in chunks.values() for name in (c.units, c.points) if name is not None)]
    taken = {EXPOSURE: batch.exposures.files, OUTCOME: batch.outcomes.files}
    written = msgspec.structs.replace(
        state,
        covered={
            kind: {**state.covered[kind], **{str(file): size_of(file) for file in files}}
            for kind, files in taken.items()
        },
        n_units=kept.n_units,
        chunks=tuple(chunks[index] for index in sorted(chunks)),
        others=others,
        snapshots=snapshots,
        sizes=folder.sizes_of(names),
    )
    folder.write(written, fresh)
    return written
