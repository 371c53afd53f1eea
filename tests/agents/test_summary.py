"""The results in words state what the scorecard holds, and nothing else."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.agents import Figure, Sentence, summarize, unsupported
from counterpoint.api.examples import RESULTS
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics import decide, score
from metrics.metrics_world import SURFACE, T0, events, spec

END = T0 + timedelta(days=14)


def results(design: ExperimentSpec | None = None, *, now: Any = END, **world: Any) -> dict[str, Any]:
    design = design or spec()
    log = MemoryEventLog()
    log.append(events(world.pop("n", 2000), **world))
    card = score(log, design, SURFACE, started_at=T0, now=now)
    return {**card.as_document(), "decision": decide(card, design).as_document(), "decided": False}


BETTER = results(lift=0.5, seed=3)


def texts(document: Mapping[str, Any]) -> str:
    return "\n".join(sentence.text for sentence in summarize(document))


@pytest.mark.parametrize(
    "document",
    [
        BETTER,
        results(lift=0.0, seed=5),
        results(slower=80.0, seed=6),
        results(now=T0 + timedelta(days=10), lift=0.5, seed=3),
        results(now=T0 + timedelta(days=2), n=40),
        results(spec(test="always_valid"), lift=0.3, seed=8),
    ],
    ids=["better", "null", "slower", "early", "too few", "any time"],
)
def test_every_sentence_is_supported_by_the_document_that_it_was_made_from(document: dict[str, Any]) -> None:
    said = summarize(document)
    assert len(said) >= 3
    assert {
        sentence.text: unsupported(sentence, document) for sentence in said if unsupported(sentence, document)
    } == {}
    assert all(sentence.figures for sentence in said)


def test_a_sentence_about_other_figures_is_found_out() -> None:
    other = copy.deepcopy(BETTER)
    primary = next(row for row in other["metrics"] if row["role"] == "primary")
    primary["relative_effect"] *= 2
    said = [sentence for sentence in summarize(BETTER) if "minutes_7d" in sentence.text]
    assert any(unsupported(sentence, other) for sentence in said)


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        (("decision", "ship"), "control", "ship"),
        (("decided",), True, "ship"),
        (("metrics", 0, "ci_lower"), -9.0, "better"),
        (("metrics", 0, "variant"), "another", "better"),
        (("metrics", 0, "looks"), "any", "better"),
        (("srm", "mismatch"), True, "intended"),
    ],
    ids=str,
)
def test_a_conclusion_that_its_figures_do_not_show_is_found_out(
    path: tuple[str | int, ...], value: object, word: str
) -> None:
    said = next(sentence for sentence in summarize(BETTER) if word in sentence.text)
    assert unsupported(said, BETTER) == ()
    other = copy.deepcopy(BETTER)
    node: Any = other
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    if path[-1] == "ci_lower":
        node["relative_ci_lower"] = value
    assert unsupported(said, other)


@pytest.mark.parametrize(
    "lie", ["Minutes doubled, by 100 %.", "Wait 3 more days.", "p = 0.0001 says everything."], ids=str
)
def test_a_number_without_a_figure_is_found_out(lie: str) -> None:
    sentence = summarize(BETTER)[0]
    assert unsupported(replace(sentence, text=f"{sentence.text} {lie}"), BETTER)


def test_a_figure_that_is_not_in_the_document_is_found_out() -> None:
    sentence = next(each for each in summarize(BETTER) if each.figures)
    bent = replace(sentence.figures[0], path="metrics.99.estimate")
    assert unsupported(replace(sentence, figures=(bent, *sentence.figures[1:])), BETTER)


def test_an_effect_is_told_with_how_long_its_interval_holds() -> None:
    assert "for this one look, at the design's end" in texts(BETTER)
    early = texts(results(now=T0 + timedelta(days=10), lift=0.5, seed=3))
    assert "at the design's end" not in early
    assert "at any number of looks" in early


def test_no_fixed_horizon_test_that_was_looked_at_early_is_called_significant() -> None:
    for day in range(3, 14):
        assert "significant" not in texts(results(now=T0 + timedelta(days=day), n=400, lift=0.5, seed=day))


def test_an_interval_that_holds_zero_shows_no_effect() -> None:
    null = results(lift=0.0, seed=5)
    row = next(row for row in null["metrics"] if row["role"] == "primary")
    assert row["ci_lower"] < 0 < row["ci_upper"]
    assert "no effect is shown" in texts(null)


def test_a_split_gone_wrong_takes_back_everything_below_it() -> None:
    broken = copy.deepcopy(BETTER)
    broken["srm"] |= {"mismatch": True, "p_value": 1e-9}
    assert "cannot be trusted" in texts(broken)


def test_a_metric_that_cannot_be_read_is_named_with_its_reason() -> None:
    few = results(now=T0 + timedelta(days=2), n=40)
    unread = [row for row in few["metrics"] if row["looks"] is None]
    assert unread
    for row in unread:
        assert f"{row['metric']} under {row['variant']} ({row['role']}) cannot be read" in texts(few)


def test_what_never_occurred_is_told_as_that_and_not_as_unreadable() -> None:
    never = copy.deepcopy(BETTER)
    row = next(row for row in never["metrics"] if row["role"] == "guardrail")
    row |= {"looks": None, "reason": {"code": "never_occurred", "message": "it did not occur"}}
    assert f"{row['metric']} (guardrail) did not occur under control or treatment." in texts(never)


def test_what_to_expect_is_told_only_where_history_says_it() -> None:
    assert "In the light of" not in texts(BETTER)
    expected = {"metric": "minutes_7d", "variant": "treatment", "n": 12, "mean": 0.011, "lower": 0.002, "upper": 0.02}
    told = {**BETTER, "expected": [expected]}
    assert "12 past experiments on minutes_7d" in texts(told)
    assert "+1.10% (+0.20% to +2.00%)" in texts(told)


def test_the_documented_example_is_supported_too() -> None:
    shown = [Sentence(text=each["text"], figures=tuple(Figure(**figure) for figure in each["figures"]))
             for each in RESULTS["summary"]]  # fmt: skip
    assert shown
    assert all(unsupported(sentence, RESULTS) == () for sentence in shown)
