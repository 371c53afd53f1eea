"""The metrics backend: registers the analysis plan before the first exposure, so that nobody chooses it afterwards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from counterpoint.errors import Conflict
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.backends.protocol import Desired, Diff, Edit, Goal
from counterpoint.orchestration.launch import Receipt
from counterpoint.vocabulary import digest

_REGISTERED_BY = (Goal.START, Goal.AMEND)
_AMENDED = ("plan", "digest", "key")


class AnalysisPlans(Protocol):
    """Where registered analysis plans are kept."""

    def get(self, experiment: str) -> Mapping[str, Any] | None:
        """Return the registered plan, or None."""
        ...

    def put(self, experiment: str, plan: Mapping[str, Any]) -> None:
        """Register or replace a plan."""
        ...


class MeasurementBackend:
    """Keeps one analysis plan per experiment, frozen by its digest."""

    name = "metrics"

    def __init__(self, plans: AnalysisPlans) -> None:
        self._plans = plans

    def plan(self, desired: Desired) -> Diff:
        """Return the registration that is missing, or amended; other goals leave the plan alone."""
        if desired.goal not in _REGISTERED_BY:
            return Diff(backend=self.name, edits=())
        wanted = _analysis_plan(desired.spec)
        present = self._plans.get(desired.spec.key)
        if present is not None and not present.get("withdrawn") and present["digest"] == digest(wanted):
            return Diff(backend=self.name, edits=())
        before = None if present is None else present["digest"]
        edit = Edit(path=f"analysis_plans.{desired.spec.key}", before=before, after=digest(wanted))
        return Diff(backend=self.name, edits=(edit,), detail={"plan": wanted})

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        """Register the plan.

        Raises:
            Conflict: code `plan_registered`, when another launch registered a different plan for this experiment.
        """
        key = desired.spec.key
        for edit in diff.edits:
            present = self._plans.get(key)
            if present is not None and not present.get("withdrawn") and present["launch"] != desired.launch_id:
                raise Conflict(
                    "plan_registered",
                    "another launch has registered a different analysis plan",
                    where=key,
                    fix="give the experiment a new key",
                )
            document = {
                "plan": diff.detail["plan"],
                "digest": edit.after,
                "launch": desired.launch_id,
                "registered_at": desired.now.isoformat(),
                "key": idempotency_key,
            }
            if desired.goal is Goal.AMEND and present is not None:
                document = _amended(present, document, by=desired.actor)
            self._plans.put(key, document)
        wanted = digest(_analysis_plan(desired.spec))
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail={"experiment": key, "digest": wanted})

    def verify(self, receipt: Receipt) -> str | None:
        """Return None while the registered plan is the one the receipt names."""
        present = self._plans.get(receipt.detail["experiment"])
        if present is None or present.get("withdrawn"):
            return "no analysis plan is registered"
        if present["digest"] != receipt.detail["digest"]:
            return f"the registered analysis plan is {present['digest'][:12]}, not {receipt.detail['digest'][:12]}"
        return None

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        """Mark the plan withdrawn if the receipt is of its registration; it stays on record."""
        key = receipt.detail["experiment"]
        present = self._plans.get(key)
        # A ramp stage or a pause that fails has a receipt too, and did not register the plan that it would take away.
        if present is not None and present.get("key") == receipt.idempotency_key and present.get("amended"):
            *earlier, last = present["amended"]
            self._plans.put(key, {**present, **last["before"], "amended": earlier})
        elif present is not None and not present.get("withdrawn") and present.get("key") == receipt.idempotency_key:
            withdrawn = {"by": actor, "reason": reason, "at": now.isoformat()}
            self._plans.put(key, {**present, "withdrawn": withdrawn})


def _amended(present: Mapping[str, Any], fresh: Mapping[str, Any], *, by: str) -> dict[str, Any]:
    """Return a registered plan with its text amended; what it said before, and everything else of it, is kept."""
    entry = {"at": fresh["registered_at"], "by": by, "before": {field: present[field] for field in _AMENDED}}
    changed = {field: fresh[field] for field in _AMENDED}
    return {**present, **changed, "amended": [*present.get("amended", ()), entry]}


def _analysis_plan(spec: ExperimentSpec) -> dict[str, Any]:
    """Return what of a spec decides the analysis: metrics, test, looks, variants, and for how long."""
    document = spec.model_dump(mode="json")
    return {
        field: document[field]
        for field in ("key", "surface", "audience", "variants", "metrics", "analysis", "schedule", "stop")
    }
