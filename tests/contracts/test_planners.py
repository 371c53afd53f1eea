"""Every planner keeps the promises of the port: the rules, a model behind HTTP, and a fake one in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.planner_contract import PlannerContract
from counterpoint.agents import Budget, ModelPlanner, OfflinePlanner, Planner
from counterpoint.agents.model import Brief, Call, Draft, Judge, Ledger, ModelTrouble
from counterpoint.agents.providers import Endpoint, open_language_model
from counterpoint.config import Surface, load_surface
from misbehaving_model import KEY, MODEL, draft, model_server, replies

SURFACE = Path(__file__).parents[1] / "agents" / "data" / "search_surface.yaml"


@pytest.fixture(scope="module")
def search() -> Surface:
    return load_surface(SURFACE.read_text("utf-8"), source=SURFACE.name)


class FakeLanguageModel:
    """A model in memory: says the same draft until it is let stand, or the budget ends."""

    name = "fake:model"

    def __init__(self, *drafts: dict[str, object]) -> None:
        self._drafts = [Draft.model_validate(each) for each in drafts]

    def converse(self, brief: Brief, judge: Judge, ledger: Ledger) -> Draft:
        while True:
            ledger.begin(len(brief.instructions) + len(brief.data))
            said = self._drafts[min(len(ledger.calls), len(self._drafts) - 1)]
            ledger.note(Call(model=self.name, sent=brief.data, reply=said.model_dump_json(), n_input=10, n_output=10))
            if judge(said) is None:
                return said


class TestOfflinePlanner(PlannerContract):
    @pytest.fixture
    def planner(self) -> Planner:
        return OfflinePlanner()


class TestModelPlannerOverHttp(PlannerContract):
    @pytest.fixture
    def planner(self) -> Iterator[Planner]:
        with model_server([replies(draft())]) as model:
            yield ModelPlanner(model=open_language_model(Endpoint(model=MODEL, url=model.url, key=KEY)))


class TestModelPlannerWithAFake(PlannerContract):
    @pytest.fixture
    def planner(self) -> Planner:
        return ModelPlanner(model=FakeLanguageModel(draft()))


class TestModelPlannerWithoutASecondOpinion(PlannerContract):
    @pytest.fixture
    def planner(self) -> Planner:
        return ModelPlanner(model=FakeLanguageModel(draft()), second_opinion=False)


def test_a_fake_that_is_never_let_stand_ends_with_the_budget(search: Surface) -> None:
    ledger = Ledger(budget=Budget(rounds=2), stopwatch=lambda: 0.0)
    with pytest.raises(ModelTrouble) as spent:
        FakeLanguageModel(draft()).converse(Brief(instructions="", data=""), lambda _: "no", ledger)
    assert spent.value.code == "budget_spent"
    assert len(ledger.calls) == 2
