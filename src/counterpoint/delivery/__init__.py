"""Delivery: what a serving process does, from a snapshot to a page, and what it tells of itself."""

from counterpoint.delivery.delivery import Delivery
from counterpoint.delivery.evidence import Evidence
from counterpoint.delivery.feed import SnapshotFeed, count_releases
from counterpoint.delivery.fleet import Fleet
from counterpoint.delivery.forcing import Forcing
from counterpoint.delivery.paged import PAGED
from counterpoint.delivery.rankers import train_on_simulated
from counterpoint.delivery.requests import RequestSamples
from counterpoint.delivery.serving import ServingWorld, StoredShelves

__all__ = [
    "PAGED",
    "Delivery",
    "Evidence",
    "Fleet",
    "Forcing",
    "RequestSamples",
    "ServingWorld",
    "SnapshotFeed",
    "StoredShelves",
    "count_releases",
    "train_on_simulated",
]
