"""Agency: what outside agents can do, within budgets, with every write parked until people approve."""

from counterpoint.control.agency.agency import Agency
from counterpoint.control.agency.agent_rules import AgentRules, new_token, read_agents
from counterpoint.control.agency.drafting import Drafts
from counterpoint.control.agency.identity import Identity, allowed, identify, token_needed, writer
from counterpoint.control.agency.parked_writes import ParkedWrites
from counterpoint.control.agency.parking import Parking
from counterpoint.control.agency.risk_desk import RiskDesk
from counterpoint.control.agency.sessions import Sessions

__all__ = [
    "Agency",
    "AgentRules",
    "Drafts",
    "Identity",
    "ParkedWrites",
    "Parking",
    "RiskDesk",
    "Sessions",
    "allowed",
    "identify",
    "new_token",
    "read_agents",
    "token_needed",
    "writer",
]
