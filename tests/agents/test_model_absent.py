"""Without a language model configured, nothing of one is imported; without the extra installed, a setting says so."""

import subprocess
import sys

import pytest

from counterpoint.agents import OfflinePlanner
from counterpoint.agents.providers import Endpoint, open_language_model
from counterpoint.bootstrap import open_planner
from counterpoint.cli import main
from counterpoint.errors import InvalidInput
from counterpoint.settings import PlannerSettings

IMPORTS = """
import sys
import counterpoint, counterpoint.agents, counterpoint.agents.providers, counterpoint.agents.model
import counterpoint.api, counterpoint.bootstrap, counterpoint.cli.main, counterpoint.mcp, counterpoint.web
from counterpoint.bootstrap import open_planner
from counterpoint.settings import PlannerSettings
open_planner(PlannerSettings())
kits = sorted({name.partition(".")[0] for name in sys.modules} & {"pydantic_ai", "openai", "genai_prices", "anthropic"})
sys.exit(f"imported: {kits}" if kits else 0)
"""


def test_importing_everything_and_planning_offline_imports_no_model_kit() -> None:
    run = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_model_without_the_extra_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(InvalidInput) as refused:
        open_planner(PlannerSettings(planner="openai:some-model"))
    assert refused.value.code == "models_not_installed"
    assert "pip install 'counterpoint[models]'" in refused.value.sentence


def test_the_command_line_says_the_same_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    monkeypatch.setenv("COUNTERPOINT_PLANNER", "openai:some-model")
    assert main(["--data", str(tmp_path), "draft", "Larger covers raise clicks."]) != 0
    assert "counterpoint[models]" in capsys.readouterr().err


def test_offline_is_what_there_is_when_nothing_is_set() -> None:
    assert isinstance(open_planner(PlannerSettings()), OfflinePlanner)


@pytest.mark.parametrize("name", ["gpt", ":", "openai:", ":gpt"])
def test_a_name_that_is_no_provider_and_model_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_language_model(Endpoint(model=name))
    assert refused.value.code == "unknown_planner"


def test_a_cost_that_nobody_can_bound_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(InvalidInput) as refused:
        open_language_model(Endpoint(model="openai:of-our-own", url="http://127.0.0.1:9/v1"), needs_price=True)
    assert refused.value.code == "price_not_known"
    with pytest.raises(InvalidInput):
        open_language_model(Endpoint(model="openai:no-such-model-in-any-list"), needs_price=True)
    assert open_language_model(Endpoint(model="openai:gpt-4o"), needs_price=True).name == "openai:gpt-4o"


def test_the_key_is_in_no_representation() -> None:
    settings = PlannerSettings(planner="openai:x", url="http://127.0.0.1:9/v1", key="sk-not-to-be-shown")
    planner = open_planner(settings)
    assert "sk-not-to-be-shown" not in f"{settings!r} {planner!r} {vars(type(planner))}"


def test_a_provider_that_cannot_be_set_up_is_a_clear_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from counterpoint.agents.model import Brief, Budget, Ledger

    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    for name in ("openai:gpt-4o", "no-such-provider:x"):
        model = open_language_model(Endpoint(model=name))
        ledger = Ledger(budget=Budget(), stopwatch=lambda: 0.0)
        with pytest.raises(InvalidInput) as refused:
            model.converse(Brief(instructions="", data=""), lambda _: None, ledger)
        assert refused.value.code == "model_unusable"
