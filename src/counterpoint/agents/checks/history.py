"""Checks against history: what past experiments already asked, and what effects they found on the primary metric."""

from collections.abc import Iterator
from typing import Any

from counterpoint.agents.checks.findings import info, warning
from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.knowledge import effect_history
from counterpoint.agents.ports import PastExperiment, World
from counterpoint.config import Surface
from counterpoint.experiments import ExperimentSpec, Unknown
from counterpoint.vocabulary import Finding

_FAR = 2.0
"""Standard deviations of past true effects beyond which an effect size would be news."""


def check_past(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Name past experiments that asked the same, or nearly so, with what they found."""
    for past in world.past:
        if past.surface != surface.key or not past.parameters & set(spec.parameters):
            continue
        result = (
            f"{past.relative_effect:+.2%} on {past.primary}"
            if past.relative_effect is not None
            else "no effect measured"
        )
        if (
            past.parameters == set(spec.parameters)
            and past.primary == spec.metrics.primary.metric
            and same_audience(surface, past.audience, spec.audience)
        ):
            yield warning(
                "duplicate_of_past",
                "hypothesis",
                f"'{past.key}' asked the same: {result}, {past.decision}",
                **_facts(past),
            )
        elif past.parameters == set(spec.parameters):
            yield info(
                "similar_to_past",
                "hypothesis",
                f"'{past.key}' set the same parameters: {result}, {past.decision}",
                **_facts(past),
            )


def _facts(past: PastExperiment) -> dict[str, Any]:
    return {"experiment": past.key, "relative_effect": past.relative_effect, "decision": past.decision}


def check_effect_size(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Warn of a minimum detectable effect that would be larger than what experiments on this metric ever find."""
    mde = spec.metrics.primary.mde
    if mde is None:
        return
    history = effect_history(world.past, surface=surface.key, metric=spec.metrics.primary.metric)
    if isinstance(history, Unknown):
        return
    likely = abs(history.prior.mean) + _FAR * history.prior.variance**0.5
    if mde > max(likely, abs(history.largest)):
        yield warning(
            "effect_larger_than_history",
            "metrics.primary.mde",
            f"{mde:.2%} is more than any of {history.n} past experiments found on {history.metric}: the largest was"
            f" {history.largest:+.2%} ('{history.largest_in}'), a typical true effect is {history.typical:.2%};"
            " a design for it would miss what can be expected",
            **history.as_document(),
        )
