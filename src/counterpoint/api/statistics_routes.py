"""The routes of statistics beside one scorecard: power, novelty, interactions, the programme."""

from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from counterpoint.api.answers import answers
from counterpoint.api.ports import Document

SurfaceKey = Annotated[str, Path(description="Key of the surface, such as `home`.", max_length=256)]
ExperimentKey = Annotated[str, Path(description="Key of the experiment.", max_length=256)]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Weights = Annotated[list[Annotated[float, Field(gt=0, allow_inf_nan=False)]], Field(min_length=2, max_length=50)]

_ASKED: dict[str, Any] = {"metric": "minutes_7d", "effect": 0.02, "cuped": True}
_POWER = {
    "known": True,
    "kind": "effect",
    "metric": "minutes_7d",
    "ready": True,
    "day": 21,
    "probability": 0.52,
    "units_needed": 331633.2,
    "units_expected": 332000.0,
    "detectable_effect": 0.011,
    "by_day": [{"day": 8, "power": 0.06, "probability": 0.0}],
    "curve": [{"relative_effect": 0.0, "power": 0.05}],
    "designs": [{"design": "one look at the end", "test": "fixed", "cuped": False, "units": 316293.1, "day": 20}],
    "remedies": [],
    "sentence": "Ready on day 21 with probability 52%: ...",
}
_NOVELTY = {
    "experiment": "podcasts-second-se",
    "metric": "minutes_7d",
    "as_of": "2026-11-22T09:30:00+00:00",
    "days_followed": 7,
    "looks": "one",
    "variants": [],
}
_COURSE = {
    "experiment": "podcasts-second-se",
    "metric": "minutes_7d",
    "direction": "increase",
    "unit": "min",
    "as_of": "2026-11-22T09:30:00+00:00",
    "days": 28,
    "today": 15.06,
    "window_days": 7,
    "test": "group_sequential",
    "planned_looks": [8, 15, 22, 28],
    "mde": 0.025,
    "points": [
        {
            "day": 15,
            "at": "2026-11-22T08:00:00+00:00",
            "variants": [
                {
                    "variant": "second",
                    "n_control": 52110,
                    "n_treatment": 51922,
                    "looks": "planned",
                    "relative_effect": 0.0176,
                    "relative_ci_lower": -0.0047,
                    "relative_ci_upper": 0.0398,
                    "anytime": None,
                    "reason": None,
                }
            ],
        }
    ],
    "detectable": {
        "power": 0.8,
        "source": "this experiment",
        "today": {"day": 15, "units": 104032, "change": 0.0216},
        "by_day": [{"day": 15, "units": 104032, "change": 0.0216}],
        "reason": None,
    },
    "inputs": {"code": "0.1.0"},
}
_INTERACTIONS = {
    "surface": "home",
    "as_of": "2026-11-22T09:30:00+00:00",
    "n_experiments": 2,
    "n_pairs": 0,
    "n_tests": 0,
    "q": 0.05,
    "pairs": [],
    "sentence": "No two experiments share exposed units.",
}
_RECHECK = {
    "experiment": "podcasts-second-se",
    "as_of": "2026-11-22T09:30:00+00:00",
    "same": True,
    "changed": [],
    "late_events": False,
    "metrics": [],
    "verdict": {"kept": "ship", "now": "ship"},
    "sentence": "Computed again, it is the same: code, design, metrics, snapshots and data.",
}
_PROGRAMME = {
    "as_of": "2026-11-22T09:30:00+00:00",
    "days": 365,
    "total": {
        "ended": 12,
        "running": 3,
        "wins": 3,
        "learned": {"win": 3, "regression": 4, "neutral": 2, "inconclusive": 2, "invalid": 1},
        "learning_rate": 0.75,
        "win_rate": 0.25,
        "days_to_decision": {"median": 21.0, "p90": 28.0},
        "rolled_back_by_guardrails": 0.25,
        "traffic_of_experiments": 0.6,
    },
    "surfaces": {},
    "owners": {},
    "experiments": [],
    "advice": [],
    "sentence": "Of 12 experiments that ended in the last 365 days 75% taught something and 25% won; ...",
}


