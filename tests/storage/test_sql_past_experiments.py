from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from counterpoint.experiments import spec_document
from counterpoint.orchestration import Learning
from counterpoint.storage.sql import Database, SqlPastExperiments, open_database
from experiment_examples import NOW, a_spec
from postgres_server import SQL_KINDS, fresh_sql_url


@pytest.fixture(params=SQL_KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(fresh_sql_url(request.param, tmp_path))
    yield opened
    opened.close()


def learning(experiment: str = "e1", *, days: int = 0, **fields) -> Learning:
    return Learning(
        **{
            "experiment": experiment,
            "surface": "home",
            "hypothesis": "Five is better.",
            "outcome": "shipped",
            "reasons": ("It was.",),
            "spec": spec_document(a_spec(experiment, audience='plan == "free"')),
            "scorecard": {"scorecard": {"metrics": [primary("treatment", 0.03)]}},
            "at": NOW + timedelta(days=days),
            **fields,
        }
    )


def primary(variant: str, effect: float | None) -> dict:
    return {"role": "primary", "metric": "minutes_7d", "variant": variant, "relative_effect": effect}


def test_a_learning_comes_back_newest_first_and_by_its_words(database: Database):
    past = SqlPastExperiments(database)
    one, two = learning(), learning("e2", days=1, hypothesis="Captions distract.", surface="search")
    past.keep(one)
    past.keep(two)
    assert past.learnings() == (two, one)
    assert past.learnings(surface="home") == (one,)
    assert past.learnings(search="CAPTIONS distract") == (two,)
    assert past.learnings(search="captions five") == ()


def test_keeping_twice_keeps_the_last(database: Database):
    past = SqlPastExperiments(database)
    past.keep(learning())
    past.keep(learning(outcome="rolled_back"))
    assert [one.outcome for one in past.learnings()] == ["rolled_back"]


def test_the_planner_is_told_what_was_changed_for_whom_and_with_what_effect(database: Database):
    past = SqlPastExperiments(database)
    past.keep(learning())
    past.keep(learning("never-planned", spec={}))
    (known,) = past.past("home")
    assert (known.key, known.parameters, known.audience) == ("e1", {"a.x"}, 'plan == "free"')
    assert (known.primary, known.relative_effect, known.decision) == ("minutes_7d", 0.03, "shipped")
    assert past.past("search") == ()


@pytest.mark.parametrize(
    ("scorecard", "expected"),
    [
        ({}, None),
        ({"metrics": [primary("treatment", -0.01)]}, -0.01),
        ({"metrics": [primary("treatment", None)]}, None),
        ({"metrics": [primary("other", 0.5), primary("treatment", 0.02)]}, None),
        ({"metrics": [{**primary("treatment", 0.5), "role": "secondary"}]}, None),
    ],
)
def test_an_effect_that_was_not_measured_is_not_made_up(tmp_path: Path, scorecard, expected):
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    past = SqlPastExperiments(database)
    past.keep(learning(scorecard=scorecard))
    assert past.past("home")[0].relative_effect == expected
    database.close()
