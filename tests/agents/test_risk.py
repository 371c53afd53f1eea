"""Risk budgets as a pure judgement: each limit refuses, names its figures, and mends what can be mended."""

from typing import Any

import pytest

from counterpoint.agents import RiskBudget, apply_fixes, is_agent, risk_findings
from counterpoint.experiments import ExperimentSpec, parse_spec
from experiment_examples import a_spec

GUARDED = {
    "primary": {"metric": "minutes_7d", "direction": "increase", "mde": 0.02},
    "guardrails": [{"metric": "minutes_7d", "margin": 0.05}],
}


def judged(budget: RiskBudget, n_under_way: int = 0, **fields: Any) -> dict[str, str]:
    return {f.code: f.path for f in risk_findings(guarded(**fields), budget, n_under_way=n_under_way)}


def guarded(**fields: Any) -> ExperimentSpec:
    return a_spec(**{"metrics": GUARDED, **fields})


def test_a_spec_within_its_budget_is_not_spoken_against() -> None:
    assert judged(RiskBudget()) == {}


@pytest.mark.parametrize(
    ("budget", "fields", "n_under_way", "expected"),
    [
        (RiskBudget(largest_share=0.05), {}, 0, {"budget_share": "allocation"}),
        (RiskBudget(concurrent_launches=2), {}, 2, {"budget_concurrency": ""}),
        (RiskBudget(concurrent_launches=0), {}, 0, {"budget_concurrency": ""}),
        (RiskBudget(required_guardrails=("crashes",)), {}, 0, {"budget_guardrail": "metrics.guardrails"}),
        (RiskBudget(), {"metrics": {**GUARDED, "guardrails": []}}, 0, {"budget_guardrail": "metrics.guardrails"}),
        (RiskBudget(), {"stop": {"on_guardrail": "pause"}}, 0, {"budget_stop": "stop.on_guardrail"}),
        (RiskBudget(), {"stop": {"on_srm": "alert"}}, 0, {"budget_stop": "stop.on_srm"}),
        (RiskBudget(surfaces=("search",)), {}, 0, {"budget_surface": "surface"}),
    ],
)
def test_each_limit_refuses_what_exceeds_it(
    budget: RiskBudget, fields: dict[str, Any], n_under_way: int, expected: dict[str, str]
) -> None:
    assert judged(budget, n_under_way, **fields) == expected


@pytest.mark.parametrize("share", [0.011, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("largest", [0.01, 0.04, 0.3])
def test_a_mended_share_is_within_the_budget_with_a_ramp_that_fits_it(share: float, largest: float) -> None:
    ramp = [{"share": each, "hours": 4} for each in (0.01, 0.03, 0.2) if each < share]
    spec = parse_spec(guarded(allocation=share, schedule={"days": 14, "ramp": ramp}).model_dump(mode="json"))
    budget = RiskBudget(largest_share=largest)
    mended = apply_fixes(spec, risk_findings(spec, budget, n_under_way=0))
    assert risk_findings(mended, budget, n_under_way=0) == ()
    assert all(stage.share < mended.allocation for stage in mended.schedule.ramp)


@pytest.mark.parametrize(
    ("actor", "agent"),
    [
        ("agent:scout", True),
        (" Agent:scout", True),
        ("agent :scout", True),
        ("\uff41gent\uff1ascout", True),
        ("age\u200bnt:scout", True),
        ("maria@example.org", False),
        ("agents@example.org", False),
    ],
)
def test_an_agent_is_known_by_its_name(actor: str, agent: bool) -> None:
    assert is_agent(actor) is agent
