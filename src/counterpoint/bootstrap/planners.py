"""Which planner reads hypotheses, the rules or the language model that the settings name, and in which language."""

import time
from collections.abc import Callable
from pathlib import Path

from counterpoint.agents import Budget, Lexicon, ModelPlanner, OfflinePlanner, Planner, Price, load_lexicon
from counterpoint.agents.providers import Endpoint, open_language_model
from counterpoint.errors import InvalidInput
from counterpoint.settings import OFFLINE, PlannerSettings


def open_planner(settings: PlannerSettings, *, stopwatch: Callable[[], float] = time.perf_counter) -> Planner:
    """Return the planner that is set; nothing is sent to a model before it is asked.

    Raises:
        InvalidInput: The model's extra is not installed, its name is no model, or its cost cannot be bounded; or
            `language_unreadable`: the language folder cannot be read.
    """
    lexicon = None if settings.language is None else _own_lexicon(settings.language)
    if settings.planner == OFFLINE:
        return OfflinePlanner(lexicon=lexicon)
    price = None if settings.price is None else Price(input_usd=settings.price[0], output_usd=settings.price[1])
    endpoint = Endpoint(model=settings.planner, url=settings.url, key=settings.key, price=price)
    return ModelPlanner(
        model=open_language_model(endpoint, stopwatch=stopwatch, needs_price=settings.cost_usd is not None),
        budget=Budget(
            rounds=settings.rounds, tokens=settings.tokens, seconds=settings.seconds, cost_usd=settings.cost_usd
        ),
        second_opinion=settings.second_opinion,
        stopwatch=stopwatch,
        lexicon=lexicon,
    )


def _own_lexicon(folder: Path) -> Lexicon:
    """Return the package's language data with a surface owner's: its YAML files, and what was learned, `*.json`."""
    try:
        words = [path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))]
        learned = [path.read_text("utf-8") for path in sorted(folder.glob("*.json"))]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "language_unreadable", f"it cannot be read ({error})", where=str(folder), fix="name a folder of text files"
        ) from error
    if not words and not learned:
        raise InvalidInput(
            "language_unreadable",
            "there is no YAML or JSON file in this folder",
            where=str(folder),
            fix="put words.yaml or what `counterpoint learn` writes there, or unset COUNTERPOINT_PLANNER_LANGUAGE",
        )
    return load_lexicon(*words, learned=learned)
