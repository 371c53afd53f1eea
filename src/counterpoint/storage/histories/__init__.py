"""Listeners' histories, kept in memory and made again from the event log at start."""

from counterpoint.storage.histories.memory import PLAY_OUTCOME, MemoryHistories

__all__ = ["PLAY_OUTCOME", "MemoryHistories"]
