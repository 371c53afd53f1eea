"""What a running launch is judged by: looks at the records, the error budget, the decision."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from counterpoint.assignment import bucket_salt
from counterpoint.control.judging.looking import Smoke, early_end, smoke_check
from counterpoint.control.judging.power import PowerAsk, power
from counterpoint.errors import NotFound
from counterpoint.events import EventLog
from counterpoint.experiments import ExperimentSpec, Unknown, VariantSpec
from counterpoint.metrics import (
    ExperimentDecision,
    PlaceboLog,
    PlannedUnits,
    Reading,
    RecordedTraffic,
    RollupEngine,
    RunningExperiment,
    Scorecard,
    SplitPhase,
    check_running,
    decide,
    error_budgets,
    harmed,
    in_duckdb,
    model_from,
    planned_from_document,
    planned_units,
    read_course,
    read_holdout,
    read_interactions,
    read_novelty,
    roll_up,
    score,
)
from counterpoint.orchestration import SMOKE_STEP, Goal, Inspection, Launch, Verdict, spec_of, stages
from counterpoint.releases import Release, ReleaseStore, bucket_salt_of
from counterpoint.slo import GateVerdict, Objective, gate_all
from counterpoint.stats import MetricModel
from counterpoint.storage.sql import SqlDocuments
from counterpoint.vocabulary import Finding

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
    """Reads the records of a launch.

    Args:
        plans: Where the units planned at a launch are kept with its analysis plan; without them they are forecast anew
            by every process, from the same records before the start.
        engine: Who reduces the records of a scorecard; all of them each time, when none is given.
        reading: In which engine novelty, interactions, holdouts and past traffic are read.
    """

    def __init__(
        self,
        releases: ReleaseStore,
        log: EventLog,
        objectives: tuple[Objective, ...],
        plans: StoredPlans | None = None,
        engine: RollupEngine = roll_up,
        reading: Reading = in_duckdb,
    ) -> None:
        self._releases = releases
        self._log = log
        self._objectives = objectives
        self._plans = plans
        self._engine = engine
        self._reading = reading
        self._planned: dict[str, Mapping[str, Any]] = {}

    def scorecard(
        self,
        launch: Launch,
        now: datetime,
        *,
        segment: str | None = None,
        watching: bool = False,
        primary_only: bool = False,
    ) -> Scorecard:
        """Return the scorecard of a running or ended experiment.

        Args:
            launch: Whose experiment.
            now: The present.
            segment: Attribute to read the metrics by, too.
            watching: Read as of now by intervals that hold at any look, between planned looks too.
            primary_only: Leave the other metrics out.

        Raises:
            NotFound: code `not_started`, when it never went live.
        """
        spec = spec_of(launch)
        return score(
            self._log,
            spec,
            self._release(launch.surface).state.surface,
            started_at=_started(launch),
            now=now,
            ended_at=launch.ended_at,
            planned=self.planned(launch),
            phases=phases_of(launch, spec),
            segment=segment,
            watching=watching,
            primary_only=primary_only,
            engine=self._engine,
        )

    def planned(self, launch: Launch) -> PlannedUnits | None:
        """Return the units planned for a launch, as its start knew them and unchanged from then on; None if unknown."""
        kept = self._planned.get(launch.id)
        if kept is None:
            kept = self._planned[launch.id] = self._kept_plan(launch)
        return planned_from_document(kept) if kept.get("by_day") else None

    def traffic(self, now: datetime) -> RecordedTraffic:
        """Return what was recorded before an instant, for designs."""
        return RecordedTraffic(
            self._log, lambda key: self._release(key).state.surface, lambda: now, reading=self._reading
        )

    def power(self, now: datetime, *, surface: str, **asked: Any) -> dict[str, Any]:
        """Return when an experiment on a surface would be ready, as a document.

        Args:
            now: What was recorded before it counts.
            surface: Where it would run.
            asked: Fields of `PowerAsk`, the metric among them.

        Raises:
            NotFound: code `unknown_surface` or `unknown_metric`.
            InvalidInput: A number of the question is out of its range.
        """
        ask = PowerAsk(surface=surface, **asked)
        return power(ask, self._release(surface).state.surface, self.traffic(now))

    def _kept_plan(self, launch: Launch) -> Mapping[str, Any]:
        registered = None if self._plans is None else self._plans.get(launch.experiment)
        if registered is not None and (registered.get("planned_units") or {}).get("launch") == launch.id:
            found: Mapping[str, Any] = registered["planned_units"]
            return found
        spec = spec_of(launch)
        traffic = self.traffic(_started(launch))
        units = traffic.units_per_day(spec.surface, audience=spec.audience, unit=spec.unit)
        if isinstance(units, Unknown):
            document = {"launch": launch.id, "by_day": [], "source": units.reason}
        else:
            document = {"launch": launch.id, **planned_units(spec, units).as_document()}
        if self._plans is not None and registered is not None:
            self._plans.put(launch.experiment, {**registered, "planned_units": document})
        return document

    def read(
        self, launch: Launch, now: datetime, *, segment: str | None = None
    ) -> tuple[Scorecard, ExperimentDecision]:
        """Return the scorecard and what it asks for now."""
        card = self.scorecard(launch, now, segment=segment)
        least = self._release(launch.surface).state.surface.policy.least_units_to_ship
        return card, decide(card, spec_of(launch), least_units=least)

    def placebo(self, launch: Launch, now: datetime) -> Scorecard:
        """Return the scorecard of an A/A experiment on the control units, split again by another salt."""
        spec = spec_of(launch)
        told_as = f"{spec.key}-placebo"
        arms = (VariantSpec(key="control-a"), VariantSpec(key="control-b"))
        # Read once, at its end: nobody acts on it.
        analysis = spec.analysis.model_copy(update={"test": "fixed"})
        # The split is independent of everything, and so of when the design let it end: the days that it ran are all.
        ran = spec.schedule.days if launch.ended_at is None else (launch.ended_at - _started(launch)).days
        schedule = spec.schedule.model_copy(update={"days": max(1, min(ran, spec.schedule.days)), "ramp": ()})
        log = PlaceboLog(
            self._log,
            experiment=spec.key,
            variant=spec.control.key,
            told_as=told_as,
            variants=(arms[0].key, arms[1].key),
        )
        return score(
            log,
            spec.model_copy(update={"key": told_as, "variants": arms, "analysis": analysis, "schedule": schedule}),
            self._release(launch.surface).state.surface,
            started_at=_started(launch),
            now=now,
            ended_at=launch.ended_at,
        )

    def inspect(self, launch: Launch, now: datetime) -> Inspection:
        """Return what a look finds: harm and split by tests that hold at any number of looks, and the error budget."""
        spec = spec_of(launch)
        card = self.scorecard(launch, now, watching=True)
        findings = self.running_findings(launch, now)
        smoke = Smoke()
        if all(entry.step != SMOKE_STEP for entry in launch.timeline):
            smoke = smoke_check(self._log, spec, findings, started_at=_started(launch), now=now)
        return Inspection(
            findings=(*card.findings, *findings),
            srm=any(finding.code == "sample_ratio_mismatch" for finding in findings),
            harmed=harmed(card),
            broken=smoke.broken,
            silent=any(finding.code in ("no_exposures", "exposures_stopped") for finding in findings),
            smoke=smoke.passed,
            conclusion=early_end(*self.read(launch, now), spec),
            budget_open=self.budget(launch.surface, now).is_open,
            scorecard={"digest": card.digest},
        )

    def running_findings(self, launch: Launch, now: datetime) -> tuple[Finding, ...]:
        """Return what is wrong with the records of a running experiment."""
        spec, experiments = spec_of(launch), self._release(launch.surface).state.experiments
        live = [key for key, experiment in experiments.items() if experiment.started_at is not None]
        phases = phases_of(launch, spec)
        share = stages(spec)[launch.stage][0]
        return check_running(
            self._log, spec, started_at=_started(launch), now=now, live=live, phases=phases, share=share
        )

    def novelty(self, launch: Launch, now: datetime, *, metric: str | None = None) -> dict[str, Any]:
        """Return the effect by days since first exposure, as a document.

        Raises:
            NotFound: code `not_started`.
            InvalidInput: code `unknown_metric` or `no_days`.
        """
        spec, at = spec_of(launch), self._release(launch.surface).state.surface
        return read_novelty(
            self._log,
            spec,
            at,
            started_at=_started(launch),
            now=now,
            ended_at=launch.ended_at,
            metric=metric,
            reading=self._reading,
        )

    def course(self, launch: Launch, now: datetime) -> dict[str, Any]:
        """Return the primary metric at every look so far, and what can still be detected, as a document.

        Raises:
            NotFound: code `not_started`.
        """
        spec, at = spec_of(launch), self._release(launch.surface).state.surface
        primary, started_at = at.metrics.get(spec.metrics.primary.metric), _started(launch)

        def before_the_start() -> MetricModel | None:
            history = self.traffic(started_at).metric_history(
                spec.surface, spec.metrics.primary.metric, audience=spec.audience
            )
            if isinstance(history, Unknown) or primary is None or history.variance <= 0:
                return None
            return model_from(history, proportion=primary.type == "proportion")

        return read_course(
            self._log,
            spec,
            at,
            started_at=started_at,
            now=now,
            ended_at=launch.ended_at,
            planned=self.planned(launch),
            phases=phases_of(launch, spec),
            model=before_the_start,
            engine=self._engine,
        )

    def interactions(self, surface: str, now: datetime) -> dict[str, Any]:
        """Return which experiments of a surface disturb each other, as a document; archived ones are left out."""
        state = self._release(surface).state
        ran = [
            RunningExperiment(spec=each.spec, started_at=each.started_at, ended_at=each.ended_at)
            for each in state.experiments.values()
            if each.started_at is not None
        ]
        return read_interactions(self._log, state.surface, ran, now=now, reading=self._reading)

    def holdout(
        self, surface: str, key: str, now: datetime, promised: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """Return what all changes shipped since a holdout began did together, as a document.

        Args:
            promised: Metric -> relative effect that single experiments promised, for the share of it that was kept.

        Raises:
            NotFound: code `unknown_holdout`.
        """
        state = self._release(surface).state
        if key not in state.holdouts:
            known = ", ".join(state.holdouts) or "none"
            raise NotFound(
                "unknown_holdout", f"{surface} has no holdout {key!r}", where="holdout", fix=f"known: {known}"
            )
        held = state.holdouts[key]
        salt = bucket_salt(bucket_salt_of(surface), unit_type=held.unit, surface_unit=state.surface.unit)
        return read_holdout(
            self._log, state.surface, held, salt=salt, now=now, promised=promised, reading=self._reading
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


def phases_of(launch: Launch, spec: ExperimentSpec) -> tuple[SplitPhase, ...]:
    """Return when the share of units changed: at the start, and at each stage that the ramp took."""
    steps = [entry.at for entry in launch.timeline if entry.step == Goal.STAGE]
    weights = tuple(float(variant.weight) for variant in spec.variants)
    return tuple(SplitPhase(starts_at=at, weights=weights) for at in (_started(launch), *steps))


def _started(launch: Launch) -> datetime:
    if launch.started_at is None:
        raise NotFound(
            "not_started", f"{launch.experiment!r} has not gone live", where="experiment", fix="wait until it runs"
        )
    return launch.started_at
