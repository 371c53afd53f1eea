"""Ingest: which records of a batch are accepted, which are duplicates, and why each other one is refused."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from counterpoint.errors import InvalidInput
from counterpoint.events.records import EVENT_TYPES, Event, Exposure, Outcome, Served, kind_of

MAX_BATCH = 10_000
MAX_VALUE = 1e12
"""Largest outcome: values are summed exactly, in whole millionths."""

_MAX_SHOWN = 300
_DECODE_ALL = msgspec.json.Decoder(list[Event])
_DECODE_ONE = msgspec.json.Decoder(Event)
_SPLIT = msgspec.json.Decoder(list[msgspec.Raw])
_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"(?P<problem>missing required|contains unknown) field `(?P<name>[^`]*)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBounds:
    """How far a record's `at` may be from the server's clock.

    Attributes:
        max_late: Older records are refused; also how long a log must remember ids to recognise duplicates.
        max_ahead: Records from further in the future are refused: that client's clock is wrong.
        late_after: Records older than this are accepted and counted as late: a look may have been taken without them.
    """

    max_late: timedelta = timedelta(days=7)
    max_ahead: timedelta = timedelta(minutes=5)
    late_after: timedelta = timedelta(hours=24)


DEFAULT_BOUNDS = ClockBounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One record that was not accepted.

    Attributes:
        index: Its place in the batch, from 0.
        id: Its id when one could be read; the sender can find it by that.
        code: Stable identifier in snake_case.
        path: Where in the batch it is at fault, such as `events[3].unit`.
        message: What is wrong, one sentence.
    """

    index: int
    id: str | None
    code: str
    path: str
    message: str

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "index": self.index,
            "id": self.id,
            "code": self.code,
            "path": self.path,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """What became of a batch: every record is accepted (perhaps late), a duplicate in the batch, or refused."""

    accepted: tuple[Event, ...]
    refused: tuple[Refusal, ...]
    n_duplicates: int
    n_late: int

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form, without the accepted records themselves."""
        return {
            "accepted": len(self.accepted),
            "duplicates": self.n_duplicates,
            "late": self.n_late,
            "refused": [refusal.as_document() for refusal in self.refused],
        }


def ingest(
    batch: bytes | Sequence[Event | Mapping[str, Any]], now: datetime, *, bounds: ClockBounds = DEFAULT_BOUNDS
) -> IngestResult:
    """Sort the records of `batch` into accepted, duplicate and refused; one bad record never costs a good one.

    Args:
        batch: JSON body, `{"events": [...]}` or the bare list; or records, or JSON objects, already in memory.
        now: The server's clock, aware.
        bounds: How far a record's clock may be off.

    Raises:
        InvalidInput: `malformed_json`, `malformed_batch` or `batch_too_large`: the body as a whole cannot be read.
    """
    decoded = _decode_body(batch) if isinstance(batch, bytes) else [_convert(i, item) for i, item in enumerate(batch)]
    earliest, latest = now - bounds.max_late, now + bounds.max_ahead
    accepted: dict[tuple[type[Event], str], Event] = {}
    refused: list[Refusal] = []
    n_duplicates = 0
    for index, item in enumerate(decoded):
        refusal = item if isinstance(item, Refusal) else _check(index, item, earliest, latest)
        if refusal is not None:
            refused.append(refusal)
        elif not isinstance(item, Refusal):
            before = len(accepted)
            accepted.setdefault((type(item), item.id), item)
            n_duplicates += len(accepted) == before
    n_late = sum(event.at < now - bounds.late_after for event in accepted.values())
    return IngestResult(
        accepted=tuple(accepted.values()), refused=tuple(refused), n_duplicates=n_duplicates, n_late=n_late
    )


def _check(index: int, event: Event, earliest: datetime, latest: datetime) -> Refusal | None:
    if event.at < earliest:
        return _refuse(index, event.id, "too_old", "at", f"{event.at.isoformat()} is older than accepted")
    if event.at > latest:
        return _refuse(index, event.id, "in_future", "at", f"{event.at.isoformat()} is ahead of the server's clock")
    match event:
        case Outcome(value=value) if not math.isfinite(value):
            return _refuse(index, event.id, "not_finite", "value", "the value is NaN or infinite")
        case Outcome(value=value) if abs(value) > MAX_VALUE:
            return _refuse(
                index, event.id, "out_of_bounds", "value", f"{value:g} is beyond {MAX_VALUE:g}; use a larger unit"
            )
        case Served(latency_ms=value) if not math.isfinite(value):
            return _refuse(index, event.id, "not_finite", "latency_ms", "the latency is NaN or infinite")
        case Exposure(enrolled_at=enrolled) if enrolled is not None and enrolled > event.at:
            return _refuse(
                index, event.id, "enrolled_after_exposure", "enrolled_at", "a unit is enrolled before it is exposed"
            )
    return None


def _decode_body(body: bytes) -> list[Event | Refusal]:
    raw = _split(body)
    if len(raw) > MAX_BATCH:
        raise InvalidInput(
            "batch_too_large",
            f"{len(raw)} records in one batch",
            where="events",
            fix=f"send at most {MAX_BATCH} at a time",
            facts={"n": len(raw), "max": MAX_BATCH},
        )
    try:
        # The common case, all records well formed, is decoded in one call.
        return list(_DECODE_ALL.decode(b"[" + b",".join(bytes(item) for item in raw) + b"]"))
    except (msgspec.ValidationError, ValueError):
        return [_decode_one(index, bytes(item)) for index, item in enumerate(raw)]


def _split(body: bytes) -> list[msgspec.Raw]:
    fix = 'send {"events": [{"kind": "outcome", ...}, ...]}'
    try:
        document = msgspec.json.decode(body, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
        if isinstance(document, list):
            return document
        if set(document) != {"events"}:
            raise InvalidInput("malformed_batch", "the body is not a batch of records", where="events", fix=fix)
        return _SPLIT.decode(document["events"])
    except msgspec.ValidationError as error:
        raise InvalidInput("malformed_batch", "the body is not a batch of records", where="events", fix=fix) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("malformed_json", f"the body is not JSON ({error})", where="body", fix=fix) from error


def _decode_one(index: int, raw: bytes) -> Event | Refusal:
    try:
        event: Event = _DECODE_ONE.decode(raw)
    except msgspec.ValidationError as error:
        try:
            document = json.loads(raw)
        except ValueError:
            document = None
        return _explain(index, document, error)
    except ValueError as error:
        return _refuse(index, None, "malformed_json", "", str(error))
    return event


def _convert(index: int, item: Event | Mapping[str, Any]) -> Event | Refusal:
    if isinstance(item, EVENT_TYPES):
        return item
    try:
        event: Event = msgspec.convert(item, Event)
        # Half a surrogate pair is a str in memory but cannot be written; JSON bytes never get this far with one.
        msgspec.json.encode(event)
    except msgspec.ValidationError as error:
        return _explain(index, item, error)
    except (UnicodeEncodeError, OverflowError) as error:
        return _refuse(index, None, "not_writable", "", f"the record cannot be written as JSON ({error})")
    return event


def _explain(index: int, document: Any, error: msgspec.ValidationError) -> Refusal:
    """Say which field of `document` is at fault, from the validator's message."""
    found = _WHERE.match(str(error))
    what, path = (found["what"], found["path"] or "") if found else (str(error), "")
    path = path.lstrip(".")
    identifier = document.get("id") if isinstance(document, Mapping) else None
    name = identifier if isinstance(identifier, str) else None
    if not isinstance(document, Mapping):
        return _refuse(index, None, "wrong_type", "", "a record is a JSON object")
    if path == "kind" or (kind := document.get("kind")) is None:
        known = ", ".join(kind_of(t) for t in EVENT_TYPES)
        code = "unknown_kind" if "kind" in document else "missing_field"
        return _refuse(index, name, code, "kind", f"kind {document.get('kind')!r} is none of {known}")
    if field := _FIELD.search(what):
        code = "missing_field" if field["problem"] == "missing required" else "unknown_field"
        verb = "is missing" if code == "missing_field" else f"is not a field of {kind!r}"
        return _refuse(index, name, code, ".".join(filter(None, (path, field["name"]))), f"{field['name']!r} {verb}")
    bounded = any(word in what for word in (">=", "<=", "length", "enum", "Invalid value"))
    return _refuse(index, name, "out_of_bounds" if bounded else "wrong_type", path, what.replace("`", ""))


def _refuse(index: int, identifier: str | None, code: str, path: str, message: str) -> Refusal:
    where = f"events[{index}].{path}" if path else f"events[{index}]"
    said = message[:1].upper() + message[1:] + "."
    return Refusal(
        index=index, id=identifier and _shown(identifier), code=code, path=_shown(where), message=_shown(said)
    )


def _shown(text: str) -> str:
    # What a stranger sent goes back to them: cut to a length, and without what cannot be written.
    return text[:_MAX_SHOWN].encode("utf-8", "replace").decode()
