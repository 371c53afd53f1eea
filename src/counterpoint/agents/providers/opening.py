"""Opens the language model that a setting names, and says clearly what is missing when it cannot be opened."""

import time
from collections.abc import Callable
from importlib.util import find_spec

from counterpoint.agents.model import LanguageModel
from counterpoint.agents.providers.endpoint import Endpoint
from counterpoint.errors import InvalidInput

_EXTRA = "models"


def open_language_model(
    endpoint: Endpoint, *, stopwatch: Callable[[], float] = time.perf_counter, needs_price: bool = False
) -> LanguageModel:
    """Return the model at an endpoint; nothing is sent yet.

    Args:
        stopwatch: Seconds of a monotonic clock.
        needs_price: Whether a budget of cost has to be kept.

    Raises:
        InvalidInput: `models_not_installed`, when the package was installed without its extra; `unknown_planner`, when
            the setting is no provider and model; `price_not_known`, when a cost has to be bounded that nobody knows.
    """
    provider, _, model = endpoint.model.partition(":")
    if not provider or not model:
        raise InvalidInput(
            "unknown_planner",
            f"{endpoint.model!r} names no provider and model",
            where="COUNTERPOINT_PLANNER",
            fix="write offline, or a model such as openai:NAME",
        )
    if find_spec("pydantic_ai") is None:
        raise InvalidInput(
            "models_not_installed",
            f"the planner {endpoint.model} needs the language model extra, which is not installed",
            where="COUNTERPOINT_PLANNER",
            fix=f"pip install 'counterpoint[{_EXTRA}]', or set it to offline",
        )
    from counterpoint.agents.providers.chat import ChatModel, has_known_price

    if needs_price and endpoint.price is None and not has_known_price(endpoint):
        raise InvalidInput(
            "price_not_known",
            f"a budget of cost is set, and nobody knows what {endpoint.model} costs",
            where="COUNTERPOINT_PLANNER_COST_USD",
            fix="set COUNTERPOINT_MODEL_PRICE to US dollars for a million tokens, read/written, such as 0.15/0.60",
        )
    return ChatModel(endpoint=endpoint, stopwatch=stopwatch)
