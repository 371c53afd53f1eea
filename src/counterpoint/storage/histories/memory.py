"""The history port in memory: the recent past of recent units, bounded, made again from the event log at start."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from counterpoint.events import EventLog, Impression, Outcome
from counterpoint.pages import NO_HISTORY, History

PLAY_OUTCOME = "plays"
"""Outcomes of this name that say which item they are about are plays."""
_MAX_PLAYS = 200
_MAX_SHOWN = 400


class _Past:
    __slots__ = ("plays", "shown")

    def __init__(self) -> None:
        self.plays: list[tuple[str, float]] = []
        self.shown: OrderedDict[str, float] = OrderedDict()


class MemoryHistories:
    """Histories of the units seen last.

    Args:
        n_units: How many units are kept; the one that was quiet longest goes first.
    """

    def __init__(self, n_units: int = 200_000) -> None:
        self._n_units = n_units
        self._pasts: OrderedDict[str, _Past] = OrderedDict()
        self._lock = threading.Lock()

    async def history(self, unit: str) -> History:
        """Return what is known about `unit`; an empty history for a unit never seen."""
        with self._lock:
            past = self._pasts.get(unit)
            if past is None:
                return NO_HISTORY
            return History(plays=tuple(reversed(past.plays)), shown=dict(past.shown))

    def played(self, unit: str, plays: Iterable[tuple[str, float]]) -> None:
        """Note plays as (item, epoch seconds), oldest first."""
        with self._lock:
            past = self._past(unit)
            past.plays.extend(plays)
            del past.plays[:-_MAX_PLAYS]

    def seed(self, unit: str, plays: Iterable[tuple[str, float]]) -> None:
        """Note the plays of a unit of which nothing is known yet; one that is known is left as it is."""
        with self._lock:
            if unit not in self._pasts:
                self._past(unit).plays.extend(plays)

    def shown(self, unit: str, items: Iterable[str], at_s: float) -> None:
        """Note that items came into view."""
        with self._lock:
            past = self._past(unit)
            for item in items:
                past.shown[item] = at_s
                past.shown.move_to_end(item)
            while len(past.shown) > _MAX_SHOWN:
                past.shown.popitem(last=False)

    def rebuild(self, log: EventLog, *, since: datetime) -> None:
        """Note what the event log holds since then."""
        outcomes = [event for event in log.read(Outcome, since=since) if event.item and event.name == PLAY_OUTCOME]
        for outcome in sorted(outcomes, key=lambda event: event.at):
            self.played(outcome.unit, [(outcome.item or "", outcome.at.timestamp())])
        for impression in sorted(log.read(Impression, since=since), key=lambda event: event.at):
            self.shown(impression.unit, [impression.item], impression.at.timestamp())

    def _past(self, unit: str) -> _Past:
        past = self._pasts.setdefault(unit, _Past())
        self._pasts.move_to_end(unit)
        while len(self._pasts) > self._n_units:
            self._pasts.popitem(last=False)
        return past
