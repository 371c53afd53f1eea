"""What a running launch is judged by: looks at the records, the error budget, the decision."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from counterpoint.errors import NotFound
from counterpoint.events import EventLog
from counterpoint.experiments import VariantSpec
from counterpoint.metrics import (
    ExperimentDecision,
    PlaceboLog,
    Scorecard,
    check_running,
    decide,
    error_budgets,
    harmed,
    score,
)
from counterpoint.orchestration import Inspection, Launch, Verdict, spec_of
from counterpoint.releases import Release, ReleaseStore
from counterpoint.slo import GateVerdict, Objective, gate_all
from counterpoint.storage.sql import SqlDocuments

ANALYSIS_PLAN = "analysis_plan"


class StoredPlans:
    """Registered analysis plans, as documents."""

    def __init__(self, documents: SqlDocuments, clock: Callable[[], datetime]) -> None:
        self._documents = documents
        self._clock = clock

    def get(self, experiment: str) -> Mapping[str, Any] | None:
        """Return the registered plan, or None."""
        try:
            body: Mapping[str, Any] = self._documents.get(ANALYSIS_PLAN, experiment).body
        except NotFound:
            return None
        return body

    def put(self, experiment: str, plan: Mapping[str, Any]) -> None:
        """Register or replace a plan."""
        try:
            version = self._documents.get(ANALYSIS_PLAN, experiment).version
        except NotFound:
            version = 0
        self._documents.put(ANALYSIS_PLAN, experiment, dict(plan), expected_version=version, at=self._clock())


class Judge:
    """Reads the records of a launch."""

    def __init__(self, releases: ReleaseStore, log: EventLog, objectives: tuple[Objective, ...]) -> None:
        self._releases = releases
        self._log = log
        self._objectives = objectives

    def scorecard(self, launch: Launch, now: datetime, *, segment: str | None = None) -> Scorecard:
        """Return the scorecard of a running or ended experiment.

        Raises:
            NotFound: code `not_started`, when it never went live.
        """
        return score(
            self._log,
            spec_of(launch),
            self._release(launch.surface).state.surface,
            started_at=_started(launch),
            now=now,
            ended_at=launch.ended_at,
            segment=segment,
        )

    def read(
        self, launch: Launch, now: datetime, *, segment: str | None = None
    ) -> tuple[Scorecard, ExperimentDecision]:
        """Return the scorecard and what it asks for now."""
        card = self.scorecard(launch, now, segment=segment)
        return card, decide(card, spec_of(launch))

    def placebo(self, launch: Launch, now: datetime) -> Scorecard:
        """Return the scorecard of an A/A experiment on the control units, split again by another salt."""
        spec = spec_of(launch)
        told_as = f"{spec.key}-placebo"
        arms = (VariantSpec(key="control-a"), VariantSpec(key="control-b"))
        log = PlaceboLog(
            self._log,
            experiment=spec.key,
            variant=spec.control.key,
            told_as=told_as,
            variants=(arms[0].key, arms[1].key),
        )
        return score(
            log,
            spec.model_copy(update={"key": told_as, "variants": arms}),
            self._release(launch.surface).state.surface,
            started_at=_started(launch),
            now=now,
            ended_at=launch.ended_at,
        )

    def inspect(self, launch: Launch, now: datetime) -> Inspection:
        """Return what a look finds: harm and split by tests that hold at any number of looks, and the error budget."""
        spec, experiments = spec_of(launch), self._release(launch.surface).state.experiments
        card = self.scorecard(launch, now)
        live = [key for key, experiment in experiments.items() if experiment.started_at is not None]
        findings = check_running(self._log, spec, started_at=_started(launch), now=now, live=live)
        return Inspection(
            findings=(*card.findings, *findings),
            srm=any(finding.code == "sample_ratio_mismatch" for finding in findings),
            harmed=harmed(card),
            budget_open=self.budget(launch.surface, now).is_open,
            scorecard={"digest": card.digest},
        )

    def budget(self, surface: str, now: datetime) -> GateVerdict:
        """Return whether the surface's error budget allows another step, and why."""
        return gate_all(error_budgets(self._log, surface, now, self._objectives))

    def decide(self, launch: Launch, now: datetime) -> Verdict:
        """Return the decision on what there is, with the scorecard it rests on."""
        card, decision = self.read(launch, now)
        document = {"scorecard": card.as_document(), "decision": decision.as_document()}
        return Verdict(ship=decision.ship, reasons=decision.sentences, scorecard=document)

    def _release(self, surface: str) -> Release:
        release = self._releases.latest(surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {surface!r}", where="surface")
        return release


def _started(launch: Launch) -> datetime:
    if launch.started_at is None:
        raise NotFound(
            "not_started", f"{launch.experiment!r} has not gone live", where="experiment", fix="wait until it runs"
        )
    return launch.started_at
