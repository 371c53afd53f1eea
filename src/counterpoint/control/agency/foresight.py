"""What a write would do, said before it is done: edits of every backend, pages that change, the decision as of now."""

from datetime import datetime
from typing import Any

from counterpoint.control.plane import Control
from counterpoint.delivery import Evidence
from counterpoint.errors import CounterpointError
from counterpoint.experiments import ExperimentSpec, Unknown, spec_document
from counterpoint.orchestration import Desired, Goal, Launch
from counterpoint.vocabulary import Finding, digest

Document = dict[str, Any]


def launch_consequence(
    control: Control, evidence: Evidence, spec: ExperimentSpec, findings: tuple[Finding, ...], *, actor: str
) -> Document:
    """Return what launching `spec` would change, for the agent that asks and for the person who approves."""
    now = control.clock()
    ramp = [f"{stage.share:g} for {stage.hours:g} h" for stage in spec.schedule.ramp]
    arms = "; ".join(f"{each.key} sets {_settings(each.set)}" for each in spec.treatments)
    who = "everybody" if spec.audience == "true" else f"whoever matches `{spec.audience}`"
    return {
        "sentence": f"Launches {spec.key} on {spec.surface}: {spec.allocation:g} of {who}"
        f"{', by stages ' + ', '.join(ramp) if ramp else ' at once'}, for {spec.schedule.days} days. {arms}.",
        "spec": spec_document(spec),
        "spec_digest": digest(spec_document(spec)),
        "diff": _edits(control, spec, actor=actor, now=now),
        "findings": [finding.as_document() for finding in findings],
        "blast_radius": pages_document(evidence, spec),
    }


def pages_document(evidence: Evidence, spec: ExperimentSpec) -> Document:
    """Return what the variants do to pages, on recorded or synthetic requests; or that it is not known, and why."""
    found = evidence.preview(spec)
    if isinstance(found, Unknown):
        return {"known": False, "reason": {"code": found.code, "message": found.reason}}
    return {
        "known": True,
        "n_pages": found.n_pages,
        "source": found.source,
        "trigger_rate": found.trigger_rate,
        "variants": [
            {"variant": arm.variant, "share_changed": arm.share_changed, "share_empty": arm.share_empty}
            for arm in found.arms
        ],
    }


def decision_now(control: Control, launch: Launch) -> Document:
    """Return the platform's decision on what was measured so far: which variant it would ship, or none, and why."""
    if launch.started_at is None:
        return {"ship": None, "reasons": ["it has not gone live, so nothing was measured"]}
    try:
        decision = control.results(launch.id)["decision"]
    except CounterpointError as error:
        return {"ship": None, "reasons": [error.sentence]}
    return {"ship": decision["ship"], "reasons": list(decision["sentences"])}


def _edits(control: Control, spec: ExperimentSpec, *, actor: str, now: datetime) -> list[Document]:
    desired = Desired(
        launch_id=f"{spec.key}-not-launched",
        spec=spec,
        goal=Goal.START,
        stage=0,
        actor=actor,
        reason="what would change",
        now=now,
    )
    return [
        {"backend": backend.name, "path": edit.path, "before": edit.before, "after": edit.after}
        for backend in control.desk.world.backends
        for edit in backend.plan(desired).edits
    ]


def _settings(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in values.items())
