"""The planner's settings are read once, checked, and never show the key."""

from pathlib import Path

import pytest

from counterpoint.errors import InvalidInput
from counterpoint.settings import PlannerSettings, read_settings


def _read(**given: str) -> PlannerSettings:
    return read_settings({f"COUNTERPOINT_{name}": value for name, value in given.items()}).planner


def test_nothing_set_is_the_offline_planner() -> None:
    assert _read() == PlannerSettings()
    assert _read().planner == "offline"


def test_everything_can_be_set() -> None:
    read = _read(
        PLANNER="openai:NAME", MODEL_URL="http://127.0.0.1:11434/v1/", MODEL_KEY="sk-1", MODEL_PRICE="0.15/0.6",
        PLANNER_ROUNDS="2", PLANNER_TOKENS="5000", PLANNER_SECONDS="1.5", PLANNER_COST_USD="0.01",
        PLANNER_SECOND_OPINION="off", PLANNER_LANGUAGE="words",
    )  # fmt: skip
    assert read == PlannerSettings(
        planner="openai:NAME", url="http://127.0.0.1:11434/v1", key="sk-1", rounds=2, tokens=5_000, seconds=1.5,
        cost_usd=0.01, price=(0.15, 0.6), second_opinion=False, language=Path("words"),
    )  # fmt: skip
    assert "sk-1" not in repr(read)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLANNER", "gpt"),
        ("PLANNER", ":x"),
        ("MODEL_URL", "ftp://x"),
        ("MODEL_URL", "http://"),
        ("MODEL_URL", "http://x:99999/v1"),
        ("MODEL_URL", "http://x/v1?key=1"),
        ("MODEL_PRICE", "free"),
        ("MODEL_PRICE", "1/-1"),
        ("MODEL_PRICE", "nan/1"),
        ("PLANNER_ROUNDS", "0"),
        ("PLANNER_ROUNDS", "2.5"),
        ("PLANNER_TOKENS", "many"),
        ("PLANNER_SECONDS", "inf"),
        ("PLANNER_SECONDS", "nan"),
        ("PLANNER_COST_USD", "-1"),
        ("PLANNER_SECOND_OPINION", "maybe"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _read(**{name: value})
    assert refused.value.code == "bad_setting"
    assert refused.value.where == f"COUNTERPOINT_{name}"
    assert refused.value.fix


def test_a_password_in_the_address_is_refused_without_being_repeated() -> None:
    with pytest.raises(InvalidInput) as refused:
        _read(MODEL_URL="https://me:secret-word@models.internal/v1")
    assert "secret-word" not in str(refused.value.as_document())
