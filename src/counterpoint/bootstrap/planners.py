"""Which planner reads hypotheses: the rules, or the language model that the settings name."""

import time
from collections.abc import Callable

from counterpoint.agents import Budget, ModelPlanner, OfflinePlanner, Planner, Price
from counterpoint.agents.providers import Endpoint, open_language_model
from counterpoint.settings import OFFLINE, PlannerSettings


def open_planner(settings: PlannerSettings, *, stopwatch: Callable[[], float] = time.perf_counter) -> Planner:
    """Return the planner that is set; nothing is sent to a model before it is asked.

    Raises:
        InvalidInput: The model's extra is not installed, its name is no model, or its cost cannot be bounded.
    """
    if settings.planner == OFFLINE:
        return OfflinePlanner()
    price = None if settings.price is None else Price(input_usd=settings.price[0], output_usd=settings.price[1])
    endpoint = Endpoint(model=settings.planner, url=settings.url, key=settings.key, price=price)
    return ModelPlanner(
        model=open_language_model(endpoint, stopwatch=stopwatch, needs_price=settings.cost_usd is not None),
        budget=Budget(
            rounds=settings.rounds, tokens=settings.tokens, seconds=settings.seconds, cost_usd=settings.cost_usd
        ),
        second_opinion=settings.second_opinion,
        stopwatch=stopwatch,
    )
