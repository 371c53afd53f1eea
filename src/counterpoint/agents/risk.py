"""Risk budgets: how much an agent may put at risk, whatever it asks for, told as findings about its spec."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from counterpoint.experiments import ExperimentSpec
from counterpoint.vocabulary import Finding, Severity

AGENT_PREFIX = "agent:"
"""How the name of an actor begins that is a program deciding by itself; everybody else is a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskBudget:
    """What one agent may do. The surface's own policy holds beside it: whichever is stricter wins.

    That guardrails stop an experiment by themselves and a mismatch of the sample ratio pauses it is no part of it:
    every launch of an agent has both.

    Attributes:
        largest_share: Largest share of an audience that one experiment may take, in (0, 1].
        concurrent_launches: How many launches of its own may be under way at once, waiting ones included.
        required_guardrails: Metrics that every experiment of it watches, beside those that the surface requires.
        approvals: How many people must approve what it wants to launch, resume or ship; at least one.
        approvers: Who they are; anybody who is no agent when empty.
        surfaces: Where it may act; everywhere when empty.
    """

    largest_share: float = 0.1
    concurrent_launches: int = 2
    required_guardrails: tuple[str, ...] = ()
    approvals: int = 1
    approvers: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()


def is_agent(actor: str) -> bool:
    """Return whether an actor is an agent, by its name."""
    # A name that reads like an agent's is one, however it is written: "Agent :scout", or in full-width letters.
    letters = "".join(letter for letter in unicodedata.normalize("NFKC", actor) if letter.isprintable())
    return "".join(letters.casefold().split()).startswith(AGENT_PREFIX)


def risk_findings(spec: ExperimentSpec, budget: RiskBudget, *, n_under_way: int) -> tuple[Finding, ...]:
    """Return everything by which a launch of `spec` would exceed `budget`; each refuses it.

    Args:
        n_under_way: Launches of the same agent that have not ended, this one not counted.
    """
    return (
        *_place(spec, budget),
        *_share(spec, budget),
        *_watching(spec, budget),
        *_stopping(spec),
        *_concurrency(budget, n_under_way),
    )


def guard_findings(spec: ExperimentSpec) -> tuple[Finding, ...]:
    """Return what `spec` lacks of the watch that every agent's experiment is under, whatever its budget."""
    return (*_watching(spec, RiskBudget()), *_stopping(spec))


def _place(spec: ExperimentSpec, budget: RiskBudget) -> Iterator[Finding]:
    if budget.surfaces and spec.surface not in budget.surfaces:
        known = ", ".join(budget.surfaces)
        yield _refusal("budget_surface", "surface", f"the risk budget is for {known}, not for {spec.surface}")


def _share(spec: ExperimentSpec, budget: RiskBudget) -> Iterator[Finding]:
    if spec.allocation <= budget.largest_share:
        return
    stages = [
        stage.model_dump() for stage in spec.schedule.ramp if stage.share < budget.largest_share
    ]  # a stage may not be larger than the allocation
    yield _refusal(
        "budget_share",
        "allocation",
        f"{spec.allocation:g} of the audience is more than the {budget.largest_share:g} that the risk budget allows",
        {"allocation": budget.largest_share, **({"schedule.ramp": stages} if spec.schedule.ramp else {})},
        wanted=spec.allocation,
        allowed=budget.largest_share,
    )


def _watching(spec: ExperimentSpec, budget: RiskBudget) -> Iterator[Finding]:
    watched = {guardrail.metric for guardrail in spec.metrics.guardrails}
    absent = [metric for metric in budget.required_guardrails if metric not in watched]
    if absent:
        message = f"the risk budget requires {', '.join(absent)} among the guardrails; add each with a margin"
        yield _refusal("budget_guardrail", "metrics.guardrails", message, missing=absent)
    elif not watched:
        message = "an agent's experiment needs a guardrail that can stop it; add one with a margin"
        yield _refusal("budget_guardrail", "metrics.guardrails", message, missing=[])


def _stopping(spec: ExperimentSpec) -> Iterator[Finding]:
    if spec.stop.on_guardrail != "stop":
        message = "a breached guardrail must stop an agent's experiment by itself"
        yield _refusal("budget_stop", "stop.on_guardrail", message, {"stop.on_guardrail": "stop"})
    if spec.stop.on_srm == "alert":
        message = "a mismatch of the sample ratio must pause an agent's experiment by itself"
        yield _refusal("budget_stop", "stop.on_srm", message, {"stop.on_srm": "pause"})


def _concurrency(budget: RiskBudget, n_under_way: int) -> Iterator[Finding]:
    if n_under_way >= budget.concurrent_launches:
        message = (
            f"{n_under_way} of its launches are under way, and the risk budget allows {budget.concurrent_launches}; "
            "wait until one ends, or stop one"
        )
        yield _refusal("budget_concurrency", "", message, n_under_way=n_under_way, allowed=budget.concurrent_launches)


def _refusal(code: str, path: str, message: str, fix: dict[str, object] | None = None, **facts: object) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message, fix=fix or {}, facts=facts)
