"""Grounding: from a draft to a plan, every name looked up, every value bounded, every quotation found in the text."""

from dataclasses import dataclass, replace

from counterpoint.agents.model.complaints import Complaint, complaints_about, typed
from counterpoint.agents.model.draft import Arm, Draft
from counterpoint.agents.model.quotations import Text
from counterpoint.agents.model.wording import question_about, said_by_a_model
from counterpoint.agents.offline.questions import explain_plan, refuse
from counterpoint.agents.plan import Missing, Outcome, Plan, PlannedGuardrail, Provenance, RejectReason, Source
from counterpoint.assignment import compile_audience
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Direction, Scalar

ALONE = "a model alone read it, and quotes the words that say so; how often it is right then was not measured"
"""What is known of a field whose quotation is in the text and that nothing else was compared with."""
UNSAID = 0.0
"""Confidence of a field that no words of the text stand behind: it is asked about, never planned with."""
_MISSING = {
    "arms": Missing.CHANGE,
    "audience": Missing.AUDIENCE,
    "primary": Missing.METRIC,
    "direction": Missing.METRIC,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounded:
    """A draft as a plan; meaningless while a complaint that is not soft stands."""

    plan: Plan
    complaints: tuple[Complaint, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Whether only quotations are at fault."""
        return all(complaint.is_soft for complaint in self.complaints)


def ground(draft: Draft, text: Text, surface: Surface) -> Grounded:
    """Return the plan that a draft describes, with everything that is wrong with it."""
    if draft.outcome is Outcome.CLARIFY:
        return _question(draft, text, surface)
    if draft.outcome is Outcome.REJECT:
        return _refusal(draft, text, surface)
    complaints = complaints_about(draft, text, surface)
    if not all(c.is_soft for c in complaints):
        return Grounded(plan=Plan(outcome=Outcome.CLARIFY, surface=surface.key), complaints=complaints)
    if (sensitive := _sensitive(draft.audience, surface)) is not None:
        return Grounded(plan=refuse(surface, RejectReason.SENSITIVE_AUDIENCE, sensitive))
    return Grounded(
        plan=explain_plan(_plan(draft, text, surface, {c.field for c in complaints})), complaints=complaints
    )


def with_doubts_asked(plan: Plan, surface: Surface) -> Plan:
    """Return the plan, or the question about the first of its fields that nothing in the text stands behind."""
    doubtful = [name for name, p in plan.provenance.items() if p.confidence == UNSAID]
    if plan.outcome is not Outcome.PLAN or not doubtful:
        return plan
    missing = tuple(dict.fromkeys(missing_for(name) for name in doubtful))
    shown = plan.as_document().get(doubtful[0].partition("[")[0])
    question = question_about(doubtful[0], f"it was read as {shown}, and no words of the text say so")
    return Plan(outcome=Outcome.CLARIFY, surface=surface.key, missing=missing, question=question, explanation=question)


def missing_for(field: str) -> Missing:
    """Return what has to be asked when a field of a plan is in doubt."""
    name = field.partition("[")[0]
    return _MISSING.get(name, Missing.METRIC if name == "guardrails" else Missing.VALUE)


def _question(draft: Draft, text: Text, surface: Surface) -> Grounded:
    if not draft.missing:
        return _wrong(surface, "missing", "a question says in `missing` what it asks for")
    question = said_by_a_model(draft.question, text.lexicon) or question_about(
        draft.missing[0].value, "the text does not say"
    )
    plan = Plan(
        outcome=Outcome.CLARIFY, surface=surface.key, missing=tuple(dict.fromkeys(draft.missing)), question=question,
        explanation=question,
    )  # fmt: skip
    return Grounded(plan=plan)


def _refusal(draft: Draft, text: Text, surface: Surface) -> Grounded:
    if draft.reason is None:
        return _wrong(surface, "reason", "a refusal says its `reason`")
    if not text.says(draft.detail):
        return _wrong(surface, "detail", "a refusal quotes in `detail` the words of the hypothesis that cannot be done")
    return Grounded(plan=refuse(surface, draft.reason, f'"{draft.detail}"'))


def _wrong(surface: Surface, field: str, message: str) -> Grounded:
    plan = Plan(outcome=Outcome.CLARIFY, surface=surface.key)
    return Grounded(plan=plan, complaints=(Complaint(field=field, message=message),))


def _plan(draft: Draft, text: Text, surface: Surface, ungrounded: set[str]) -> Plan:
    words, primary = draft.words, draft.primary or ""
    quoted = {"arms": words.arms, "audience": words.audience, "primary": words.primary, "direction": words.direction}
    quoted |= {"mde": words.effect, "mde_abs": words.effect, "allocation": words.allocation, "days": words.days}
    better = surface.metrics[primary].better
    provenance = {
        "arms": _said(words.arms, "arms" in ungrounded),
        "primary": _said(words.primary, "primary" in ungrounded),
    }
    if draft.audience.strip() == "true":
        provenance["audience"] = Provenance(source=Source.DEFAULT, words="everyone", confidence=None, note=ALONE)
    else:
        provenance["audience"] = _said(words.audience, "audience" in ungrounded)
    stated = draft.direction is not None and bool(words.direction)
    provenance["direction"] = (
        _said(words.direction, "direction" in ungrounded)
        if stated
        else Provenance(source=Source.DEFAULT, words=f"{better} is better", confidence=1.0)
    )
    for field in ("mde", "mde_abs", "allocation", "days"):
        if getattr(draft, field) is not None:
            provenance[field] = _said(quoted[field], field in ungrounded)
    for n, guardrail in enumerate(draft.guardrails):
        provenance[f"guardrails[{n}]"] = _said(guardrail.words, f"guardrails[{n}]" in ungrounded)
    return Plan(
        outcome=Outcome.PLAN,
        surface=surface.key,
        arms=tuple(_arm(arm, surface) for arm in draft.arms),
        audience=draft.audience.strip(),
        primary=primary,
        # Without words for it, the direction is the one that is an improvement, whatever the model says.
        direction=draft.direction if stated else Direction.INCREASE if better == "higher" else Direction.DECREASE,
        mde=draft.mde,
        mde_abs=draft.mde_abs,
        guardrails=tuple(
            PlannedGuardrail(metric=g.metric, margin=g.margin, margin_abs=g.margin_abs) for g in draft.guardrails
        ),
        allocation=draft.allocation,
        days=draft.days,
        provenance=provenance,
        residue=text.unquoted([p.words for p in provenance.values() if p.source is Source.WORDS]),
    )  # fmt: skip


def _arm(arm: Arm, surface: Surface) -> dict[str, Scalar]:
    return {s.parameter: typed(s.value, surface.parameters[s.parameter].type) for s in arm.settings}


def _said(quotation: str, is_ungrounded: bool) -> Provenance:
    if is_ungrounded:
        return Provenance(source=Source.WORDS, words="", confidence=UNSAID)
    return Provenance(source=Source.WORDS, words=quotation, confidence=None, note=ALONE)


def _sensitive(audience: str, surface: Surface) -> str | None:
    try:
        used = compile_audience(audience, surface.attributes).attributes
    except InvalidInput:
        return None
    return next((key for key in used if surface.attributes[key].sensitive), None)


def with_agreement(plan: Plan, offline: Plan) -> Plan:
    """Return a model's plan with the rules' provenance of the fields that both read alike: theirs was measured."""
    merged = {name: offline.provenance.get(name, said) for name, said in plan.provenance.items()}
    return replace(plan, provenance=merged)
