"""Bootstrap: the only place that knows which class implements which port."""

from counterpoint.bootstrap.agency import Agency
from counterpoint.bootstrap.agent_rules import AgentRules, read_agents
from counterpoint.bootstrap.configuring import moment_of
from counterpoint.bootstrap.delivering import DeliveryOnly, opened_delivery
from counterpoint.bootstrap.feed import SnapshotFeed
from counterpoint.bootstrap.fleet import Fleet
from counterpoint.bootstrap.opening import opened, short_id, utc_now
from counterpoint.bootstrap.places import open_content
from counterpoint.bootstrap.planners import open_planner
from counterpoint.bootstrap.platform import Platform
from counterpoint.bootstrap.proposing import Edit
from counterpoint.bootstrap.rehearsal import Progress, SimulatedClock, rehearse
from counterpoint.config import Staleness

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
    "open_content",
    "open_planner",
    "opened",
    "opened_delivery",
    "read_agents",
    "rehearse",
    "short_id",
    "utc_now",
]
