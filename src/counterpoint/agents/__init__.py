"""Agents: from a hypothesis in words to a validated experiment."""

from counterpoint.agents.checks import CHECKS, Check
from counterpoint.agents.doctor import (
    Advice,
    Diagnosis,
    LaunchMove,
    Recorded,
    Remedy,
    RuleRemoval,
    contradictions,
    diagnose_launch,
)
from counterpoint.agents.evaluation import Case, Evaluation, Reader, evaluate, jsonl, load_cases, render_table
from counterpoint.agents.generator import Generated, generate
from counterpoint.agents.knowledge import (
    EffectHistory,
    Match,
    effect_history,
    expected_effect,
    expected_effects,
    search_past,
)
from counterpoint.agents.learning import learn_associations
from counterpoint.agents.model import Budget, ModelPlanner, Price, planner_sentences
from counterpoint.agents.offline import Lexicon, default_lexicon, load_lexicon, plan_offline
from counterpoint.agents.plan import Missing, Outcome, Plan, PlannedGuardrail, Provenance, RejectReason, Source
from counterpoint.agents.planners import OfflinePlanner, Planned, Planner, Review
from counterpoint.agents.ports import (
    ArmPreview,
    Budgets,
    PagePreview,
    PastExperiment,
    Preview,
    World,
)
from counterpoint.agents.risk import AGENT_PREFIX, RiskBudget, guard_findings, is_agent, risk_findings
from counterpoint.agents.summary import Figure, Sentence, summarize, unsupported
from counterpoint.agents.validator import VALIDATOR, apply_fixes, fixed_document, may_launch, validate

__all__ = [
    "AGENT_PREFIX",
    "CHECKS",
    "VALIDATOR",
    "Advice",
    "ArmPreview",
    "Budget",
    "Budgets",
    "Case",
    "Check",
    "Diagnosis",
    "EffectHistory",
    "Evaluation",
    "Figure",
    "Generated",
    "LaunchMove",
    "Lexicon",
    "Match",
    "Missing",
    "ModelPlanner",
    "OfflinePlanner",
    "Outcome",
    "PagePreview",
    "PastExperiment",
    "Plan",
    "Planned",
    "PlannedGuardrail",
    "Planner",
    "Preview",
    "Price",
    "Provenance",
    "Reader",
    "Recorded",
    "RejectReason",
    "Remedy",
    "Review",
    "RiskBudget",
    "RuleRemoval",
    "Sentence",
    "Source",
    "World",
    "apply_fixes",
    "contradictions",
    "default_lexicon",
    "diagnose_launch",
    "effect_history",
    "evaluate",
    "expected_effect",
    "expected_effects",
    "fixed_document",
    "generate",
    "guard_findings",
    "is_agent",
    "jsonl",
    "learn_associations",
    "load_cases",
    "load_lexicon",
    "may_launch",
    "plan_offline",
    "planner_sentences",
    "render_table",
    "risk_findings",
    "search_past",
    "summarize",
    "unsupported",
    "validate",
]
