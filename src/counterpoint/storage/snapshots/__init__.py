"""Snapshots on their way to the serving path: the last good one of each surface, on disk and over HTTP."""

from counterpoint.storage.snapshots.files import Kept, SnapshotFiles
from counterpoint.storage.snapshots.flagd import FlagdExport, export_flagd
from counterpoint.storage.snapshots.follower import Follower
from counterpoint.storage.snapshots.following import Offer, Pacing, follow
from counterpoint.storage.snapshots.last_good import LastGood, Live
from counterpoint.storage.snapshots.reporting import Feed, Identity, own_identity, report_of, standing

__all__ = [
    "Feed",
    "FlagdExport",
    "Follower",
    "Identity",
    "Kept",
    "LastGood",
    "Live",
    "Offer",
    "Pacing",
    "SnapshotFiles",
    "export_flagd",
    "follow",
    "own_identity",
    "report_of",
    "standing",
]
