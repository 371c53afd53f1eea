"""`counterpoint power` answers from given numbers without a store, and from recorded history where there is any."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.bootstrap.power import PowerAsk, power
from counterpoint.cli.main import main
from counterpoint.errors import NotFound
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
