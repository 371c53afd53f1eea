"""`counterpoint power` answers from given numbers without a store, and from recorded history where there is any."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.cli.main import main
from counterpoint.control.judging.power import PowerAsk, power
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.metrics import RecordedTraffic
from metrics.metrics_world import SURFACE, T0, events

GIVEN = ["power", "--mean", "0.2", "--units-per-day", "4000", "--window", "7"]


def test_given_numbers_become_a_day_and_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "power.svg"
    assert main([*GIVEN, "--effect", "0.05", "--svg", str(picture), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ready"]
    assert document["day"] > 7
    assert picture.read_text().startswith("<svg")
    assert main([*GIVEN, "--effect", "0.05"]) == 0
    assert f"Ready on day {document['day']}" in capsys.readouterr().out


def test_half_of_the_numbers_is_a_question_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "--mean", "0.2", "--effect", "0.05"]) == 2
    assert "--units-per-day" in capsys.readouterr().err
    assert main(["power", "--effect", "0.05"]) == 2
    assert "--metric" in capsys.readouterr().err


def test_neither_effect_nor_margin_is_refused() -> None:
    with pytest.raises(SystemExit) as caught:
        main(GIVEN)
    assert caught.value.code == 2


def history(n: int) -> RecordedTraffic:
    log = MemoryEventLog()
    if n:
        log.append(events(n, days=25))
    return RecordedTraffic(log, lambda key: SURFACE, lambda: T0 + timedelta(days=25))


def test_recorded_history_becomes_a_day() -> None:
    document = power(PowerAsk(surface="home", metric="minutes_7d", effect=0.1), SURFACE, history(4000))
    assert document["known"]
    assert document["ready"]
    assert document["mean"] > 0
    assert document["history"]["n_units"] > 100
    assert document["explained_by_cuped"] >= 0


def test_without_history_the_answer_is_that_it_is_not_known() -> None:
    document = power(PowerAsk(surface="home", metric="minutes_7d", effect=0.1), SURFACE, history(0))
    assert not document["known"]
    assert document["reason"]["code"] == "no_history"
    assert "day" not in document


def test_an_unknown_metric_is_told_from_a_known_one() -> None:
    with pytest.raises(NotFound) as caught:
        power(PowerAsk(surface="home", metric="minute_7d", effect=0.1), SURFACE, history(0))
    assert "minutes_7d" in caught.value.sentence


KINDS = {
    "holdout": (["--holdout", "0.05"], "a joint effect of"),
    "interaction": (["--interaction-with", "1,1", "--overlap", "0.5"], "an interaction of"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_holdouts_and_interactions_have_their_own_answers(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    options, words = KINDS[kind]
    numbers = ["power", "--mean", "20", "--sd", "60", "--units-per-day", "90000", "--effect", "0.05"]
    assert main([*numbers, *options, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == kind
    assert document["ready"]
    assert document["test"] == "fixed"
    assert main([*numbers, *options]) == 0
    assert words in capsys.readouterr().out


def test_ratios_and_quantiles_are_asked_about_by_their_own_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    per_day = ["--units-per-day", "9000", "--effect", "0.03", "--json"]
    ratio = ["--mean", "3", "--sd", "3.2", "--denominator-mean", "9", "--denominator-sd", "5"]
    assert main(["power", *ratio, *per_day]) == 0
    assert json.loads(capsys.readouterr().out)["mean"] == pytest.approx(1 / 3)
    assert main(["power", "--mean", "200", "--quantile", "0.9", "--density", "0.004", *per_day]) == 0
    assert json.loads(capsys.readouterr().out)["std_dev"] == pytest.approx(75)
    assert main(["power", "--mean", "200", "--quantile", "0.9", *per_day]) == 2
    assert "--density" in capsys.readouterr().err
    assert main(["power", "--mean", "3", "--sd", "1", "--denominator-mean", "9", *per_day]) == 2
    assert "--denominator-sd" in capsys.readouterr().err


@pytest.mark.parametrize("metric", ["ctr", "load_ms_p90", "starters_7d"])
def test_recorded_history_answers_for_every_type_of_metric(metric: str) -> None:
    for kind in ({}, {"holdout": 0.2}, {"interaction_with": (1.0, 1.0)}):
        document = power(PowerAsk(surface="home", metric=metric, effect=0.2, **kind), SURFACE, history(4000))
        assert document["known"], document
        assert document["units_needed"] > 0
        assert document["sentence"].startswith(("Ready on day", "Never within"))


def test_a_holdout_and_an_interaction_at_once_is_one_question_too_many() -> None:
    with pytest.raises(InvalidInput) as caught:
        power(
            PowerAsk(surface="home", metric="ctr", effect=0.2, holdout=0.1, interaction_with=(1.0, 1.0)),
            SURFACE,
            history(4000),
        )
    assert caught.value.code == "holdout_or_interaction"
