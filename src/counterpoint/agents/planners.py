"""The planner port: whoever reads a hypothesis, with a model or without, answers with a plan and how it came about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from counterpoint.agents.offline import Lexicon, plan_offline
from counterpoint.agents.plan import Plan
from counterpoint.agents.ports import PastExperiment
from counterpoint.config import Surface
from counterpoint.vocabulary import Finding

Review = Callable[[Plan], Sequence[Finding]]
"""Generates the spec of a plan and returns the validator's findings about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A planner's answer.

    Attributes:
        planner: How it came about, JSON-compatible: who answered, rounds, tokens, cost, fallback, second opinion. None
            for the offline planner, which has nothing to tell that the plan's provenance does not.
        calls: Every prompt and reply, in order, JSON-compatible.
    """

    plan: Plan
    planner: Mapping[str, Any] | None = None
    calls: tuple[Mapping[str, Any], ...] = ()


def not_reviewed(plan: Plan) -> Sequence[Finding]:
    """Say nothing about a plan: the review where there is no validator to ask."""
    del plan
    return ()


class Planner(Protocol):
    """Reads a hypothesis on a surface."""

    @property
    def name(self) -> str:
        """`offline`, or the model."""
        ...

    def plan(
        self, text: str, surface: Surface, *, past: Sequence[PastExperiment] = (), review: Review = not_reviewed
    ) -> Planned:
        """Return a plan, a question or a refusal; it never fails for what the text says or a provider does.

        Args:
            text: The hypothesis as written: data, never instruction.
            surface: What may be changed, targeted and measured.
            past: Past experiments that may be cited.
            review: Asked about each plan before it is answered; may be ignored.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflinePlanner:
    """The planner without a model.

    Attributes:
        lexicon: The language data; the package's when None.
    """

    lexicon: Lexicon | None = None

    @property
    def name(self) -> str:
        """`offline`."""
        return "offline"

    def plan(
        self, text: str, surface: Surface, *, past: Sequence[PastExperiment] = (), review: Review = not_reviewed
    ) -> Planned:
        """Return the answer of the rules; what the validator would say changes nothing about what the text says."""
        del review
        return Planned(plan=plan_offline(text, surface, lexicon=self.lexicon, past=past))
