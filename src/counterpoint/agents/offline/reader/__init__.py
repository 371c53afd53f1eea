"""The reader: a small language network that says what a hypothesis speaks of; the second opinion beside the grammar."""

from counterpoint.agents.offline.reader.arms import Drafted, completed_arms, draft, plain_arms, same_arms, shapes_of
from counterpoint.agents.offline.reader.grammar_reading import GrammarReading
from counterpoint.agents.offline.reader.judgement import (
    Judged,
    Weights,
    arm_features,
    audience_features,
    direction_features,
    drafts_of,
    judge,
    judge_fields,
    metric_features,
    plan_features,
    whole_features,
)
from counterpoint.agents.offline.reader.network import Network, default_network, load_network
from counterpoint.agents.offline.reader.signals import QuantitySignals, Signals
from counterpoint.agents.offline.reader.ways import values_by_way

__all__ = [
    "Drafted",
    "GrammarReading",
    "Judged",
    "Network",
    "QuantitySignals",
    "Signals",
    "Weights",
    "arm_features",
    "audience_features",
    "completed_arms",
    "default_network",
    "direction_features",
    "draft",
    "drafts_of",
    "judge",
    "judge_fields",
    "load_network",
    "metric_features",
    "plain_arms",
    "plan_features",
    "same_arms",
    "shapes_of",
    "values_by_way",
    "whole_features",
]
