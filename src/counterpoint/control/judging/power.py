"""Power from recorded history: a surface, an audience and a metric become the day on which an experiment is ready."""

import difflib
from dataclasses import dataclass
from typing import Any

from counterpoint.config import Metric, Surface
from counterpoint.errors import CannotCompute, NotFound
from counterpoint.experiments import MetricHistory, TrafficHistory, UnitsPerDay, Unknown
from counterpoint.metrics import (
    DesignQuestion,
    Forecast,
    Test,
    answer_design,
    design_of_kind,
    model_from,
)
from counterpoint.stats import Alternative, MetricModel

MAX_DAYS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerAsk:
    """What somebody wants to know before an experiment.

    Attributes:
        surface: Where it would run.
        metric: Of that surface.
        audience: CEL over the surface's attributes; everybody by default.
        effect: Relative effect to find, positive; the side is the metric's better one. None only with a margin.
        margin: Relative margin of a guardrail, positive; None for a success metric.
        allocation: Share of the audience, in (0, 1].
        weights: Of the variants, control first.
        n_success: Success metrics of the experiment.
        n_guardrails: Guardrails of the experiment.
        alpha: Two-sided level of the decision.
        power: Of the decision.
        test: How it is read.
        look_every: Days between planned looks.
        cuped: Whether the past adjusts the present.
        trigger_rate: Share of assigned units whose page the change reaches, in (0, 1].
        spread: Standard deviation of the traffic forecast's relative error.
        max_days: Longest schedule considered.
        holdout: Share of the units in each half of a holdout whose joint effect is to be found; None for an experiment.
        interaction_with: Split of a second experiment over the same units, control first, when `effect` is the
            interaction with it; None for an experiment's own effect.
        overlap: Share of the experiment's units that are in that second one too.
    """

    surface: str
    metric: str
    audience: str = "true"
    effect: float | None = None
    margin: float | None = None
    allocation: float = 1.0
    weights: tuple[float, ...] = (1.0, 1.0)
    n_success: int = 1
    n_guardrails: int = 0
    alpha: float = 0.05
    power: float = 0.8
    test: Test = "group_sequential"
    look_every: int = 1
    cuped: bool = False
    trigger_rate: float = 1.0
    spread: float = 0.1
    max_days: int = MAX_DAYS
    holdout: float | None = None
    interaction_with: tuple[float, ...] | None = None
    overlap: float = 1.0


def power(ask: PowerAsk, surface: Surface, traffic: TrafficHistory) -> dict[str, Any]:
    """Return the answer as a document: ready on which day, or never, or not known and why.

    Args:
        ask: What is wanted.
        surface: As declared.
        traffic: Its recorded history.

    Raises:
        NotFound: code `unknown_metric`.
        InvalidInput: A number is out of its range, or the audience is not CEL over the surface's attributes.
    """
    metric = _metric(surface, ask.metric)
    units = traffic.units_per_day(surface.key, audience=ask.audience)
    if isinstance(units, Unknown):
        return _unknown(ask, units)
    history = traffic.metric_history(surface.key, metric.key, audience=ask.audience)
    if isinstance(history, Unknown):
        return _unknown(ask, history)
    try:
        model = model_from(history, proportion=metric.type == "proportion", trigger_rate=ask.trigger_rate)
        answer = answer_design(_question(ask, metric, model, units))
    except CannotCompute as error:
        return _unknown(ask, Unknown(code=error.code, reason=error.what))
    return {
        "known": True,
        "surface": surface.key,
        "audience": ask.audience,
        **answer.as_document(),
        "history": _history_document(history),
    }


def _question(ask: PowerAsk, metric: Metric, model: MetricModel, units: UnitsPerDay) -> DesignQuestion:
    better = Alternative.GREATER if metric.better == "higher" else Alternative.LESS
    effect = abs(ask.effect or 0.0)
    question = DesignQuestion(
        metric=metric.key,
        model=model,
        effect=0.0 if ask.margin is not None else effect if better == Alternative.GREATER else -effect,
        margin=ask.margin,
        better=better,
        window_days=metric.window_days,
        forecast=Forecast(new_per_day=units.per_day_new, spread=ask.spread, source=units.source),
        allocation=ask.allocation,
        weights=ask.weights,
        n_success=ask.n_success,
        n_guardrails=ask.n_guardrails,
        alpha=ask.alpha,
        power=ask.power,
        test=ask.test,
        look_every=ask.look_every,
        cuped=ask.cuped,
        max_days=ask.max_days,
    )
    return design_of_kind(question, holdout=ask.holdout, interaction_with=ask.interaction_with, overlap=ask.overlap)


def _metric(surface: Surface, key: str) -> Metric:
    if key not in surface.metrics:
        near = difflib.get_close_matches(key, surface.metrics, n=1)
        known = ", ".join(surface.metrics)
        raise NotFound(
            "unknown_metric",
            f"{surface.key} has no metric {key!r}",
            where="metric",
            fix=f"did you mean {near[0]!r}?" if near else f"one of: {known}",
        )
    return surface.metrics[key]


def _unknown(ask: PowerAsk, why: Unknown) -> dict[str, Any]:
    return {
        "known": False,
        "surface": ask.surface,
        "audience": ask.audience,
        "metric": ask.metric,
        "reason": {"code": why.code, "message": why.reason},
        "sentence": f"Not known: {why.reason}. Give the mean, its standard deviation and the units per day instead.",
    }


def _history_document(history: MetricHistory) -> dict[str, Any]:
    return {"n_units": history.n_units, "autocorrelation": history.autocorrelation, "source": history.source}
