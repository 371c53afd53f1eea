"""The language model port: what the planner asks of a provider, and how a provider says that it has nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from counterpoint.agents.model.budget import Ledger
from counterpoint.agents.model.draft import Draft
from counterpoint.agents.model.prompt import Brief
from counterpoint.agents.model.trouble import ModelTrouble

Judge = Callable[[Draft], str | None]
"""Says what is wrong with a draft, in words for the model; None when it may stand."""

__all__ = ["Judge", "LanguageModel", "ModelTrouble", "Price"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs.

    Attributes:
        input_usd: US dollars for a million tokens that it reads.
        output_usd: US dollars for a million tokens that it writes.
    """

    input_usd: float
    output_usd: float

    def of(self, n_input: int, n_output: int) -> float:
        """Return the cost of one call in US dollars."""
        return (n_input * self.input_usd + n_output * self.output_usd) / 1_000_000


class LanguageModel(Protocol):
    """A model behind some provider."""

    @property
    def name(self) -> str:
        """Provider and model, as the setting names them; never a key."""
        ...

    def converse(self, brief: Brief, judge: Judge, ledger: Ledger) -> Draft:
        """Ask for a draft, hand back what `judge` says of it, and return the first that it has nothing to say about.

        Every request, failed ones included, is begun with `ledger.begin` and told to `ledger.note`.

        Raises:
            ModelTrouble: No draft could be had within the budget.
        """
        ...
