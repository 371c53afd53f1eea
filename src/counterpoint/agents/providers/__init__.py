"""Providers: language models behind the planner's port; imported only where one is configured, and only then."""

from counterpoint.agents.providers.endpoint import Endpoint
from counterpoint.agents.providers.opening import open_language_model

__all__ = ["Endpoint", "open_language_model"]
