"""Where a language model answers: provider, address, key, price."""

from dataclasses import dataclass, field

from counterpoint.agents.model import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a model answers.

    Attributes:
        model: Provider and model, such as `openai:NAME`.
        url: Base address of an OpenAI-compatible endpoint; None for the provider's own.
        key: API key; None for the one in the provider's own environment variable, or for none at all where a `url` is
            given: the provider's key is never sent to another's address.
        price: What the model costs; None for the price list that the provider kit brings.
        first_wait_s: Seconds before a failed request is sent again when the provider does not say; doubled each time.
    """

    model: str
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    price: Price | None = None
    first_wait_s: float = 0.25
