"""A model whose every request, failed ones included, is taken from one ledger, bounded, retried and written down."""

import asyncio
from collections.abc import Callable, Sequence

from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModelSettings
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from counterpoint.agents.model import Call, Ledger, ModelTrouble, Price

_RETRYABLE_STATUS = frozenset({408, 409, 429})
_LONGEST_REASON = 300


class MeteredModel(WrapperModel):
    """Wraps one conversation's model.

    Args:
        price: What it costs; None for the price list of the provider kit.
        is_providers_own: Whether this is the endpoint that the provider runs; a price list knows no other.
        first_wait_s: Seconds before a failed request is sent again; doubled each time.
        hide: Takes secrets out of a text before anything keeps it.
        stopwatch: Seconds of a monotonic clock.
    """

    def __init__(
        self,
        wrapped: Model,
        ledger: Ledger,
        *,
        price: Price | None,
        is_providers_own: bool,
        first_wait_s: float,
        hide: Callable[[str], str],
        stopwatch: Callable[[], float],
    ) -> None:
        super().__init__(wrapped)
        self._ledger = ledger
        self._price = price
        self._is_providers_own = is_providers_own
        self._first_wait_s = first_wait_s
        self._hide = hide
        self._stopwatch = stopwatch

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Return the model's reply; a request that fails in a way that may pass is sent again within the budget.

        Raises:
            ModelTrouble: The budget is spent, or trying again would not help or come too late.
        """
        del model_settings  # this conversation has none of its own: what a request may use is the ledger's to say
        # Instructions travel once, beside the messages, whatever number of these carries them.
        said = [_text_of(message) for message in messages]
        instructions = next((m.instructions for m in messages if isinstance(m, ModelRequest) and m.instructions), "")
        size = len(instructions) + sum(map(len, said))
        sent = self._hide(f"{instructions}\n{said[0]}" if len(said) == 1 else said[-1])
        while True:
            allowance = self._ledger.begin(size)
            bounded = OpenAIChatModelSettings(
                max_tokens=allowance.output_tokens,
                timeout=allowance.seconds,
                request_timeout=allowance.seconds,
                # The kit's own retries would be requests that no ledger counts, and wait as long as they are told to.
                max_retries=0,
            )
            if self._is_providers_own:
                # What a team is about to test is not kept by a provider for longer than it takes to answer.
                bounded["openai_store"] = False
            started = self._stopwatch()
            try:
                async with asyncio.timeout(allowance.seconds):
                    response = await super().request(messages, bounded, model_request_parameters)
            except Exception as error:  # whatever a provider's kit raises; `_read` says what it means for the plan
                trouble, wait_s = _read(error, self._first_wait_s * 2 ** len(self._ledger.calls))
                why = self._hide(trouble.what)[:_LONGEST_REASON]
                spent = self._stopwatch() - started
                self._ledger.note(Call(model=self.model_name, sent=sent, seconds=spent, error=why))
                trouble = ModelTrouble(trouble.code, why)
                if wait_s is None:
                    raise trouble from error
                if wait_s >= self._ledger.seconds_left:
                    left = max(0.0, self._ledger.seconds_left)
                    late = f"{why}, is to be asked again in {wait_s:g} s, and {left:.1f} s are left"
                    raise ModelTrouble(trouble.code, late) from error
                if not self._ledger.may_ask_again():
                    raise trouble from error
                await asyncio.sleep(wait_s)
                continue
            return self._noted(response, sent, size, self._stopwatch() - started)

    def _noted(self, response: ModelResponse, sent: str, size: int, seconds: float) -> ModelResponse:
        self._hide_in(response)
        refusal = (response.provider_details or {}).get("refusal")
        reply = "\n".join([*_reply_texts(response), *([self._hide(str(refusal))] if refusal else [])])
        usage = response.usage
        n_input, n_output = usage.input_tokens, usage.output_tokens
        estimated = n_input <= 0 or n_output <= 0
        if estimated:
            n_input = max(n_input, self._ledger.tokens_of(size))
            n_output = max(n_output, self._ledger.tokens_of(len(reply)), 1)
        call = Call(
            model=self._hide(response.model_name or self.model_name)[:128],
            sent=sent,
            reply=reply,
            seconds=seconds,
            n_input=n_input,
            n_output=n_output,
            estimated=estimated,
            cost_usd=self._cost(response, n_input, n_output),
        )
        if not estimated:
            self._ledger.learn(size, n_input)
        self._ledger.note(call)
        return response

    def _cost(self, response: ModelResponse, n_input: int, n_output: int) -> float | None:
        if self._price is not None:
            return self._price.of(n_input, n_output)
        if not self._is_providers_own:
            return None
        try:
            return float(response.cost().total_price)
        except (LookupError, ValueError, AssertionError):
            return None

    def _hide_in(self, response: ModelResponse) -> None:
        """Take secrets out of a reply before it is read or kept: an endpoint may send back what it was sent."""
        for part in response.parts:
            if isinstance(part, TextPart):
                part.content = self._hide(part.content)
            elif isinstance(part, ToolCallPart):
                part.args = self._hide(part.args_as_json_str())


def _read(error: Exception, again: float) -> tuple[ModelTrouble, float | None]:
    """Return what a failure means, and after how many seconds to try again; None when that would not help."""
    if isinstance(error, ModelTrouble):
        return error, None
    if isinstance(error, TimeoutError):
        return ModelTrouble("model_timed_out", "it did not answer within the seconds that were left"), None
    if isinstance(error, ModelHTTPError):
        status = error.status_code
        if status == 429:
            wait = error.retry_after
            return ModelTrouble(
                "model_rate_limited", "it takes no more requests for now (429)"
            ), again if wait is None else wait
        if status >= 500 or status in _RETRYABLE_STATUS:
            return ModelTrouble("model_failed", f"it failed with status {status}"), error.retry_after or again
        return ModelTrouble("model_refused", f"it refused the request with status {status}: {error.body}"), None
    if isinstance(error, ModelAPIError):
        if "longer than" in str(error.__cause__ and error.__cause__.__cause__):
            return ModelTrouble("model_invalid_output", "its reply is longer than any plan"), None
        return ModelTrouble("model_unreachable", "the connection to it failed"), again
    if isinstance(error, UnexpectedModelBehavior):
        return ModelTrouble("model_invalid_output", f"its reply cannot be read: {error}"), again
    # What is left are replies of a shape that the kit did not expect.
    return ModelTrouble("model_invalid_output", f"its reply cannot be read ({type(error).__name__}: {error})"), again


def _text_of(message: ModelMessage) -> str:
    """Return everything that one message says, as it is sent."""
    if isinstance(message, ModelResponse):
        return "\n".join(_reply_texts(message))
    return "\n\n".join(_request_texts(message))


def _request_texts(message: ModelRequest) -> Sequence[str]:
    texts = []
    for part in message.parts:
        if (answer := getattr(part, "model_response_str", None)) is not None:
            texts.append(answer())
        elif (feedback := getattr(part, "model_response", None)) is not None:
            texts.append(feedback())
        else:
            texts.append(str(getattr(part, "content", "")))
    return texts


def _reply_texts(message: ModelResponse) -> Sequence[str]:
    return [
        part.content if isinstance(part, TextPart) else part.args_as_json_str()
        for part in message.parts
        if isinstance(part, TextPart | ToolCallPart)
    ]
