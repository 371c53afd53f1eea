"""Evaluation of a planner on labelled hypotheses: accuracy by field, wrong accepts, over-asking, cost and time."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import yaml

from counterpoint.agents.equivalence import same_arms, same_audience, same_guardrails, same_number
from counterpoint.agents.plan import Outcome, Plan
from counterpoint.agents.planners import Planned
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput

Reader = Callable[[str, Surface], Plan | Planned]
"""What is evaluated: a planner's reading of one text on one surface."""
SameAudience = Callable[[Surface, str, str], bool]
CORE = frozenset({"outcome", "arms", "audience", "primary", "direction"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hypothesis with the answer that a reader of the surface should arrive at.

    Attributes:
        expect: The labelled answer; a field ending in `_any` lists every accepted one.
    """

    id: str
    text: str
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One answer, judged.

    Attributes:
        fields: Field -> whether it is right.
        seconds: Time the planner took.
        planner: How the answer came about, from a planner that tells; None from one that asks no model.
    """

    case: Case
    plan: Plan
    fields: Mapping[str, bool]
    seconds: float
    planner: Mapping[str, Any] | None = None

    @property
    def is_core_right(self) -> bool:
        """Right outcome and, for a plan, right arms, audience, primary and direction."""
        return all(right for name, right in self.fields.items() if name in CORE)

    @property
    def is_wrong_accept(self) -> bool:
        """A plan that would be launched by mistake."""
        return self.plan.outcome is Outcome.PLAN and not self.is_core_right

    @property
    def is_over_ask(self) -> bool:
        """A question or refusal where the text allowed a plan."""
        return self.case.expect["outcome"] == "plan" and self.plan.outcome is not Outcome.PLAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Every case of one run, judged."""

    planner: str
    verdicts: tuple[Verdict, ...]

    @property
    def core(self) -> float:
        """Share of cases right in their core, in [0, 1]."""
        return sum(v.is_core_right for v in self.verdicts) / len(self.verdicts)

    @property
    def full(self) -> float:
        """Share of cases right in every field, in [0, 1]."""
        return sum(all(v.fields.values()) for v in self.verdicts) / len(self.verdicts)

    @property
    def n_wrong_accepts(self) -> int:
        """Cases for which a plan was returned that is wrong in its core."""
        return sum(v.is_wrong_accept for v in self.verdicts)

    @property
    def n_over_asks(self) -> int:
        """Cases with a plan in the labels that were answered with a question or a refusal."""
        return sum(v.is_over_ask for v in self.verdicts)

    @property
    def asked(self) -> tuple[Mapping[str, Any], ...]:
        """How each answer came about that a model was asked for."""
        return tuple(v.planner for v in self.verdicts if v.planner is not None and v.planner["rounds"])

    @property
    def cost_usd(self) -> float | None:
        """Cost of all cases in US dollars; None when any that was asked has a price that is not known."""
        costs = [row["cost_usd"] for row in self.asked]
        return None if None in costs else sum(costs)

    def by_field(self) -> dict[str, tuple[int, int]]:
        """Return field -> (right, judged)."""
        counts: dict[str, tuple[int, int]] = {}
        for verdict in self.verdicts:
            for name, right in verdict.fields.items():
                a, b = counts.get(name, (0, 0))
                counts[name] = (a + right, b + 1)
        return counts


def load_cases(text: str, source: str) -> tuple[Case, ...]:
    """Return the labelled cases of a YAML text.

    Args:
        text: YAML with a list `cases` of `{id, text, expect}`.
        source: Where it comes from, for the error.

    Raises:
        InvalidInput: `cases_unreadable` when it is not such a document, with the case at fault.
    """
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput("cases_unreadable", "this is not YAML", where=source) from error
    rows = document.get("cases") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows:
        raise InvalidInput(
            "cases_unreadable", "no list of cases", where=source, fix="write cases: [{id, text, expect}]"
        )
    return tuple(_case(row, f"{source}: cases.{n}") for n, row in enumerate(rows))


def _case(row: Any, where: str) -> Case:
    fine = isinstance(row, dict) and isinstance(row.get("text"), str) and isinstance(row.get("expect"), dict)
    if not fine or row["expect"].get("outcome") not in set(Outcome):
        raise InvalidInput(
            "cases_unreadable",
            "a case needs id, text, and expect with an outcome",
            where=where,
            fix="see the other cases",
        )
    return Case(id=str(row.get("id", where)), text=row["text"], expect=row["expect"])


def evaluate(
    cases: Sequence[Case],
    surface: Surface,
    planner: Reader,
    *,
    name: str = "offline",
    same_audience: SameAudience = same_audience,
    clock: Callable[[], float] = perf_counter,
) -> Evaluation:
    """Return the run of `planner` over `cases`, each answer judged field by field.

    Args:
        same_audience: Whether two CEL expressions select the same users.
        clock: Monotonic seconds.
    """
    verdicts: list[Verdict] = []
    for case in cases:
        start = clock()
        answer = planner(case.text, surface)
        seconds = clock() - start
        planned = answer if isinstance(answer, Planned) else Planned(plan=answer)
        verdicts.append(
            Verdict(
                case=case,
                plan=planned.plan,
                fields=judge(surface, case.expect, planned.plan, same_audience),
                seconds=seconds,
                planner=planned.planner,
            )
        )
    return Evaluation(planner=name, verdicts=tuple(verdicts))


def judge(surface: Surface, expect: Mapping[str, Any], plan: Plan, same_audience: SameAudience) -> dict[str, bool]:
    """Return which fields of one answer are right; a wrong outcome leaves the others unjudged."""
    if plan.outcome != expect["outcome"]:
        return {"outcome": False}
    if plan.outcome is Outcome.CLARIFY:
        missing = sorted(str(m) for m in plan.missing)
        return {"outcome": True, "missing": missing in [sorted(m) for m in _any_of(expect, "missing")]}
    if plan.outcome is Outcome.REJECT:
        return {"outcome": True, "reason": str(plan.reason) in _any_of(expect, "reason")}
    required = frozenset(surface.policy.required_guardrails)
    return {
        "outcome": True,
        "arms": any(same_arms(surface, plan.arms, arms) for arms in _any_of(expect, "arms")),
        "audience": any(same_audience(surface, plan.audience, a) for a in _any_of(expect, "audience")),
        "primary": plan.primary in _any_of(expect, "primary"),
        "direction": str(plan.direction) in _any_of(expect, "direction"),
        "mde": same_number(plan.mde, expect.get("mde")) and same_number(plan.mde_abs, expect.get("mde_abs")),
        "guardrails": any(same_guardrails(plan.guardrails, g, required) for g in _any_of(expect, "guardrails")),
        "allocation": same_number(plan.allocation, expect.get("allocation")),
        "days": same_number(plan.days, expect.get("days")),
    }


def _any_of(expect: Mapping[str, Any], field: str) -> list[Any]:
    return list(expect.get(f"{field}_any", [expect.get(field)]))


def render_table(evaluation: Evaluation) -> str:
    """Return the run as a table for people: figures first, then accuracy by field, then every wrong case."""
    n = len(evaluation.verdicts)
    times = sorted(v.seconds * 1000 for v in evaluation.verdicts)
    lines = [
        f"planner {evaluation.planner}, {n} cases",
        f"  core right      {evaluation.core:7.1%}",
        f"  fully right     {evaluation.full:7.1%}",
        f"  wrong accepts   {evaluation.n_wrong_accepts:7d}",
        f"  over-asks       {evaluation.n_over_asks:7d}",
        f"  time a case     {times[n // 2]:7.1f} ms median, {times[-1]:.1f} ms at most",
        *_spent(evaluation),
        "",
        *(f"  {name:<14}{right:>4} of {judged}" for name, (right, judged) in evaluation.by_field().items()),
    ]
    wrong = [v for v in evaluation.verdicts if not all(v.fields.values())]
    if wrong:
        lines += [
            "",
            *(f"  {_mark(v)} {v.case.id}: {', '.join(f for f, ok in v.fields.items() if not ok)}" for v in wrong),
        ]
    return "\n".join(lines)


def _spent(evaluation: Evaluation) -> list[str]:
    """Return what the model took; nothing for a planner that asks none."""
    asked, n = evaluation.asked, len(evaluation.verdicts)
    if not asked:
        return []
    tokens = sum(row["input_tokens"] + row["output_tokens"] for row in asked)
    cost = evaluation.cost_usd
    estimated = ", partly estimated" if any(row["tokens_estimated"] for row in asked) else ""
    reasons = Counter(row["fallback"]["code"] for row in asked if row["fallback"] is not None)
    why = f" ({', '.join(f'{code} {times}' for code, times in sorted(reasons.items()))})" if reasons else ""
    rounds = sum(row["rounds"] for row in asked)
    return [
        f"  cost            {'not known' if cost is None else f'{cost:.4f} USD, {cost / n:.4f} a case'}",
        f"  model asked     {len(asked):7d} of {n}, {rounds} rounds, {tokens:,} tokens{estimated}",
        f"  fell back       {reasons.total():7d} of {n}{why}",
    ]


def _mark(verdict: Verdict) -> str:
    return "WRONG" if verdict.is_wrong_accept else "asked" if verdict.is_over_ask else "other"


def jsonl(evaluation: Evaluation) -> str:
    """Return one JSON object a line, the case's id beside the plan's document and how it came about."""
    return "\n".join(
        json.dumps({"id": v.case.id, **v.plan.as_document(), **({} if v.planner is None else {"planner": v.planner})})
        for v in evaluation.verdicts
    )
