"""The generator: from a plan to the experiment spec, by code, with every default named as one."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from counterpoint.agents.knowledge import EffectHistory, expected_effect
from counterpoint.agents.plan import Outcome, Plan, Provenance, Source
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput
from counterpoint.experiments import (
    AnalysisSpec,
    ExperimentSpec,
    GuardrailSpec,
    MetricsSpec,
    PrimaryMetric,
    RampStage,
    ScheduleSpec,
    StopSpec,
    VariantSpec,
)
from counterpoint.vocabulary import digest

DEFAULT_MARGIN = 0.02
"""Relative margin of a guardrail for which nobody stated one."""
DEFAULT_WEEKS = 2
_MAX_KEY = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A spec with where each of its fields came from.

    Attributes:
        provenance: Dotted path of the spec -> where it came from.
    """

    spec: ExperimentSpec
    provenance: Mapping[str, Provenance]


def generate(
    plan: Plan,
    surface: Surface,
    *,
    owner: str,
    hypothesis: str,
    key: str | None = None,
    history: EffectHistory | None = None,
) -> Generated:
    """Return the experiment that a plan describes.

    Args:
        plan: A plan; a question or a refusal generates nothing.
        owner: Team or person who answers for the experiment.
        hypothesis: The text the plan was read from; kept as written.
        key: Key of the experiment; made from the plan's words when None.
        history: Effects found on the primary metric before: what the design looks for where the plan states no size.

    Raises:
        InvalidInput: `not_a_plan`.
    """
    if plan.outcome is not Outcome.PLAN or plan.primary is None or plan.direction is None:
        raise InvalidInput(
            "not_a_plan", f"a planner that answered '{plan.outcome}' made no plan", fix="answer its question first"
        )
    said = dict(plan.provenance)
    guardrails, notes = _guardrails(plan, surface)
    metrics = [plan.primary, *(g.metric for g in guardrails)]
    days = plan.days if plan.days is not None else default_days(surface, metrics)
    allocation = plan.allocation if plan.allocation is not None else surface.policy.max_allocation_without_ramp
    ramp = ramp_for(allocation, surface)
    mde = plan.mde
    if mde is None and plan.mde_abs is None and history is not None:
        mde = expected_effect(history)
        notes["metrics.primary.mde"] = Provenance(
            source=Source.PAST_EXPERIMENT,
            words=f"a typical true effect on {plan.primary}, by {history.n} past experiments",
            confidence=None,
            note="their average; how near this one will be is not known before it is measured",
        )
    many = len(plan.arms) > 1
    arms = [
        VariantSpec(key=f"treatment-{n}" if many else "treatment", weight=1, set=dict(arm))
        for n, arm in enumerate(plan.arms, start=1)
    ]
    spec = ExperimentSpec(
        key=key or key_for(plan),
        surface=surface.key,
        owner=owner,
        hypothesis=" ".join(hypothesis.split()),
        audience=plan.audience,
        allocation=allocation,
        variants=(VariantSpec(key="control", weight=1), *arms),
        metrics=MetricsSpec(
            primary=PrimaryMetric(metric=plan.primary, direction=plan.direction, mde=mde, mde_abs=plan.mde_abs),
            guardrails=guardrails,
        ),
        analysis=AnalysisSpec(),
        schedule=ScheduleSpec(days=days, ramp=ramp),
        stop=StopSpec(),
    )
    provenance = {
        "key": _default("made from the plan" if key is None else "given"),
        "audience": said.get("audience", _default("everyone")),
        "variants": said.get("arms", _default("")),
        "metrics.primary": said.get("primary", _default("")),
        "allocation": said.get("allocation", _default("policy.max_allocation_without_ramp")),
        "schedule.days": said.get(
            "days", _default(f"longest metric window and a day, in whole weeks, at least {DEFAULT_WEEKS}")
        ),
        "analysis": _default("group-sequential, daily looks, alpha 0.05, power 0.8"),
        "stop": _default("stop on a guardrail, pause on a sample ratio mismatch"),
        **notes,
    }
    if ramp:
        provenance["schedule.ramp"] = _default(
            f"allocation above policy.max_allocation_without_ramp ({surface.policy.max_allocation_without_ramp:g})"
        )
    return Generated(spec=spec, provenance=provenance)


def default_days(surface: Surface, metrics: list[str]) -> int:
    """Return whole weeks that outlast every metric's window by a day at least, and two weeks at the least."""
    longest = max((surface.metrics[m].window_days for m in metrics), default=0)
    return 7 * max(DEFAULT_WEEKS, math.ceil((longest + 1) / 7))


def ramp_for(allocation: float, surface: Surface) -> tuple[RampStage, ...]:
    """Return the stages before the full share: none up to the policy's limit, else 1 % for 4 h, the limit for a day."""
    limit = surface.policy.max_allocation_without_ramp
    if allocation <= limit:
        return ()
    shares = [(s, h) for s, h in ((0.01, 4.0), (limit, 24.0)) if s < allocation]
    return tuple(RampStage(share=s, hours=h) for n, (s, h) in enumerate(shares) if n == 0 or s > shares[n - 1][0])


def key_for(plan: Plan) -> str:
    """Return a readable key for a plan: what it sets, for whom, and four digits of the plan's digest."""
    words: list[str] = []
    for arm in plan.arms[:1]:
        for parameter, value in arm.items():
            words += [*parameter.split("."), str(value)]
    words += re.findall(r'"([A-Za-z]{2,8})"', plan.audience)[:3]
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(dict.fromkeys(words)).lower().replace("_", "-")).strip("-")
    # Two plans that read alike must not share a key; the same plan gets the same key again.
    tail = digest([[dict(a) for a in plan.arms], plan.audience, plan.primary, plan.mde, plan.mde_abs])[:4]
    return f"{slug[:_MAX_KEY].strip('-')}-{tail}"


def _guardrails(plan: Plan, surface: Surface) -> tuple[tuple[GuardrailSpec, ...], dict[str, Provenance]]:
    guardrails: list[GuardrailSpec] = []
    notes: dict[str, Provenance] = {}
    for n, planned in enumerate(plan.guardrails):
        stated = planned.margin is not None or planned.margin_abs is not None
        margin = planned.margin if stated else DEFAULT_MARGIN
        guardrails.append(GuardrailSpec(metric=planned.metric, margin=margin, margin_abs=planned.margin_abs))
        notes[f"metrics.guardrails.{n}"] = plan.provenance.get(f"guardrails[{n}]", _default(""))
        if not stated:
            notes[f"metrics.guardrails.{n}.margin"] = _default(
                f"a margin of {DEFAULT_MARGIN:.0%}, since none is stated"
            )
    for metric in surface.policy.required_guardrails:
        if metric != plan.primary and all(g.metric != metric for g in guardrails):
            notes[f"metrics.guardrails.{len(guardrails)}"] = _default(
                f"required by the policy of {surface.key}, margin {DEFAULT_MARGIN:.0%}"
            )
            guardrails.append(GuardrailSpec(metric=metric, margin=DEFAULT_MARGIN))
    return tuple(guardrails), notes


def _default(words: str) -> Provenance:
    return Provenance(source=Source.DEFAULT, words=words, confidence=1.0)
