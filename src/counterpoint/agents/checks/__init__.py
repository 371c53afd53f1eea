"""The validator's checks, in the order in which their findings are read."""

from collections.abc import Callable, Iterable

from counterpoint.agents.checks import audience, document, history, pages, policy, power, readiness, space
from counterpoint.agents.ports import World
from counterpoint.config import Surface
from counterpoint.experiments import ExperimentSpec
from counterpoint.vocabulary import Finding

Check = Callable[[ExperimentSpec, Surface, World], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    document.check_document,
    document.check_surface,
    document.check_values,
    document.check_treatments,
    document.check_metrics,
    document.check_direction,
    document.check_window,
    document.check_analysis,
    audience.check_expression,
    audience.check_sensitive,
    audience.check_request_scope,
    audience.check_reach,
    policy.check_required_guardrails,
    policy.check_margins,
    policy.check_ramp,
    policy.check_stop_rules,
    policy.check_approvals,
    space.check_space,
    space.check_holdouts,
    space.check_together,
    pages.check_pages,
    power.check_power,
    power.check_guardrail_power,
    readiness.check_budgets,
    readiness.check_freezes,
    history.check_past,
    history.check_effect_size,
)

__all__ = ["CHECKS", "Check"]
