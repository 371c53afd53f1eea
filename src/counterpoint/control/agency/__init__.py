"""Agency: what outside agents can do, within budgets, with every write parked until people approve."""

from counterpoint.control.agency.agency import Agency
from counterpoint.control.agency.agent_rules import AgentRules, read_agents
from counterpoint.control.agency.drafting import Drafts
from counterpoint.control.agency.parked_writes import ParkedWrites
from counterpoint.control.agency.parking import Parking
from counterpoint.control.agency.risk_desk import RiskDesk

__all__ = [
    "Agency",
    "AgentRules",
    "Drafts",
    "ParkedWrites",
    "Parking",
    "RiskDesk",
    "read_agents",
]
