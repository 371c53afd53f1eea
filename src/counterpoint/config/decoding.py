"""Reads the bytes of a snapshot, refusing what is corrupt, altered, of a newer format or from the future."""

import gc
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from counterpoint.config.compiled import CompiledSnapshot, compile_snapshot
from counterpoint.config.policy import Staleness
from counterpoint.config.snapshot import FORMAT_VERSION, Snapshot, address_of, snapshot_id
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import AttributeType, ParameterType

MAX_CLOCK_SKEW = timedelta(minutes=5)
_PARAMETER_TYPES = frozenset(ParameterType)
_ATTRIBUTE_TYPES = frozenset(AttributeType)


class _Envelope(msgspec.Struct):
    format_version: int


def decode_snapshot(data: bytes, *, expected_id: str | None = None, now: datetime | None = None) -> Snapshot:
    """Return the snapshot that `encode_snapshot` wrote.

    Args:
        data: JSON.
        expected_id: Its content address as announced; not checked when not given.
        now: The present, aware; a snapshot made more than five minutes later is refused. Not checked when not given.

    Raises:
        InvalidInput: `corrupt_snapshot`, `snapshot_newer_format`, `wrong_digest` or `snapshot_from_the_future`.
    """
    try:
        snapshot = msgspec.json.decode(data, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _check_format(_format_of(data))
        raise _corrupt(str(error) or type(error).__name__) from error
    _check_format(snapshot.format_version)
    _check_shape(snapshot)
    # Canonical bytes are their own address, whatever fields a newer writer has added; others are written out again.
    if expected_id is not None and address_of(data) != expected_id and (found := snapshot_id(snapshot)) != expected_id:
        raise InvalidInput(
            "wrong_digest",
            f"the snapshot is {found} in place of {expected_id}",
            fix="fetch it again; it was altered on the way",
            facts={"expected": expected_id, "found": found},
        )
    if now is not None and snapshot.created_at > now + MAX_CLOCK_SKEW:
        raise InvalidInput(
            "snapshot_from_the_future",
            f"the snapshot was made at {snapshot.created_at.isoformat()}, after the present",
            where="created_at",
            fix="set the clock of this machine or of the one that publishes",
        )
    return snapshot


def load_snapshot(
    data: bytes,
    *,
    expected_id: str | None = None,
    now: datetime | None = None,
    confirmed_at: datetime | None = None,
    tighter: Staleness | None = None,
    before: CompiledSnapshot | None = None,
) -> CompiledSnapshot:
    """Return the bytes of a snapshot, decoded and compiled; faster than the two steps apart.

    Args:
        data: JSON.
        expected_id: As in `decode_snapshot`.
        now: As in `decode_snapshot`.
        confirmed_at: As in `compile_snapshot`.
        tighter: As in `compile_snapshot`.
        before: As in `compile_snapshot`.

    Raises:
        InvalidInput: As in `decode_snapshot` and `compile_snapshot`.
    """
    # Nothing made here is garbage yet: looking for some among a million new objects would double the time.
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        snapshot = decode_snapshot(data, expected_id=expected_id, now=now)
        return compile_snapshot(
            snapshot, address=expected_id, confirmed_at=confirmed_at, tighter=tighter, before=before
        )
    finally:
        if was_collecting:
            gc.enable()


def _format_of(data: bytes) -> int:
    """Return the format that a document which is no snapshot of ours says it has; ours when it says none."""
    try:
        return msgspec.json.decode(data, type=_Envelope).format_version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return FORMAT_VERSION


def _check_format(version: int) -> None:
    if version > FORMAT_VERSION:
        raise InvalidInput(
            "snapshot_newer_format",
            f"the snapshot has format {version}; this code reads formats up to {FORMAT_VERSION}",
            where="format_version",
            fix="upgrade this process; it goes on with its last good snapshot",
            facts={"format_version": version, "known": FORMAT_VERSION},
        )


def _check_shape(snapshot: Snapshot) -> None:
    if snapshot.created_at.tzinfo is None:
        raise _corrupt("created_at has no time zone", where="created_at")
    for parameter in snapshot.parameters:
        if parameter.type not in _PARAMETER_TYPES:
            raise _corrupt(f"{parameter.type[:80]!r} is no type", where=f"parameters.{parameter.key[:80]}.type")
    for attribute in snapshot.attributes:
        if attribute.type not in _ATTRIBUTE_TYPES:
            raise _corrupt(f"{attribute.type[:80]!r} is no type", where=f"attributes.{attribute.key[:80]}.type")
    _check_unique("parameters", (parameter.key for parameter in snapshot.parameters))
    _check_unique("attributes", (attribute.key for attribute in snapshot.attributes))
    _check_unique("experiments", (experiment.key for experiment in snapshot.experiments))
    _check_unique("holdouts", (holdout.key for holdout in snapshot.holdouts))


def _check_unique(name: str, keys: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise _corrupt(f"{key[:80]!r} is there twice", where=name)
        seen.add(key)


def _corrupt(what: str, where: str | None = None) -> InvalidInput:
    return InvalidInput(
        "corrupt_snapshot",
        f"the snapshot cannot be read: {what[:200]}",
        where=where,
        fix="fetch it again; this process goes on with its last good one",
    )
