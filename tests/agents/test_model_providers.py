"""A provider's own address and key, an endpoint of one's own, and what is sent to each."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from opentelemetry.trace import NoOpTracer, NoOpTracerProvider
from pydantic_ai import Agent
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.test import TestModel

from counterpoint.agents import Budget, ModelPlanner, Planned
from counterpoint.agents.providers import Endpoint, open_language_model
from counterpoint.config import Surface
from counterpoint.settings.planner import PLANNER_SETTINGS
from misbehaving_model import (
    KEY,
    TEXT,
    MisbehavingModel,
    draft,
    echoes_the_key,
    model_server,
    replies,
    replies_in_the_newer_protocol,
)

ROOT = Path(__file__).parents[2]
PRICED = "gpt-4o-mini"
CHAT = replies(draft(), model=PRICED)
NEWER = replies_in_the_newer_protocol(draft(), model=PRICED)


def _ask(endpoint: Endpoint, surface: Surface, budget: Budget | None = None) -> Planned:
    model = open_language_model(endpoint)
    return ModelPlanner(model=model, budget=budget or Budget(rounds=2, seconds=20.0)).plan(TEXT, surface)


def _as_openai(monkeypatch: pytest.MonkeyPatch, model: MisbehavingModel) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.mark.parametrize(("provider", "behaviour"), [("openai", NEWER), ("openai-chat", CHAT)])
def test_a_providers_own_address_is_asked_with_its_own_key_and_its_price_is_known(
    search: Surface, monkeypatch: pytest.MonkeyPatch, provider: str, behaviour: object
) -> None:
    with model_server([behaviour]) as model:  # type: ignore[list-item]
        _as_openai(monkeypatch, model)
        planned = _ask(Endpoint(model=f"{provider}:{PRICED}"), search)
        assert model.headers[0]["authorization"] == f"Bearer {KEY}"
        assert model.requests[0]["store"] is False
    assert planned.planner is not None
    assert planned.planner["answered_by"] == "model"
    assert planned.planner["cost_usd"] > 0


def test_a_providers_own_key_is_hidden_too(search: Surface, monkeypatch: pytest.MonkeyPatch) -> None:
    with model_server([echoes_the_key(401)]) as model:
        _as_openai(monkeypatch, model)
        planned = _ask(Endpoint(model=f"openai-chat:{PRICED}"), search)
    assert "[key withheld]" in json.dumps(planned.calls)
    assert KEY not in json.dumps([planned.planner, planned.calls])


def test_a_providers_key_is_never_sent_to_another_address(search: Surface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with model_server([CHAT]) as model:
        planned = _ask(Endpoint(model=f"openai:{PRICED}", url=model.url), search)
        assert KEY not in json.dumps(model.headers)
    assert planned.planner is not None
    assert planned.planner["answered_by"] == "model"
    assert planned.planner["cost_usd"] is None


@pytest.mark.parametrize(("name", "limit"), [("openai:x", "max_completion_tokens"), ("local:x", "max_tokens")])
def test_the_limit_on_a_reply_is_said_in_the_dialect_of_the_endpoint(search: Surface, name: str, limit: str) -> None:
    with model_server([CHAT]) as model:
        _ask(Endpoint(model=name, url=model.url), search)
        assert {"max_completion_tokens", "max_tokens"} & model.requests[0].keys() == {limit}


def test_a_cost_that_is_spent_ends_the_loop(search: Surface) -> None:
    from counterpoint.agents import Price

    with model_server([replies(draft(primary="happiness"))]) as model:
        endpoint = Endpoint(model="openai:x", url=model.url, price=Price(input_usd=1.0, output_usd=10.0))
        planned = _ask(endpoint, search, Budget(rounds=20, cost_usd=0.003))
        assert model.n_requests == 2
    assert planned.planner is not None
    assert planned.planner["fallback"]["code"] == "budget_spent"
    assert planned.planner["cost_usd"] == pytest.approx(0.004)


class _Spans(NoOpTracerProvider):
    """Notes every span that anybody begins."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def get_tracer(self, *args: object, **kwargs: object) -> NoOpTracer:
        begun = self.begun

        class Tracer(NoOpTracer):
            def start_as_current_span(self, name: str, *args: object, **kwargs: object) -> object:
                begun.append(name)
                return super().start_as_current_span(name, *args, **kwargs)

            def start_span(self, name: str, *args: object, **kwargs: object) -> object:
                begun.append(name)
                return super().start_span(name, *args, **kwargs)

        return Tracer()


def test_tracing_that_is_set_up_for_other_agents_sees_no_prompt(search: Surface) -> None:
    spans = _Spans()
    try:
        Agent.instrument_all(InstrumentationSettings(tracer_provider=spans))
        # Not run_sync: it opens an event loop that nobody closes, and a later test is blamed for it.
        asyncio.run(Agent(TestModel()).run("seen"))
        n_others = len(spans.begun)
        with model_server([CHAT]) as model:
            planned = _ask(Endpoint(model="openai:x", url=model.url), search)
    finally:
        Agent.instrument_all(False)
    assert n_others > 0
    assert len(spans.begun) == n_others
    assert planned.planner is not None
    assert planned.planner["answered_by"] == "model"


def test_the_guide_names_every_setting_and_every_reason_to_fall_back() -> None:
    guide = (ROOT / "docs" / "guides" / "planner.md").read_text("utf-8")
    assert [name for name in sorted(PLANNER_SETTINGS) if f"`{name}`" not in guide] == []
    agents = ROOT / "src" / "counterpoint" / "agents"
    source = "".join(
        path.read_text("utf-8") for part in ("model", "providers") for path in (agents / part).glob("*.py")
    )
    reasons = set(re.findall(r'ModelTrouble\(\s*"(\w+)"', source))
    assert len(reasons) >= 8
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in guide] == []
