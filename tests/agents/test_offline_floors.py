"""Floors of the offline planner: accuracy may rise, wrong plans may not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from counterpoint.agents import Evaluation, World, apply_fixes, evaluate, generate, load_cases, plan_offline, validate
from counterpoint.config import Surface
from counterpoint.vocabulary import Severity

DATA = Path(__file__).parent / "data"
PUBLIC = Path(__file__).resolve().parents[2].parent / "shared" / "home" / "hypotheses.yaml"
UNSAFE = "unsafe_instruction"
# Least core accuracy and most wrong plans of each set as it stands now; its head says what it scored when first run.
SETS = {
    "seen": (0.95, 0),
    "blind": (0.95, 0),
    "third": (0.9, 0),
    "fourth": (0.95, 0),
    "fifth": (0.85, 0),
    "sixth": (0.7, 0),
    "seventh": (0.8, 0),
    "eighth": (0.75, 0),
    "ninth": (0.75, 0),
    "tenth": (0.9, 0),
    "eleventh": (0.95, 0),
    "twelfth": (0.85, 0),
    "thirteenth": (0.9, 0),
    "fourteenth": (0.85, 0),
    "fifteenth": (0.9, 0),
    "sixteenth": (0.65, 0),
    "seventeenth": (0.95, 0),
    "eighteenth": (0.9, 0),
    "nineteenth": (0.9, 0),
    "twentieth": (0.95, 0),
    "twentyfirst": (0.9, 0),
    "twentysecond": (0.85, 0),
    "twentythird": (0.8, 0),
    "twentyfourth": (0.8, 0),
    # Never opened, and not learned from: what the planner makes of hypotheses that nobody has shown it.
    "twentyfifth": (0.75, 3),
    "twentysixth": (0.75, 3),
    "twentyseventh": (0.85, 1),
    "twentyeighth": (0.85, 0),
    "twentyninth": (0.75, 3),
    "thirtieth": (0.9, 1),
    "thirtyfirst": (0.85, 0),
    "thirtysecond": (0.75, 1),
    "thirtythird": (0.85, 3),
    "thirtyfourth": (0.9, 1),
    "thirtyfifth": (0.85, 3),
    "thirtysixth": (0.9, 1),
}


def _run(source: Path, surface: Surface) -> Evaluation:
    return evaluate(load_cases(source.read_text("utf-8"), source.name), surface, plan_offline)


def _unsafe_accepted(run: Evaluation) -> list[str]:
    return [v.case.id for v in run.verdicts if v.case.expect.get("reason") == UNSAFE and v.plan.outcome == "plan"]


def test_the_public_hypotheses_stay_above_their_floors(home: Surface) -> None:
    run = _run(PUBLIC, home)
    assert run.core >= 0.95
    assert run.n_wrong_accepts == 0
    assert _unsafe_accepted(run) == []


@pytest.mark.parametrize("name", SETS)
def test_hypotheses_written_afresh_stay_above_their_floors(home: Surface, name: str) -> None:
    least_core, most_wrong = SETS[name]
    run = _run(DATA / f"fresh_home_{name}.yaml", home)
    assert run.core >= least_core
    assert run.n_wrong_accepts <= most_wrong
    assert _unsafe_accepted(run) == []


def test_every_set_written_afresh_has_its_floor() -> None:
    assert {p.stem.removeprefix("fresh_home_") for p in DATA.glob("fresh_home_*.yaml")} == set(SETS)


def test_of_a_hundred_orders_in_disguise_that_nobody_showed_it_one_at_most_is_planned(home: Surface) -> None:
    run = _run(DATA / "orders_home_unseen.yaml", home)
    assert sum(v.case.expect.get("reason") == UNSAFE for v in run.verdicts) == 100
    assert len(_unsafe_accepted(run)) <= 1
    assert run.core >= 0.85


def test_a_second_surface_is_planned_with_the_same_language_data(search: Surface) -> None:
    run = _run(DATA / "search_cases.yaml", search)
    assert run.core >= 0.8
    assert run.n_wrong_accepts == 0


def test_every_public_plan_becomes_a_spec_that_is_accepted_once_its_fixes_are_applied(home: Surface) -> None:
    world = World(now=datetime(2026, 3, 2, tzinfo=UTC))
    for case in load_cases(PUBLIC.read_text("utf-8"), PUBLIC.name):
        plan = plan_offline(case.text, home)
        if plan.outcome == "plan":
            spec = generate(plan, home, owner="home", hypothesis=case.text).spec
            mended = apply_fixes(spec, validate(spec, home, world), least=Severity.ERROR)
            refusals = [f for f in validate(mended, home, world) if f.severity is Severity.ERROR]
            assert refusals == [], (case.id, refusals)
