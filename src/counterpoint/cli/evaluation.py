"""The commands about labelled hypotheses: measure a planner on them, and learn from them what words mean."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command
from counterpoint.cli.writing import write_text
from counterpoint.settings import OFFLINE, Settings

if TYPE_CHECKING:
    from counterpoint.agents import Plan, Planned
    from counterpoint.config import Surface


def add_commands(commands: Commands) -> None:
    """Add `eval` and `learn`."""
    evaluate = command(commands, "eval", _evaluate, "measure a planner on labelled hypotheses")
    evaluate.add_argument("what", choices=["plans"], help="what to evaluate")
    evaluate.add_argument("cases", type=Path, help="YAML file of labelled hypotheses")
    evaluate.add_argument("--surface", type=Path, required=True, help="YAML file of their surface")
    evaluate.add_argument(
        "--planner",
        default=OFFLINE,
        metavar="offline|MODEL",
        help="which planner: offline, or a model such as openai:NAME, with the key, address and budgets of the "
        "environment (default offline)",
    )
    evaluate.add_argument("--jsonl", action="store_true", help="print one JSON object a case, and nothing else")
    learn = command(commands, "learn", _learn, "learn from labelled hypotheses which words speak of what on a surface")
    learn.add_argument("cases", type=Path, nargs="+", help="YAML files of labelled hypotheses")
    learn.add_argument("--surface", type=Path, required=True, help="YAML file of their surface")
    learn.add_argument(
        "--write", type=Path, metavar="FILE", help="write there, into the folder of COUNTERPOINT_PLANNER_LANGUAGE"
    )


def _evaluate(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.agents import evaluate, jsonl, load_cases, plan_offline, render_table
    from counterpoint.bootstrap import open_planner
    from counterpoint.config import load_surface

    surface = load_surface(read_text(words.surface), source=str(words.surface))
    cases = load_cases(read_text(words.cases), str(words.cases))
    reader: Callable[[str, Surface], Plan | Planned] = plan_offline
    if settings.planner.language is not None:
        reader = open_planner(replace(settings.planner, planner=OFFLINE)).plan
    if words.planner != OFFLINE:
        reader = _asking(words.planner, settings)
    evaluation = evaluate(cases, surface, reader, name=words.planner)
    print(jsonl(evaluation) if words.jsonl else render_table(evaluation))
    return 0


def _learn(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.agents import learn_associations, load_cases
    from counterpoint.config import load_surface

    del settings
    surface = load_surface(read_text(words.surface), source=str(words.surface))
    cases = [case for path in words.cases for case in load_cases(read_text(path), str(path))]
    learned = learn_associations(cases, surface)
    if words.write is None:
        print(learned)
        return 0
    write_text(words.write, learned + "\n")
    print(f"learned from {len(cases)} hypotheses: {words.write}")
    return 0


def _asking(model: str, settings: Settings) -> "Callable[[str, Surface], Plan | Planned]":
    """Return what asks `model`, with the validator's checks that need no platform in the loop."""
    from counterpoint.agents import World, generate, validate
    from counterpoint.bootstrap import open_planner

    planner = open_planner(replace(settings.planner, planner=model))
    world = World(now=datetime.now(UTC))

    def read(text: str, surface: "Surface") -> "Planned":
        return planner.plan(
            text,
            surface,
            review=lambda plan: validate(
                generate(plan, surface, owner="evaluation", hypothesis=text).spec, surface, world
            ),
        )

    return read
