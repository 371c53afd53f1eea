"""Signatures of webhook calls: how ours are made, and how a receiver checks them."""

import hashlib
import hmac
from datetime import datetime

HEADER = "Counterpoint-Signature"
REPLAY_WINDOW_S = 300
"""How far a call's time may be from the receiver's clock; within it the idempotency key makes a replay harmless."""


def signature(body: bytes, *, key: bytes, at: datetime) -> str:
    """Return the header's value: `t=SECONDS,v1=HEX`, HMAC-SHA256 over the time, a full stop and the body."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_mac(body, key, seconds)}"


def is_signed(header: str, body: bytes, *, key: bytes, now: datetime) -> bool:
    """Return whether `header` signs `body` with `key`, not longer ago, or ahead, than the replay window.

    Args:
        body: The bytes as they came, before any parsing.

    Examples:
        >>> from datetime import UTC, datetime
        >>> now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        >>> header = signature(b"{}", key=b"secret", at=now)
        >>> is_signed(header, b"{}", key=b"secret", now=now)
        True
        >>> is_signed(header, b"{ }", key=b"secret", now=now)
        False
    """
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    text = parts.get("t", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        return False
    if abs(now.timestamp() - int(text)) > REPLAY_WINDOW_S:
        return False
    return hmac.compare_digest(parts.get("v1", "").encode(), _mac(body, key, int(text)).encode())


def _mac(body: bytes, key: bytes, seconds: int) -> str:
    return hmac.new(key, b"%d." % seconds + body, hashlib.sha256).hexdigest()
