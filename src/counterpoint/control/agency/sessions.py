"""Sessions of people who signed in to the web pages with their token: signed text that no other process must keep."""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from counterpoint.control.agency.agent_rules import AgentRules, Holder
from counterpoint.control.agency.identity import Identity
from counterpoint.errors import Forbidden

LASTS = timedelta(hours=12)
_CONTEXT = b"counterpoint session 1\0"
"""What else is signed with the same key must never pass for a session."""


class _Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    actor: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Begins and checks sessions.

    Attributes:
        rules: Who has a token; somebody whose token is taken away or exchanged is signed out everywhere.
        key: What sessions are signed with; the same in every process of an installation.
    """

    rules: AgentRules
    key: bytes
    clock: Callable[[], datetime]

    @property
    def are_needed(self) -> bool:
        """Whether nobody writes without a session or a token: as soon as one person has a token."""
        return self.rules.knows_people

    def begin(self, token: str) -> str:
        """Return the session of the person whose token that is.

        Raises:
            Forbidden: code `bad_token`, when it is no person's; `not_a_person` for an agent or a proxy.
        """
        holder = self.rules.holder_of(token.strip())
        if holder is None:
            raise Forbidden("bad_token", "the token proves nobody", where="token", fix="ask for another one")
        if holder.actor not in self.rules.people or holder.speaks_for_others:
            raise Forbidden(
                "not_a_person", f"{holder.actor} does not sign in", where="token", fix="use the token of a person"
            )
        payload = msgspec.json.encode(_Claim(actor=holder.actor, until=self.clock() + LASTS))
        return f"{_text(payload)}.{_text(self._mac(payload, holder))}"

    def identity(self, session: str) -> Identity | None:
        """Return whose session that is; None when it ended, or is none that was begun here."""
        try:
            payload, mac = (_bytes(part) for part in session.split("."))
            claim = msgspec.json.decode(payload, type=_Claim)
        except (ValueError, binascii.Error, msgspec.DecodeError):
            return None
        holder = self.rules.people.get(claim.actor)
        if holder is None or not hmac.compare_digest(mac, self._mac(payload, holder)) or self.clock() >= claim.until:
            return None
        return Identity(actor=holder.actor, scopes=holder.scopes)

    def _mac(self, payload: bytes, holder: Holder) -> bytes:
        # Bound to the token, so that a session does not outlive it.
        return hmac.new(self.key, _CONTEXT + (holder.token_sha256 or "").encode() + payload, sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
