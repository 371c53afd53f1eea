"""Service levels: objectives, error budgets, burn rates and the gates that follow from them."""

from counterpoint.slo.budget import (
    BURN_WINDOWS,
    BurnWindow,
    Counts,
    ErrorBudget,
    Gate,
    GateVerdict,
    alerts,
    burn_rate,
    gate,
    gate_all,
)
from counterpoint.slo.objectives import Objective, parse_objectives
from counterpoint.slo.prometheus import prometheus_rules

__all__ = [
    "BURN_WINDOWS",
    "BurnWindow",
    "Counts",
    "ErrorBudget",
    "Gate",
    "GateVerdict",
    "Objective",
    "alerts",
    "burn_rate",
    "gate",
    "gate_all",
    "parse_objectives",
    "prometheus_rules",
]
