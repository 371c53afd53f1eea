"""Publishes surfaces from their YAML files: the first release of a new one, a Change where a file has changed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from counterpoint.config import Surface, load_surface
from counterpoint.control.boarding import replaced
from counterpoint.control.changes import combination_findings
from counterpoint.errors import Conflict, Forbidden
from counterpoint.releases import (
    Attestation,
    Change,
    Operation,
    Release,
    ReleaseStore,
    ReplaceSurface,
    check_change,
    prepare,
    publish,
    sign,
)
from counterpoint.telemetry import logger
from counterpoint.vocabulary import digest

LOADER = "surface file"
_NOT_NOW = frozenset({"needs_approval", "attested_with_errors", "in_rollout"})
FIRST_RELEASE_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""First releases made from files are dated here, before anything that is served, measured or simulated."""


def load_surfaces(
    texts: Sequence[tuple[str, str]], *, releases: ReleaseStore, key: bytes, now: datetime
) -> tuple[Surface, ...]:
    """Return the surfaces, each published if it is new or its file has changed.

    Args:
        texts: The text of each file, and where it came from.
        key: Secret that attestations are signed with.

    Raises:
        InvalidInput: A file says something wrong, with all findings.
    """
    # A file of one's own takes the place of the shipped one with the same key.
    declared = {surface.key: surface for surface in (load_surface(text, source=source) for text, source in texts)}
    surfaces = tuple(declared.values())
    for surface in surfaces:
        base = releases.latest(surface.key)
        if base is None or base.state.surface != surface:
            _publish(surface, base, releases, key, now)
    return surfaces


def _publish(surface: Surface, base: Release | None, releases: ReleaseStore, key: bytes, now: datetime) -> None:
    at = FIRST_RELEASE_AT if base is None else now
    number = 0 if base is None else base.number
    reason = "the surface's file is new" if base is None else "the surface's file has changed"
    change_id = f"surface-file:{digest(surface)[:16]}:{number}"
    operations: tuple[Operation, ...] = (ReplaceSurface(surface=surface),)
    try:
        if base is not None:
            operations = replaced(base.state, surface, change_id, author=LOADER, reason=reason, acknowledges=())
        change = prepare(
            base, operations, change_id=change_id, surface=surface.key, author=LOADER, reason=reason, at=at
        )
        publish(change, _attested(change, base, key, at), store=releases, now=at, actor=LOADER, key=key)
    except (Forbidden, Conflict) as error:
        # Another process started at the same moment and published the same file first.
        if error.code in ("stale_base", "nothing_changes"):
            return
        if base is None or error.code not in _NOT_NOW:
            raise
        # What is live goes on being served; a file is not the way around people, nor around a rollout under way.
        logger("surfaces").warning("surface file not published", extra={"problem": error.as_document()})


def _attested(change: Change, base: Release | None, key: bytes, at: datetime) -> Attestation:
    after, findings = check_change(base, change, now=at)
    if base is not None:
        findings += combination_findings(base.state, after)
    return sign(change, findings=findings, validator=LOADER, key=key, at=at)
