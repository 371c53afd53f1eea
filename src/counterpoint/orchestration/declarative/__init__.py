"""Declarative use: a folder of specs is the desired state, planned, applied and exported through the one workflow."""

from counterpoint.orchestration.declarative.applying import Done, apply_plan
from counterpoint.orchestration.declarative.comparing import differences
from counterpoint.orchestration.declarative.exporting import adopt, exported, spec_text
from counterpoint.orchestration.declarative.items import (
    CHANGES,
    DROPPED,
    EXPERIMENT,
    REPLACED,
    Act,
    Declared,
    Head,
    Item,
    StatePlan,
    Unreadable,
)
from counterpoint.orchestration.declarative.planning import plan_state
from counterpoint.orchestration.declarative.saved import declared_in, plan_document, require_unmoved

__all__ = [
    "CHANGES",
    "DROPPED",
    "EXPERIMENT",
    "REPLACED",
    "Act",
    "Declared",
    "Done",
    "Head",
    "Item",
    "StatePlan",
    "Unreadable",
    "adopt",
    "apply_plan",
    "declared_in",
    "differences",
    "exported",
    "plan_document",
    "plan_state",
    "require_unmoved",
    "spec_text",
]
