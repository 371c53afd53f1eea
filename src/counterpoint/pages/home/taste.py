"""Taste rules: what this listener would rather not see now; they fail open, and an unknown fact keeps the item."""

from dataclasses import dataclass

import numpy as np

from counterpoint.pages.evidence import Rows
from counterpoint.pages.stages import Codes, membership
from counterpoint.pages.visit import Visit

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class RepeatWindow:
    """Holds back what was shown a short while ago and not played since."""

    key: str = "repeat_window"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop rows shown within `filtering.repeat_window_hours`; reads it only where one was shown and not played."""
        listener = visit.listener
        if not listener.shown.size:
            return None
        last_shown = np.full(len(visit.index.items), -np.inf)
        last_shown[listener.shown] = listener.shown_at
        if listener.played.size:
            # Plays come newest first, so the reverse leaves the newest play of each row standing.
            last_played = np.full(len(visit.index.items), -np.inf)
            last_played[listener.played[::-1]] = listener.played_at[::-1]
            last_shown[last_played >= last_shown] = -np.inf
        shown_at = last_shown[rows]
        if not (shown_at > -np.inf).any():
            return None
        window_s = visit.whole("filtering.repeat_window_hours") * HOUR_S
        return (shown_at > visit.now_s - window_s).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class AlreadyPlayed:
    """Holds back what the listener has played, if the surface asks for that."""

    key: str = "already_played"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop played rows under `filtering.hide_already_played`; reads it only where one was played."""
        if not visit.listener.played.size:
            return None
        played = membership(visit.listener.played, len(visit.index.items))[rows]
        if not played.any() or not visit.truth("filtering.hide_already_played"):
            return None
        return played.astype(np.uint8)


@dataclass(frozen=True, slots=True)
class PopularityFloor:
    """Holds back items that hardly anybody plays; unknown popularity is kept."""

    key: str = "popularity_floor"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop rows below `filtering.min_popularity`."""
        if not rows.size:
            return None
        floor = visit.number("filtering.min_popularity")
        return (visit.index.popularity[rows] < floor).astype(np.uint8)  # NaN compares false: kept


@dataclass(frozen=True, slots=True)
class ReleaseAge:
    """Holds back releases that are no longer new."""

    key: str = "release_age"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop rows older than `new_releases.max_age_days`."""
        if not rows.size:
            return None
        oldest = visit.now_s - visit.number("new_releases.max_age_days") * DAY_S
        return (visit.index.released_at[rows] < oldest).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class FollowedOnly:
    """Holds back releases of artists that the listener does not follow, if the surface asks for that."""

    key: str = "followed_only"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop rows of other artists under `new_releases.followed_only`; reads it only where one is not followed."""
        follows = visit.listener.history.follows
        items = visit.index.items
        foreign = np.array([items[row].artist not in follows for row in rows.tolist()], dtype=np.bool_)
        if not foreign.any() or not visit.truth("new_releases.followed_only"):
            return None
        return foreign.astype(np.uint8)


RECOMMENDED = (RepeatWindow(), AlreadyPlayed(), PopularityFloor())
NEW = (ReleaseAge(), FollowedOnly(), *RECOMMENDED)
