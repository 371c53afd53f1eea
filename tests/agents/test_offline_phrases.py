"""Ways of naming users and of saying what a metric does, each read as what it means."""

from pathlib import Path

import pytest
import yaml

from counterpoint.agents import Outcome, plan_offline
from counterpoint.agents.equivalence import same_audience
from counterpoint.config import Surface

PHRASES = yaml.safe_load((Path(__file__).parent / "data" / "phrases.yaml").read_text("utf-8"))


@pytest.mark.parametrize(("said", "meant"), PHRASES["users"])
def test_users_are_read_as_they_are_named(home: Surface, said: str, meant: str) -> None:
    plan = plan_offline(f"Larger covers. {said} CTR +2 %.", home)
    if meant == "asked":
        assert plan.outcome is Outcome.CLARIFY
    elif meant in ("unknown_attribute", "sensitive_audience"):
        assert plan.reason == meant
    else:
        assert plan.outcome is Outcome.PLAN
        assert same_audience(home, plan.audience, meant)


def test_users_who_are_the_subject_of_the_change_are_read_with_it(home: Surface) -> None:
    plan = plan_offline("Listeners on a student plan or a family plan see eight shelves. CTR +2 %.", home)
    assert plan.arms == ({"layout.max_shelves": 8},)
    assert same_audience(home, plan.audience, 'plan in ["student", "family"]')


@pytest.mark.parametrize(("said", "metric", "direction"), PHRASES["outcomes"])
def test_what_a_metric_does_is_read_as_it_is_said(home: Surface, said: str, metric: str, direction: str) -> None:
    plan = plan_offline(f"Larger covers in Brazil. {said}", home)
    assert (plan.primary, str(plan.direction)) == (metric, direction)