class PowerBody(BaseModel):
    """What somebody wants to know before an experiment, a holdout or an interaction is measured."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_ASKED]})
    metric: Annotated[str, Field(min_length=1, max_length=256)]
    audience: Annotated[str, Field(max_length=4_000, description="CEL over the surface's attributes.")] = "true"
    effect: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="Relative effect to find; 0.02 is 2 %.")
    ] = None
    margin: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False, description="Relative margin of a guardrail, in place of effect."),
    ] = None
    allocation: Share = 1.0
    weights: Annotated[Weights, Field(description="Of the variants, control first.")] = [1.0, 1.0]
    n_success: Annotated[int, Field(ge=1, le=100)] = 1
    n_guardrails: Annotated[int, Field(ge=0, le=100)] = 0
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    power: Annotated[float, Field(gt=0, lt=1)] = 0.8
    test: Literal["fixed", "group_sequential", "always_valid"] = "group_sequential"
    look_every: Annotated[int, Field(ge=1, le=28, description="Days between planned looks.")] = 1
    cuped: bool = False
    trigger_rate: Share = 1.0
    spread: Annotated[float, Field(ge=0, lt=1, description="Relative error of the traffic forecast.")] = 0.1
    max_days: Annotated[int, Field(ge=1, le=730)] = 180
    holdout: Annotated[
        float | None, Field(gt=0, le=0.5, description="Share of the units in each half of a holdout, to ask about it.")
    ] = None
    interaction_with: Annotated[
        Weights | None, Field(description="Split of a second experiment, to ask about the interaction with it.")
    ] = None
    overlap: Share = 1.0
    draw: Annotated[bool, Field(description="Whether to add the power curves, drawn, as `svg`.")] = False

    @model_validator(mode="after")
    def _one_size(self) -> "PowerBody":
        if (self.effect is None) == (self.margin is None):
            raise ValueError("give either an effect to find or a margin")
        return self


class _Statistics(Protocol):
    """Every method may block, and raises only `counterpoint.errors`."""

    def power(self, surface: str, *, draw: bool = False, **asked: Any) -> Document: ...

    def novelty(self, key: str, *, metric: str | None = None) -> Document: ...

    def course(self, key: str) -> Document: ...

    def interactions(self, surface: str) -> Document: ...

    def recheck(self, key: str) -> Document: ...

    def programme(self, surface: str | None = None, *, days: int = 365) -> Document: ...


class _Measuring(Protocol):
    @property
    def statistics(self) -> _Statistics: ...


def statistics_routes(control: object) -> APIRouter:
    """Return the routes of statistics; none when `control` has none."""
    routes = APIRouter(prefix="/v1", tags=["records"])
    if not hasattr(control, "statistics"):
        return routes
    measuring: _Measuring = control

    @routes.post(
        "/surfaces/{surface}/power",
        summary="Ask how long an experiment has to run",
        description="From the metric's and the audience's recorded history to a day, or never and what would change it;"
        " for holdouts and interactions too. Not known is an answer: `known` is false and `reason` says why.",
        responses=answers(_POWER, 404, 422),
    )
    def ask_power(surface: SurfaceKey, body: PowerBody) -> Document:
        asked = body.model_dump()
        asked["weights"] = tuple(asked["weights"])
        if asked["interaction_with"] is not None:
            asked["interaction_with"] = tuple(asked["interaction_with"])
        return measuring.statistics.power(surface, **asked)

    @routes.get(
        "/surfaces/{surface}/interactions",
        summary="Read which experiments disturb each other",
        responses=answers(_INTERACTIONS, 404, 503),
    )
    def read_interactions(surface: SurfaceKey) -> Document:
        return measuring.statistics.interactions(surface)

    @routes.get(
        "/experiments/{key}/novelty",
        summary="Read an effect by days since first exposure",
        responses=answers(_NOVELTY, 404, 422, 503),
    )
    def read_novelty(
        key: ExperimentKey,
        metric: Annotated[str | None, Query(max_length=256, description="The primary one when left out.")] = None,
    ) -> Document:
        return measuring.statistics.novelty(key, metric=metric)

    @routes.get(
        "/experiments/{key}/course",
        summary="Read an effect look by look",
        description="The primary metric at every planned look so far, or on every day, as the design would have read it"
        " then; and the smallest true change that the experiment finds with its power, by the day on which it ends.",
        responses=answers(_COURSE, 404, 422, 503),
    )
    def read_course(key: ExperimentKey) -> Document:
        return measuring.statistics.course(key)

    @routes.get(
        "/experiments/{key}/recheck",
        summary="Compute a decided scorecard again",
        description="From today's records, as of the same instant: what changed since (late events), by how much,"
        " and whether the decision would be another.",
        responses=answers(_RECHECK, 404, 409, 503),
    )
    def recheck_results(key: ExperimentKey) -> Document:
        return measuring.statistics.recheck(key)

    @routes.get(
        "/programme",
        summary="Read what all experiments together taught",
        description="Learning rate, win rate, time to decision, share stopped by guardrails, traffic in use: in total,"
        " by surface and by owner; for one surface with advice on isolated, overlapping and holdout designs.",
        responses=answers(_PROGRAMME, 404, 422, 503),
    )
    def read_programme(
        surface: Annotated[str | None, Query(max_length=256, description="Only of this surface, with advice.")] = None,
        days: Annotated[int, Query(ge=1, le=3_650, description="Length of the period, until now.")] = 365,
    ) -> Document:
        return measuring.statistics.programme(surface, days=days)

    return routes
