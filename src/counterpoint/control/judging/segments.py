"""By which attributes a scorecard may be read: declared ones, and sensitive ones where an approval is recorded."""

import difflib
from datetime import datetime

from counterpoint.config import Surface
from counterpoint.errors import Forbidden, NotFound
from counterpoint.vocabulary import AttributeType

_FEW_VALUES = frozenset({AttributeType.BOOL, AttributeType.ENUM, AttributeType.STRING})


def may_read_by(surface: Surface, attribute: str, experiment: str, *, now: datetime) -> None:
    """Refuse to split results by an attribute that is not there or that policy keeps to itself.

    Raises:
        NotFound: code `unknown_attribute`.
        Forbidden: code `sensitive_segment`, without a privacy approval for this experiment that has not lapsed.
    """
    if attribute not in surface.attributes:
        near = difflib.get_close_matches(attribute, surface.attributes, n=1)
        raise NotFound(
            "unknown_attribute",
            f"{surface.key} has no attribute {attribute!r}",
            where="segment",
            fix=f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(surface.attributes) or 'none'}",
        )
    if not _open(surface, attribute, experiment, now):
        raise Forbidden(
            "sensitive_segment",
            f"{attribute} is sensitive: results by it need a privacy approval for {experiment}",
            where="segment",
            fix="have the approval recorded in the surface's policy, or choose another attribute",
        )


def readable_by(surface: Surface, experiment: str, *, now: datetime) -> tuple[str, ...]:
    """Return the attributes by whose values results may be read; numbers and versions have too many to be segments."""
    return tuple(
        key
        for key, attribute in surface.attributes.items()
        if attribute.type in _FEW_VALUES and _open(surface, key, experiment, now)
    )


def _open(surface: Surface, attribute: str, experiment: str, now: datetime) -> bool:
    held = [a for a in surface.policy.privacy_approvals if (a.attribute, a.experiment) == (attribute, experiment)]
    return not surface.attributes[attribute].sensitive or any(a.until > now for a in held)
