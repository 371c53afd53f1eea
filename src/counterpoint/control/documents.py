"""Documents of the control plane: what the edges show of launches, experiments, releases and the audit log."""

from datetime import datetime
from typing import Any

import msgspec

from counterpoint.config import Surface
from counterpoint.experiments import Experiment, stage_shares
from counterpoint.orchestration import ENDED, Launch, end_of, spec_of
from counterpoint.releases import AuditEntry, Release, ReleaseNote


def launch_document(launch: Launch) -> dict[str, Any]:
    """Return a launch with its whole timeline."""
    document: dict[str, Any] = msgspec.to_builtins(launch)
    return {**document, "ended": launch.state in ENDED}


def launch_line(launch: Launch) -> dict[str, Any]:
    """Return what a list shows of a launch."""
    document: dict[str, Any] = msgspec.to_builtins(launch)
    keep = (
        "id",
        "surface",
        "experiment",
        "author",
        "hypothesis",
        "state",
        "held",
        "simulated",
        "stage",
        "created_at",
        "updated_at",
        "due_at",
    )
    last = document["timeline"][-1] if document["timeline"] else {}
    return {**{field: document[field] for field in keep}, "reason": last.get("reason", "")}


def experiment_document(launch: Launch, live: Experiment | None) -> dict[str, Any]:
    """Return an experiment as its launch and the live release tell it."""
    spec = spec_of(launch)
    started_at = launch.started_at
    owned = 0.0 if live is None else len(live.owned) / 10_000
    return {
        "key": launch.experiment,
        "surface": launch.surface,
        "owner": spec.owner,
        "state": str(launch.state),
        "held": launch.held,
        "stage": launch.stage,
        "n_stages": len(stage_shares(spec)),
        "share": owned,
        "allocation": spec.allocation,
        "audience": spec.audience,
        "variants": [{"key": each.key, "weight": each.weight, "set": dict(each.set)} for each in spec.variants],
        "primary": spec.metrics.primary.metric,
        "hypothesis": launch.hypothesis,
        "started_at": _text(started_at),
        "ends_at": None if started_at is None else _text(end_of(spec, started_at)),
        "launch": launch.id,
        "simulated": launch.simulated,
        "reason": launch.timeline[-1].reason if launch.timeline else "",
        "decision": None if launch.decision is None else {key: launch.decision[key] for key in ("ship", "reasons")},
    }


def surface_document(surface: Surface, release: Release) -> dict[str, Any]:
    """Return a surface with the baseline that is live."""
    document: dict[str, Any] = msgspec.to_builtins(surface)
    state = release.state
    for key, parameter in document["parameters"].items():
        parameter["value"] = state.baseline[key]
    return {
        **document,
        "release": release.number,
        "rules": [msgspec.to_builtins(rule) for rule in state.rules],
        "holdouts": sorted(state.holdouts),
        "experiments": sorted(state.experiments),
    }


def release_line(note: ReleaseNote) -> dict[str, Any]:
    """Return what a list shows of a release."""
    return {
        "number": note.number,
        "id": note.digest[:16],
        "at": note.created_at.isoformat(),
        "author": note.author,
        "published_by": note.published_by,
        "reason": note.reason,
        "changes": list(note.paths),
        "change": note.change_id,
    }


def audit_line(entry: AuditEntry) -> dict[str, Any]:
    """Return one entry of the audit log."""
    document: dict[str, Any] = msgspec.to_builtins(entry)
    return document


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
