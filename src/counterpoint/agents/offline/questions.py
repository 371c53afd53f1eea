"""Questions and refusals in words: one question that matters, one reason, one sentence."""

from collections.abc import Sequence
from dataclasses import replace

from counterpoint.agents.offline.reading import Text
from counterpoint.agents.plan import Missing, Outcome, Plan, RejectReason
from counterpoint.config import Surface

_REASONS = {
    RejectReason.OUT_OF_BOUNDS: "The value lies outside of what the parameter allows: {detail}.",
    RejectReason.UNKNOWN_PARAMETER: "Nothing on this surface can be set to do that: {detail}.",
    RejectReason.UNKNOWN_METRIC: "The surface does not measure this: {detail}.",
    RejectReason.UNKNOWN_ATTRIBUTE: "A request to this surface does not say this about its user: {detail}.",
    RejectReason.SENSITIVE_AUDIENCE: "Targeting by this is refused without a recorded privacy approval: {detail}.",
    RejectReason.NO_OP: "Everyone has this already, so no arm would differ from control: {detail}.",
    RejectReason.OTHER_SURFACE: "This is about another surface: {detail}.",
    RejectReason.UNSAFE_INSTRUCTION: "A hypothesis cannot order the platform to skip its rules: {detail}.",
}
_ORDER = (Missing.SURFACE, Missing.CHANGE, Missing.VALUE, Missing.METRIC, Missing.AUDIENCE)


def refuse(surface: Surface, reason: RejectReason, detail: str) -> Plan:
    """Return a refusal with its reason."""
    return Plan(
        outcome=Outcome.REJECT, surface=surface.key, reason=reason, explanation=_REASONS[reason].format(detail=detail)
    )


def ask(surface: Surface, missing: Sequence[Missing], detail: str, text: Text) -> Plan:
    """Return a question; of several things missing, the one that matters most is asked."""
    ordered = tuple(m for m in _ORDER if m in missing)
    question = _question(surface, ordered[0], detail)
    rest = ", ".join(ordered[1:])
    explanation = question if not rest else f"{question} (Also open: {rest}.)"
    del text
    return Plan(
        outcome=Outcome.CLARIFY, surface=surface.key, missing=ordered, question=question, explanation=explanation
    )


def _question(surface: Surface, missing: Missing, detail: str) -> str:
    parameter = surface.parameters.get(detail)
    if missing is Missing.SURFACE:
        return f"On which surface should this change: {surface.key}, or {detail or 'another'}?"
    if missing is Missing.VALUE and parameter is not None:
        if parameter.values:
            choices = f"one of {', '.join(parameter.values)}"
        elif parameter.min is not None and parameter.max is not None:
            choices = f"{parameter.min:g} to {parameter.max:g}{f' {parameter.unit}' if parameter.unit else ''}"
        else:
            choices = f"a {parameter.type}"
        return f"To which value should {parameter.key} be set ({choices}; it is {parameter.baseline} today)?"
    if missing is Missing.VALUE:
        return f"What does {detail or 'the number'} belong to, and to which value should it be set?"
    if missing is Missing.CHANGE:
        unread = f' ("{detail}" was not understood)' if detail and detail not in surface.parameters else ""
        return f"Which parameter of {surface.key} should change, and to what{unread}?"
    if missing is Missing.METRIC:
        return "Which one metric decides whether this worked?"
    return f"Which users exactly are meant by {detail or 'the audience'} (a threshold or a list)?"


def explain_plan(plan: Plan) -> Plan:
    """Return the plan with itself in one sentence."""
    arms = " | ".join(", ".join(f"{k} = {v}" for k, v in arm.items()) for arm in plan.arms)
    size = (
        f" by {plan.mde:.2%}"
        if plan.mde is not None
        else f" by {plan.mde_abs:g} (own unit)"
        if plan.mde_abs is not None
        else ""
    )
    whom = "everyone" if plan.audience == "true" else plan.audience
    return replace(plan, explanation=f"Set {arms} for {whom}; {plan.primary} should {plan.direction}{size}.")
