"""Permits to see a variant: signed on the control plane, checked by every serving process without asking anybody."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import msgspec

from counterpoint.config.policy import may_force
from counterpoint.errors import Forbidden

MAX_PERMIT_CHARS = 4_096
_CONTEXT = b"counterpoint permit 1\0"
"""What else is signed with the same key must never pass for a permit."""


class Permit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Leave for one unit to see variants on one surface, until a time.

    Attributes:
        id: Under which the audit log has it.
        forced: Experiment -> variant.
        by: Who made it; counts for as long as the surface's policy lets them.
    """

    id: str
    surface: str
    unit: str
    forced: dict[str, str]
    by: str
    until: datetime


def permit_text(permit: Permit, *, key: bytes) -> str:
    """Return `permit`, signed, as text that fits into a link."""
    payload = msgspec.json.encode(permit, order="sorted")
    return f"{_text(payload)}.{_text(_mac(payload, key))}"


def check_permit(
    text: str, *, key: bytes | None, surface: str, unit: str, testers: tuple[str, ...], now: datetime
) -> Permit:
    """Return the permit that `text` is, if it lets `unit` see its variants on `surface` now.

    Args:
        key: What permits are signed with; None where this process has none, so that no permit can be told from a fake.
        testers: Who may make permits, as the snapshot says.

    Raises:
        Forbidden: `cannot_check_permit`, `bad_permit`, `permit_for_another`, `permit_expired` or `may_not_force`.
    """
    if key is None:
        raise Forbidden(
            "cannot_check_permit",
            "this process has no key to check permits with",
            where="permit",
            fix="start it with the COUNTERPOINT_FLEET_TOKEN of the control plane",
        )
    permit = _read(text, key)
    if (permit.surface, permit.unit) != (surface, unit):
        raise Forbidden(
            "permit_for_another", "the permit is for another unit or surface", where="permit", fix="make one for this"
        )
    if now >= permit.until:
        raise Forbidden(
            "permit_expired", f"the permit ended at {permit.until.isoformat()}", where="permit", fix="make a new one"
        )
    if not may_force(testers, permit.by):
        raise Forbidden(
            "may_not_force",
            f"{permit.by!r}, who made the permit, may not force variants on surface {surface}",
            where="permit",
            fix="name them under policy.forcing.actors of the surface",
        )
    return permit


def check_asked(permit: Permit, forced: Mapping[str, str]) -> None:
    """Check that a request asks for no other variant than its permit allows.

    Raises:
        Forbidden: `permit_for_another`.
    """
    for experiment, variant in forced.items():
        if permit.forced.get(experiment) != variant:
            raise Forbidden(
                "permit_for_another",
                f"the permit does not allow {variant[:80]!r} of {experiment[:80]!r}",
                where=f"forced.{experiment[:80]}",
                fix="leave `forced` out, and everything that the permit allows is shown",
            )


def _read(text: str, key: bytes) -> Permit:
    try:
        payload, mac = (_bytes(part) for part in text[: MAX_PERMIT_CHARS + 1].split("."))
        if len(text) <= MAX_PERMIT_CHARS and hmac.compare_digest(mac, _mac(payload, key)):
            return msgspec.json.decode(payload, type=Permit)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        pass  # whatever is wrong with it, it was not made here
    raise Forbidden(
        "bad_permit",
        "that permit was not made here, or was altered",
        where="permit",
        fix="make one: counterpoint force",
    )


def _mac(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, _CONTEXT + payload, sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
