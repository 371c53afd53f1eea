"""Says in the log when everybody got new values at once, without stages: for whoever watches, not only who asks."""

from counterpoint.releases import Change, is_unstaged
from counterpoint.telemetry import logger


def warn_unstaged(change: Change, actor: str) -> None:
    """Warn when `change`, just published, reached everybody without stages."""
    if is_unstaged(change):
        facts = {"surface": change.surface, "change": change.id, "actor": actor, "reason": change.reason}
        logger("config").warning("published to everybody at once, without stages", extra=facts)
