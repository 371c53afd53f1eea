"""Releases: what is live on each surface, since when, by whom, and how it changes."""

from counterpoint.releases.apply import apply_change
from counterpoint.releases.attestation import Attestation, sign, verify
from counterpoint.releases.change import NO_RELEASE, Change, change_digest, change_document, change_from, is_urgent
from counterpoint.releases.codec import decode, encode, from_document, to_document
from counterpoint.releases.comparing import FieldChange, PartChange, diff
from counterpoint.releases.guard import publish_findings
from counterpoint.releases.holding import holdout_operation
from counterpoint.releases.operations import (
    AddDomain,
    AddExperiment,
    AddHoldout,
    EndDomain,
    EndHoldout,
    MoveExperiment,
    Operation,
    RenewHoldout,
    ReplaceSurface,
    Restore,
    SetBaseline,
    SetRules,
    ShipVariant,
)
from counterpoint.releases.ports import (
    Approval,
    ApprovalStore,
    AuditEntry,
    AuditLog,
    ExperimentIndex,
    ExperimentListing,
    ReleaseStore,
)
from counterpoint.releases.publishing import check_change, prepare, publish, rebase
from counterpoint.releases.release import Release, ReleaseNote, snapshot_of
from counterpoint.releases.reverting import blame, restore_operations, revert_operations
from counterpoint.releases.snapshotting import bucket_salt_of, make_snapshot
from counterpoint.releases.soundness import state_findings
from counterpoint.releases.state import (
    SurfaceState,
    changed_parts,
    digests_after,
    fresh_state,
    part_digest,
    parts_of,
    state_digest,
    state_from,
    territory_of,
    with_parts,
)

__all__ = [
    "NO_RELEASE",
    "AddDomain",
    "AddExperiment",
    "AddHoldout",
    "Approval",
    "ApprovalStore",
    "Attestation",
    "AuditEntry",
    "AuditLog",
    "Change",
    "EndDomain",
    "EndHoldout",
    "ExperimentIndex",
    "ExperimentListing",
    "FieldChange",
    "MoveExperiment",
    "Operation",
    "PartChange",
    "Release",
    "ReleaseNote",
    "ReleaseStore",
    "RenewHoldout",
    "ReplaceSurface",
    "Restore",
    "SetBaseline",
    "SetRules",
    "ShipVariant",
    "SurfaceState",
    "apply_change",
    "blame",
    "bucket_salt_of",
    "change_digest",
    "change_document",
    "change_from",
    "changed_parts",
    "check_change",
    "decode",
    "diff",
    "digests_after",
    "encode",
    "fresh_state",
    "from_document",
    "holdout_operation",
    "is_urgent",
    "make_snapshot",
    "part_digest",
    "parts_of",
    "prepare",
    "publish",
    "publish_findings",
    "rebase",
    "restore_operations",
    "revert_operations",
    "sign",
    "snapshot_of",
    "state_digest",
    "state_findings",
    "state_from",
    "territory_of",
    "to_document",
    "verify",
    "with_parts",
]
