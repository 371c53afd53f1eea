"""Puts together what is behind the doors for agents."""

import hmac
from dataclasses import replace
from hashlib import sha256

from counterpoint.control import Control, as_stored
from counterpoint.control.agency import Agency, AgentRules, Drafts, ParkedWrites, Parking, RiskDesk, Sessions
from counterpoint.delivery import Evidence
from counterpoint.storage.sql import SqlDocuments


def open_agency(
    control: Control, *, evidence: Evidence, documents: SqlDocuments, rules: AgentRules, key: bytes
) -> Agency:
    """Return what agents can do with `control`.

    Args:
        key: The installation's secret, of which the one for sessions is derived.
    """
    writes = ParkedWrites(documents)
    # The only launch desk that admits agents; it is reached through parked writes alone.
    admitting = replace(control, desk=replace(control.desk, admit=as_stored))
    parking = Parking(
        writes=writes,
        control=admitting,
        evidence=evidence,
        risks=RiskDesk(control=admitting, rules=rules, writes=writes),
    )
    drafts = Drafts(documents, control, control.desk.new_id)
    own = hmac.new(key, b"counterpoint sessions", sha256).digest()
    sessions = Sessions(rules=rules, key=own, clock=control.clock)
    return Agency(control=control, drafts=drafts, parking=parking, evidence=evidence, rules=rules, sessions=sessions)
