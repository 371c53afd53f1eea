"""The validator's word that one Change may follow one release: bound to exact digests, signed, checked at publish."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import msgspec

from counterpoint.errors import Forbidden
from counterpoint.releases.change import Change, change_digest
from counterpoint.vocabulary import Finding, Severity, canonical_json, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What a validator found about one Change on one release.

    Attributes:
        change_digest: Digest of the Change it looked at.
        base_number: Release it was validated against, 0 for none.
        base_digest: Digest of that release's state.
        validator: Name and version of the validator.
        findings_digest: Digest of its findings, warnings included.
        n_errors: How many of them refuse; only 0 can be published.
        signature: HMAC-SHA256 over all other fields, hexadecimal.
    """

    change_digest: str
    base_number: int
    base_digest: str
    validator: str
    findings_digest: str
    n_errors: int
    signed_at: datetime
    signature: str = ""


def sign(change: Change, *, findings: Iterable[Finding], validator: str, key: bytes, at: datetime) -> Attestation:
    """Return the attestation of `change` against its base.

    Args:
        findings: Everything the validator said.
        validator: Its name and version.
        key: Secret shared by validators and publishers, at least 16 bytes.
        at: When it is signed, UTC.

    Raises:
        Forbidden: `weak_key`.
    """
    if len(key) < 16:
        raise Forbidden("weak_key", "a signing key of fewer than 16 bytes", fix="set a longer key")
    listed = tuple(findings)
    unsigned = Attestation(
        change_digest=change_digest(change),
        base_number=change.base_number,
        base_digest=change.base_digest,
        validator=validator,
        findings_digest=digest([finding.as_document() for finding in listed]),
        n_errors=sum(finding.severity is Severity.ERROR for finding in listed),
        signed_at=at,
    )
    return replace(unsigned, signature=_mac(unsigned, key))


def verify(attestation: Attestation, change: Change, *, key: bytes) -> None:
    """Check that `attestation` lets `change` be published on its base.

    Raises:
        Forbidden: `bad_signature`, `not_attested` (another Change or base), `attested_with_errors`.
    """
    if not hmac.compare_digest(_mac(attestation, key), attestation.signature):
        raise Forbidden(
            "bad_signature", "the attestation was not signed with this key", where="attestation", fix="validate again"
        )
    same_change = attestation.change_digest == change_digest(change)
    same_base = (attestation.base_number, attestation.base_digest) == (change.base_number, change.base_digest)
    if not (same_change and same_base):
        what = "another change" if not same_change else "another release"
        raise Forbidden(
            "not_attested", f"the attestation is of {what}", where="attestation", fix="validate this change again"
        )
    if attestation.n_errors:
        raise Forbidden(
            "attested_with_errors",
            f"the validator refused it with {attestation.n_errors} findings",
            where="attestation",
            fix="mend them",
        )


def _mac(attestation: Attestation, key: bytes) -> str:
    return hmac.new(key, canonical_json(msgspec.to_builtins(replace(attestation, signature=""))), sha256).hexdigest()
