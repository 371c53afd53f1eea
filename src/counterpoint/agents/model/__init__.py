"""The language-model planner: a model proposes, code grounds, validates, compares and disposes."""

from counterpoint.agents.model.budget import Allowance, Budget, Call, Ledger
from counterpoint.agents.model.draft import Draft
from counterpoint.agents.model.language import Judge, LanguageModel, ModelTrouble, Price
from counterpoint.agents.model.planner import ModelPlanner
from counterpoint.agents.model.prompt import Brief, brief_of
from counterpoint.agents.model.record import planner_sentences

__all__ = [
    "Allowance",
    "Brief",
    "Budget",
    "Call",
    "Draft",
    "Judge",
    "LanguageModel",
    "Ledger",
    "ModelPlanner",
    "ModelTrouble",
    "Price",
    "brief_of",
    "planner_sentences",
]
