"""A model of any provider that pydantic-ai knows, or behind any OpenAI-compatible endpoint, as the planner's port."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from pydantic_ai import Agent, ModelRetry, ToolOutput
from pydantic_ai.exceptions import AgentRunError, ContentFilterError, UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers import Provider, infer_provider_class
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import RequestUsage, UsageLimits

from counterpoint.agents.model import Brief, Draft, Judge, Ledger, ModelTrouble
from counterpoint.agents.providers.bounded_http import bounded_client
from counterpoint.agents.providers.endpoint import Endpoint
from counterpoint.agents.providers.metered import MeteredModel
from counterpoint.errors import CounterpointError, InvalidInput

_HIDDEN = "[key withheld]"
_SHORTEST_SECRET = 6
_NO_KEY = "no-key-set"
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModel:
    """A model that is asked over HTTP; each conversation has a client and a ledger of its own."""

    endpoint: Endpoint
    stopwatch: Callable[[], float]

    @property
    def name(self) -> str:
        """Provider and model."""
        return self.endpoint.model

    def converse(self, brief: Brief, judge: Judge, ledger: Ledger) -> Draft:
        """Ask until `judge` has nothing to say; blocks for as long as the ledger's seconds last at the most.

        Raises:
            ModelTrouble: No draft could be had within the budget.
            InvalidInput: `model_unusable`, when the provider cannot be set up, for want of a key for example.
        """
        return _run(lambda: self._converse(brief, judge, ledger))

    async def _converse(self, brief: Brief, judge: Judge, ledger: Ledger) -> Draft:
        async with bounded_client(min(_CONNECT_S, ledger.budget.seconds)) as client:
            asked = _built(self.endpoint, client)
            hide = _hiding(self.endpoint.key, getattr(getattr(asked, "client", None), "api_key", None))
            model = MeteredModel(
                asked,
                ledger,
                price=self.endpoint.price,
                is_providers_own=self.endpoint.url is None,
                first_wait_s=self.endpoint.first_wait_s,
                hide=hide,
                stopwatch=self.stopwatch,
            )
            rounds = ledger.budget.rounds
            agent = Agent(
                model,
                # Of the ways to ask for a shape, the tool call is the one that most endpoints know.
                output_type=ToolOutput(Draft, name="answer", description="Fill in the form."),
                instructions=brief.instructions,
                retries={"tools": rounds, "output": rounds},
            )
            # Prompts carry what teams are about to test: no tracing set up for other agents is to see them.
            agent.instrument = False

            @agent.output_validator
            def judged(draft: Draft) -> Draft:
                complaint = judge(draft)
                if complaint is not None:
                    raise ModelRetry(complaint)
                return draft

            try:
                # The ledger stops first, since it counts failed requests too; this stands behind it.
                run = await agent.run(brief.data, usage_limits=UsageLimits(request_limit=rounds + 1))
            except (ModelTrouble, CounterpointError):
                raise
            except ContentFilterError as error:
                raise ModelTrouble("model_declined", "the provider declined to answer") from error
            except AgentRunError as error:
                raise ModelTrouble("model_invalid_output", hide(f"no usable reply: {error}")[:300]) from error
            return run.output


def has_known_price(endpoint: Endpoint) -> bool:
    """Return whether the kit's price list has the model; it speaks of providers' own endpoints only."""
    from pydantic_ai.messages import ModelResponse

    provider, _, model = endpoint.model.partition(":")
    if endpoint.url is not None:
        return False
    probe = ModelResponse(
        parts=[], usage=RequestUsage(input_tokens=1, output_tokens=1), model_name=model, provider_name=provider
    )
    try:
        return probe.cost().total_price > 0
    except (LookupError, ValueError):
        return False


def _hiding(*secrets: str | None) -> Callable[[str], str]:
    """Return what takes the keys out of a text: the one that was set, and the one that the kit found for itself."""
    found = {s for s in secrets if isinstance(s, str) and len(s) >= _SHORTEST_SECRET and s != _NO_KEY}

    def hide(text: str) -> str:
        for secret in found:
            text = text.replace(secret, _HIDDEN)
        return text

    return hide


def _built(endpoint: Endpoint, client: Any) -> Model:
    def provider_of(name: str) -> Provider[Any]:
        made_by: Any = infer_provider_class(name)
        given = {"api_key": endpoint.key} if endpoint.key is not None else {}
        return made_by(http_client=client, **given)  # type: ignore[no-any-return]  # the kit types its classes as Any

    try:
        if endpoint.url is not None:
            key = endpoint.key or _NO_KEY
            provider, _, name = endpoint.model.partition(":")
            # Servers that speak the protocol know the older name of the limit on a reply; OpenAI's own want the newer.
            profile = (
                None
                if provider.startswith("openai")
                else OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
            )
            asked = OpenAIProvider(base_url=endpoint.url, api_key=key, http_client=client)
            return OpenAIChatModel(name, provider=asked, profile=profile)
        return infer_model(endpoint.model, provider_factory=provider_of)
    except (UserError, ValueError, TypeError, ImportError) as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise InvalidInput(
            "model_unusable",
            f"{endpoint.model} cannot be set up ({why[:200]})",
            where="COUNTERPOINT_PLANNER",
            fix="set COUNTERPOINT_MODEL_KEY, or install what the provider needs, or set the planner to offline",
        ) from error


def _run(converse: Callable[[], Coroutine[Any, Any, Draft]]) -> Draft:
    """Run a conversation on a loop and a thread of its own: whoever asks may be inside of another loop."""
    ended: list[Draft | BaseException] = []

    def run() -> None:
        try:
            ended.append(asyncio.run(converse()))
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=run, name="counterpoint-model", daemon=True)
    thread.start()
    thread.join()
    outcome = ended[0]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
