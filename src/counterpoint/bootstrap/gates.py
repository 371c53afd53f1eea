"""What a running launch is judged by: the validator, looks at the records, the decision, what is learnt."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from counterpoint.errors import NotFound
from counterpoint.events import EventLog
from counterpoint.experiments import Experiment, ExperimentSpec, VariantSpec
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
from counterpoint.orchestration import Inspection, Learning, Verdict
from counterpoint.releases import Release, ReleaseStore
from counterpoint.slo import GateVerdict, Objective, gate_all
from counterpoint.storage.sql import SqlDocuments

LEARNING = "learning"
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
    """Reads the records of a running experiment."""

    def __init__(self, releases: ReleaseStore, log: EventLog, objectives: tuple[Objective, ...]) -> None:
        self._releases = releases
        self._log = log
        self._objectives = objectives

    def scorecard(self, spec: ExperimentSpec, now: datetime, *, segment: str | None = None) -> Scorecard:
        """Return the scorecard of a live or ended experiment.

        Raises:
            NotFound: code `not_started`, when it never went live.
        """
        release, experiment = self.live(spec)
        if experiment is None or experiment.started_at is None:
            raise _not_started(spec)
        return score(
            self._log,
            spec,
            release.state.surface,
            started_at=experiment.started_at,
            now=now,
            ended_at=experiment.ended_at,
            segment=segment,
        )

    def read(
        self, spec: ExperimentSpec, now: datetime, *, segment: str | None = None
    ) -> tuple[Scorecard, ExperimentDecision]:
        """Return the scorecard and what it asks for now."""
        card = self.scorecard(spec, now, segment=segment)
        return card, decide(card, spec)

    def placebo(self, spec: ExperimentSpec, now: datetime) -> Scorecard:
        """Return the scorecard of an A/A experiment on the control units, split again by another salt."""
        release, experiment = self.live(spec)
        if experiment is None or experiment.started_at is None:
            raise _not_started(spec)
        told_as = f"{spec.key}-placebo"
        arms = (VariantSpec(key="control-a"), VariantSpec(key="control-b"))
        retold = spec.model_copy(update={"key": told_as, "variants": arms})
        log = PlaceboLog(
            self._log,
            experiment=spec.key,
            variant=spec.control.key,
            told_as=told_as,
            variants=(arms[0].key, arms[1].key),
        )
        return score(
            log,
            retold,
            release.state.surface,
            started_at=experiment.started_at,
            now=now,
            ended_at=experiment.ended_at,
        )

    def live(self, spec: ExperimentSpec) -> tuple[Release, Experiment | None]:
        """Return what is live on the experiment's surface, and the experiment in it."""
        release = self._releases.latest(spec.surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {spec.surface!r}", where="surface")
        return release, release.state.experiments.get(spec.key)

    def inspect(self, spec: ExperimentSpec, now: datetime) -> Inspection:
        """Return what a look finds: harm and split by tests that hold at any number of looks, and the error budget."""
        release, experiment = self.live(spec)
        if experiment is None or experiment.started_at is None:
            raise _not_started(spec)
        card = self.scorecard(spec, now)
        live = [key for key, other in release.state.experiments.items() if other.started_at is not None]
        findings = check_running(self._log, spec, started_at=experiment.started_at, now=now, live=live)
        return Inspection(
            findings=(*card.findings, *findings),
            srm=any(finding.code == "sample_ratio_mismatch" for finding in findings),
            harmed=harmed(card),
            budget_open=self.budget(spec.surface, now).is_open,
            scorecard={"digest": card.digest},
        )

    def budget(self, surface: str, now: datetime) -> GateVerdict:
        """Return whether the surface's error budget allows another step, and why."""
        return gate_all(error_budgets(self._log, surface, now, self._objectives))

    def decide(self, spec: ExperimentSpec, now: datetime) -> Verdict:
        """Return the decision on what there is, with the scorecard it rests on."""
        card, decision = self.read(spec, now)
        document = {"scorecard": card.as_document(), "decision": decision.as_document()}
        return Verdict(ship=decision.ship, reasons=decision.sentences, scorecard=document)


def _not_started(spec: ExperimentSpec) -> NotFound:
    return NotFound("not_started", f"{spec.key!r} has not gone live", where="experiment", fix="launch it first")


def keep_learning(documents: SqlDocuments, learning: Learning) -> None:
    """Keep what an ended experiment taught; keeping it twice is keeping it once."""
    key = f"{learning.surface}/{learning.experiment}"
    body = {
        "experiment": learning.experiment,
        "surface": learning.surface,
        "hypothesis": learning.hypothesis,
        "outcome": learning.outcome,
        "reasons": list(learning.reasons),
        "effect": learning.effect,
        "at": learning.at.isoformat(),
    }
    try:
        version = documents.get(LEARNING, key).version
    except NotFound:
        version = 0
    documents.put(LEARNING, key, body, expected_version=version, at=learning.at)
