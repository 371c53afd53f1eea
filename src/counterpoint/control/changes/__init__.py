"""Changes of configuration: proposed, approved, rolled out, taken back."""

from counterpoint.control.changes.loudly import warn_unstaged
from counterpoint.control.changes.parked import WAITING, Proposal, Proposals
from counterpoint.control.changes.proposing import ChangeDesk, Document, Edit, diff_document, proposal_document
from counterpoint.control.changes.reachable import combination_findings, launch_findings
from counterpoint.control.changes.rolling_out import RollingOut
from counterpoint.control.changes.shipping import StagedShipping

__all__ = [
    "WAITING",
    "ChangeDesk",
    "Document",
    "Edit",
    "Proposal",
    "Proposals",
    "RollingOut",
    "StagedShipping",
    "combination_findings",
    "diff_document",
    "launch_findings",
    "proposal_document",
    "warn_unstaged",
]
