"""Bootstrap: the only place that knows which class implements which port."""

from counterpoint.bootstrap.delivering import DeliveryOnly, opened_delivery
from counterpoint.bootstrap.opening import opened, short_id, utc_now
from counterpoint.bootstrap.places import open_content
from counterpoint.bootstrap.planners import open_planner
from counterpoint.bootstrap.platform import Platform
from counterpoint.bootstrap.rehearsal import Progress, SimulatedClock, rehearse
from counterpoint.config import Staleness
from counterpoint.control import moment_of
from counterpoint.control.agency import Agency, AgentRules, new_token, read_agents
from counterpoint.control.changes import Edit
from counterpoint.delivery import Fleet, SnapshotFeed

__all__ = [
    "Agency",
    "AgentRules",
    "DeliveryOnly",
    "Edit",
    "Fleet",
    "Platform",
    "Progress",
    "SimulatedClock",
    "SnapshotFeed",
    "Staleness",
    "moment_of",
    "new_token",
    "open_content",
    "open_planner",
    "opened",
    "opened_delivery",
    "read_agents",
    "rehearse",
    "short_id",
    "utc_now",
]
