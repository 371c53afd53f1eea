from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from counterpoint.experiments import Event
from counterpoint.orchestration import Learning
from counterpoint.releases import AddExperiment, MoveExperiment, ShipVariant
from counterpoint.storage.sql import Database, SqlPastExperiments, SqlReleaseStore, open_database
from experiment_examples import NOW, a_spec, drawn, first_release, published
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
            "effect": {"scorecard": {"metrics": [primary("treatment", 0.03)]}},
            "at": NOW + timedelta(days=days),
            **fields,
        }
    )


def primary(variant: str, effect: float | None) -> dict:
    return {"role": "primary", "metric": "minutes_7d", "variant": variant, "relative_effect": effect}


def ship(database: Database, key: str) -> None:
    store = SqlReleaseStore(database)
    if store.head("home") is None:
        first_release(store)
    experiment = drawn(a_spec(key, audience='plan == "free"'), store.latest("home").state)
    moves = [MoveExperiment(experiment=key, event=event) for event in (Event.START, Event.STOP, Event.DECIDE)]
    published(store, AddExperiment(experiment=experiment), *moves, ShipVariant(experiment=key, variant="treatment"))


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
    ship(database, "e1")
    past = SqlPastExperiments(database)
    past.keep(learning())
    past.keep(learning("never-released"))
    (known,) = past.past("home")
    assert (known.key, known.parameters, known.audience) == ("e1", {"a.x"}, 'plan == "free"')
    assert (known.primary, known.relative_effect, known.decision) == ("minutes_7d", 0.03, "shipped")
    assert past.past("search") == ()


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ({}, None),
        ({"metrics": [primary("treatment", -0.01)]}, -0.01),
        ({"metrics": [primary("treatment", None)]}, None),
        ({"metrics": [primary("other", 0.5), primary("treatment", 0.02)]}, 0.02),
        ({"metrics": [primary("other", 0.5)]}, None),
    ],
)
def test_an_effect_that_was_not_measured_is_not_made_up(tmp_path: Path, effect, expected):
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    ship(database, "e1")
    past = SqlPastExperiments(database)
    past.keep(learning(effect=effect))
    assert past.past("home")[0].relative_effect == expected
    database.close()
