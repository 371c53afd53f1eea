"""Snapshots on their way to the serving path: the last good one of each surface, on disk and over HTTP."""

from counterpoint.storage.snapshots.files import Kept, SnapshotFiles
from counterpoint.storage.snapshots.follower import Follower
from counterpoint.storage.snapshots.following import Offer, Pacing, follow
from counterpoint.storage.snapshots.last_good import LastGood, Live

__all__ = ["Follower", "Kept", "LastGood", "Live", "Offer", "Pacing", "SnapshotFiles", "follow"]
