"""The command that measures the planner on labelled hypotheses."""

import argparse
from pathlib import Path

from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `eval`."""
    evaluate = command(commands, "eval", _evaluate, "measure a planner on labelled hypotheses")
    evaluate.add_argument("what", choices=["plans"], help="what to evaluate")
    evaluate.add_argument("cases", type=Path, help="YAML file of labelled hypotheses")
    evaluate.add_argument("--surface", type=Path, required=True, help="YAML file of their surface")
    evaluate.add_argument("--planner", default="offline", choices=["offline"], help="which planner (default offline)")
    evaluate.add_argument("--jsonl", action="store_true", help="print one JSON object a case, and nothing else")


def _evaluate(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.agents import evaluate, jsonl, load_cases, plan_offline, render_table
    from counterpoint.config import load_surface

    surface = load_surface(read_text(words.surface), source=str(words.surface))
    evaluation = evaluate(load_cases(read_text(words.cases), str(words.cases)), surface, plan_offline)
    print(jsonl(evaluation) if words.jsonl else render_table(evaluation))
    return 0
