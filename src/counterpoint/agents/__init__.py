"""Agents: from a hypothesis in words to a validated experiment."""

from counterpoint.agents.evaluation import Case, Evaluation, Planner, evaluate, jsonl, load_cases, render_table
from counterpoint.agents.offline import Lexicon, default_lexicon, load_lexicon, plan_offline
from counterpoint.agents.plan import Missing, Outcome, Plan, PlannedGuardrail, Provenance, RejectReason, Source
from counterpoint.agents.ports import PastExperiment

__all__ = [
    "Case",
    "Evaluation",
    "Lexicon",
    "Missing",
    "Outcome",
    "PastExperiment",
    "Plan",
    "PlannedGuardrail",
    "Planner",
    "Provenance",
    "RejectReason",
    "Source",
    "default_lexicon",
    "evaluate",
    "jsonl",
    "load_cases",
    "load_lexicon",
    "plan_offline",
    "render_table",
]
