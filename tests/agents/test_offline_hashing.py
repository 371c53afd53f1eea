"""The offline planner reads a text the same way in every process: no set of words decides by its order."""

import os
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parent / "data"
READ = """
import sys
from pathlib import Path
from counterpoint.agents import load_cases, plan_offline
from counterpoint.config import load_surface
data = Path(sys.argv[1])
surface = load_surface((data / "search_surface.yaml").read_text("utf-8"), source="search_surface.yaml")
for case in load_cases((data / "search_cases.yaml").read_text("utf-8"), "search_cases.yaml"):
    plan = plan_offline(case.text, surface)
    print(case.id, plan.outcome, plan.arms, plan.audience, plan.primary, plan.direction, plan.missing, plan.reason)
"""


def _plans(seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(DATA)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    return done.stdout


def test_plans_do_not_depend_on_how_words_are_hashed() -> None:
    first = _plans("1")
    assert first
    assert _plans("2") == first
