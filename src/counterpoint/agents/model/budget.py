"""The budget of one hypothesis: rounds, tokens, seconds and cost, kept over everything that is asked of a model."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from counterpoint.agents.model.trouble import ModelTrouble

CHARACTERS_PER_TOKEN = 4.0
"""How text is counted in tokens where a provider does not say; coarse, and recorded as an estimate."""
MOST_OUTPUT_TOKENS = 4_000
_LEAST_OUTPUT_TOKENS = 64
_LONGEST_KEPT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one hypothesis may use up, all rounds together.

    Attributes:
        rounds: Requests to the provider, failed ones included.
        tokens: Tokens read and written.
        seconds: From the first request on, waiting included.
        cost_usd: US dollars; None for no limit beyond the tokens'.
    """

    rounds: int = 4
    tokens: int = 60_000
    seconds: float = 30.0
    cost_usd: float | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"rounds": self.rounds, "tokens": self.tokens, "seconds": self.seconds, "cost_usd": self.cost_usd}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a model and what came of it.

    Attributes:
        sent: What this request said that the one before it had not.
        reply: What the model answered; empty when it did not.
        seconds: From request to reply.
        n_input: Tokens read.
        n_output: Tokens written.
        estimated: The tokens are estimated from the text, since the provider did not say.
        cost_usd: US dollars; None when the price is not known.
        error: Why there is no reply; None when there is one.
    """

    model: str
    sent: str
    reply: str = ""
    seconds: float = 0.0
    n_input: int = 0
    n_output: int = 0
    estimated: bool = False
    cost_usd: float | None = None
    error: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form; a text of more than 20,000 characters is cut, and says so."""
        return {
            "model": self.model,
            "sent": _cut(self.sent),
            "reply": _cut(self.reply),
            "seconds": round(self.seconds, 3),
            "input_tokens": self.n_input,
            "output_tokens": self.n_output,
            "estimated": self.estimated,
            "cost_usd": self.cost_usd,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the next request may use.

    Attributes:
        seconds: Until the whole reply must be there.
        output_tokens: Tokens that it may write.
    """

    seconds: float
    output_tokens: int


@dataclass(slots=True)
class Ledger:
    """What was spent of a budget: every request is begun and noted here, whatever part of the loop sends it.

    Args:
        stopwatch: Seconds of a monotonic clock.
    """

    budget: Budget
    stopwatch: Callable[[], float]
    calls: list[Call] = field(default_factory=list)
    started: float = 0.0
    characters_per_token: float = CHARACTERS_PER_TOKEN

    def __post_init__(self) -> None:
        """Start the clock."""
        self.started = self.stopwatch()

    @property
    def seconds(self) -> float:
        """Seconds since the ledger was opened."""
        return self.stopwatch() - self.started

    @property
    def seconds_left(self) -> float:
        """Seconds of the budget that are left; negative once it is overrun."""
        return self.budget.seconds - self.seconds

    @property
    def n_tokens(self) -> int:
        """Tokens read and written so far."""
        return sum(call.n_input + call.n_output for call in self.calls)

    @property
    def cost_usd(self) -> float | None:
        """Cost so far; None when the price of any answered call is not known."""
        costs = [call.cost_usd for call in self.calls if call.error is None]
        return None if not costs or None in costs else sum(cost for cost in costs if cost is not None)

    def may_ask_again(self) -> bool:
        """Return whether a further round is within the budget."""
        return self._spent(0) is None

    def begin(self, n_characters: int) -> Allowance:
        """Return what the next request may use.

        Args:
            n_characters: Length of everything that the request says.

        Raises:
            ModelTrouble: `budget_spent`.
        """
        reading = self.tokens_of(n_characters)
        spent = self._spent(reading)
        if spent is not None:
            raise ModelTrouble("budget_spent", spent)
        left = self.budget.tokens - self.n_tokens - reading
        return Allowance(seconds=self.seconds_left, output_tokens=min(MOST_OUTPUT_TOKENS, left))

    def tokens_of(self, n_characters: int) -> int:
        """Return about how many tokens a text has, as this model counts them where it has said so."""
        return math.ceil(n_characters / self.characters_per_token)

    def learn(self, n_characters: int, n_tokens: int) -> None:
        """Take note of how a model counts: a conversation only grows, so the next request reads no less than this."""
        self.characters_per_token = min(CHARACTERS_PER_TOKEN, max(n_characters, 1) / n_tokens)

    def note(self, call: Call) -> None:
        """Keep a request that was answered or has failed."""
        self.calls.append(call)

    def _spent(self, reading: int) -> str | None:
        budget, cost = self.budget, self.cost_usd
        if len(self.calls) >= budget.rounds:
            return f"all {budget.rounds} rounds are used"
        if self.seconds_left <= 0:
            return f"the {budget.seconds:g} seconds are over"
        if self.n_tokens + reading + _LEAST_OUTPUT_TOKENS > budget.tokens:
            return f"the {budget.tokens:,} tokens are used, or the next request would use them"
        if budget.cost_usd is not None and cost is not None and cost >= budget.cost_usd:
            return f"the {budget.cost_usd:g} USD are spent"
        return None


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_KEPT:
        return text
    return f"{text[:_LONGEST_KEPT]} [cut: {len(text) - _LONGEST_KEPT:,} more characters]"
