"""One ledger for everything that one hypothesis may use up."""

import pytest

from counterpoint.agents.model import Budget, Call, Ledger, ModelTrouble, Price


def _ledger(times: list[float], **changes: object) -> Ledger:
    return Ledger(budget=Budget(**changes), stopwatch=lambda: times[-1])  # type: ignore[arg-type]


def _spent(ledger: Ledger, n_characters: int = 400) -> str:
    with pytest.raises(ModelTrouble) as trouble:
        ledger.begin(n_characters)
    assert trouble.value.code == "budget_spent"
    assert not ledger.may_ask_again() or n_characters > 400
    return trouble.value.what


def test_every_request_is_a_round_failed_ones_too() -> None:
    ledger = _ledger([0.0], rounds=2)
    ledger.note(Call(model="m", sent="x", error="it failed"))
    assert ledger.may_ask_again()
    ledger.note(Call(model="m", sent="x", reply="y"))
    assert "2 rounds" in _spent(ledger)


def test_seconds_are_counted_from_the_start_and_the_rest_is_allowed() -> None:
    times = [100.0]
    ledger = _ledger(times, seconds=10.0)
    times.append(104.0)
    assert ledger.begin(4).seconds == pytest.approx(6.0)
    times.append(110.0)
    assert "10 seconds" in _spent(ledger)


def test_tokens_of_the_next_request_are_counted_before_it_is_sent() -> None:
    ledger = _ledger([0.0], tokens=1_000)
    assert ledger.begin(400).output_tokens == 900
    assert "1,000 tokens" in _spent(ledger, n_characters=4_000)
    ledger.note(Call(model="m", sent="", reply="", n_input=900, n_output=90))
    assert "1,000 tokens" in _spent(ledger, n_characters=0)


def test_a_model_that_counts_more_tokens_in_a_text_is_believed() -> None:
    ledger = _ledger([0.0], tokens=10_000)
    assert ledger.tokens_of(4_000) == 1_000
    ledger.learn(4_000, 4_000)
    assert ledger.tokens_of(4_000) == 4_000
    ledger.learn(4_000, 10)
    assert ledger.tokens_of(4_000) == 1_000


def test_cost_is_not_known_unless_every_price_is() -> None:
    ledger = _ledger([0.0], cost_usd=0.01)
    assert ledger.cost_usd is None
    ledger.note(Call(model="m", sent="", reply="x", cost_usd=0.004))
    assert ledger.cost_usd == pytest.approx(0.004)
    ledger.note(Call(model="m", sent="", error="failed"))
    assert ledger.cost_usd == pytest.approx(0.004)
    ledger.note(Call(model="m", sent="", reply="x", cost_usd=0.006))
    assert "0.01 USD" in _spent(ledger)
    ledger.note(Call(model="m", sent="", reply="x"))
    assert ledger.cost_usd is None


def test_a_price_is_for_a_million_tokens() -> None:
    assert Price(input_usd=0.5, output_usd=2.0).of(1_000_000, 500_000) == pytest.approx(1.5)


def test_an_endless_text_is_kept_cut_and_says_so() -> None:
    kept = Call(model="m", sent="x", reply="y" * 50_000).as_document()
    assert len(kept["reply"]) < 21_000
    assert "30,000 more characters" in kept["reply"]
