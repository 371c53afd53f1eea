"""Grounding: from a draft to a plan, every name looked up, every value bounded, every quotation found in the text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from counterpoint.agents.model.draft import Arm, Draft, Guardrail
from counterpoint.agents.model.quotations import Text, reads_number, unread_numbers
from counterpoint.agents.model.wording import question_about, said_by_a_model
from counterpoint.agents.offline.questions import explain_plan, refuse
from counterpoint.agents.plan import Missing, Outcome, Plan, PlannedGuardrail, Provenance, RejectReason, Source
from counterpoint.assignment import check_audience, compile_audience
from counterpoint.config import Surface, check_value
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Direction, ParameterType, Scalar

QUOTED = 0.8
"""Confidence of a field whose words are in the text, by a model alone; a fixed figure, not a calibrated one."""
ASKED_BELOW = 0.5
"""A field surer than this is planned with; any other is asked about."""
_MISSING = {
    "arms": Missing.CHANGE,
    "audience": Missing.AUDIENCE,
    "primary": Missing.METRIC,
    "direction": Missing.METRIC,
}
_MOST_DAYS = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with one field of a draft.

    Attributes:
        is_soft: The field is possible and only its quotation is not there: it may stand without any confidence.
    """

    field: str
    message: str
    is_soft: bool = False


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
    complaints = (*_of_arms(draft, surface), *_of_audience(draft, surface), *_of_metrics(draft, surface))
    complaints += (*_of_numbers(draft), *_of_words(draft, text))
    if not all(c.is_soft for c in complaints):
        return Grounded(plan=Plan(outcome=Outcome.CLARIFY, surface=surface.key), complaints=complaints)
    if (sensitive := _sensitive(draft.audience, surface)) is not None:
        return Grounded(plan=refuse(surface, RejectReason.SENSITIVE_AUDIENCE, sensitive))
    return Grounded(
        plan=explain_plan(_plan(draft, text, surface, {c.field for c in complaints})), complaints=complaints
    )


def with_doubts_asked(plan: Plan, surface: Surface) -> Plan:
    """Return the plan, or the question about the first of its fields that nothing in the text stands behind."""
    doubtful = [name for name, p in plan.provenance.items() if p.confidence < ASKED_BELOW]
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


def _of_arms(draft: Draft, surface: Surface) -> Iterator[Complaint]:
    if not draft.arms:
        yield Complaint(field="arms", message="a plan has an arm; ask for the change if the text names none")
    seen: list[dict[str, Scalar]] = []
    for arm in draft.arms:
        values: dict[str, Scalar] = {}
        for setting in arm.settings:
            parameter = surface.parameters.get(setting.parameter)
            if parameter is None:
                yield _unknown("arms", "parameter", setting.parameter, surface.parameters)
            elif setting.parameter in values:
                yield Complaint(field="arms", message=f"an arm sets {setting.parameter} twice")
            elif (finding := check_value(parameter, _typed(setting.value, parameter.type))) is not None:
                yield Complaint(field="arms", message=f"{finding.message}; if the text says so, refuse: out_of_bounds")
            else:
                values[setting.parameter] = _typed(setting.value, parameter.type)
        if values in seen:
            yield Complaint(field="arms", message="two arms are the same")
        if values and all(surface.parameters[key].baseline == value for key, value in values.items()):
            yield Complaint(field="arms", message=f"{values} is the baseline: leave the arm out, or refuse: no_op")
        seen.append(values)


def _of_audience(draft: Draft, surface: Surface) -> Iterator[Complaint]:
    for finding in check_audience(draft.audience, surface.attributes):
        yield Complaint(field="audience", message=finding.message)


def _of_metrics(draft: Draft, surface: Surface) -> Iterator[Complaint]:
    if draft.primary is None:
        yield Complaint(field="primary", message="a plan has a primary metric; ask for it if the text names none")
    elif draft.primary not in surface.metrics:
        yield _unknown("primary", "metric", draft.primary, surface.metrics)
    metrics = [g.metric for g in draft.guardrails]
    for n, guardrail in enumerate(draft.guardrails):
        field = f"guardrails[{n}]"
        if guardrail.metric not in surface.metrics:
            yield _unknown(field, "metric", guardrail.metric, surface.metrics)
        if guardrail.metric == draft.primary or guardrail.metric in metrics[:n]:
            yield Complaint(field=field, message=f"{guardrail.metric} is named already; each metric has one role")
        if guardrail.margin is not None and guardrail.margin_abs is not None:
            yield Complaint(field=field, message="a guardrail has a relative margin or one in its own unit, not both")
        if guardrail.margin is not None and not 0 < guardrail.margin < 1:
            yield Complaint(field=field, message="a relative margin lies between 0 and 1: 0.01 for 1 %")
        if guardrail.margin_abs is not None and guardrail.margin_abs <= 0:
            yield Complaint(field=field, message="a margin is above 0")


def _of_numbers(draft: Draft) -> Iterator[Complaint]:
    if draft.mde is not None and draft.mde_abs is not None:
        yield Complaint(field="mde", message="an effect is relative (mde) or in the metric's own unit, not both")
    for name, effect in (("mde", draft.mde), ("mde_abs", draft.mde_abs)):
        if effect is not None and effect <= 0:
            yield Complaint(field=name, message="an effect size is above 0; `direction` says which way it goes")
    if draft.mde is not None and draft.mde > 10:
        yield Complaint(field="mde", message="a relative effect size is a fraction: 0.02 for 2 %")
    if draft.allocation is not None and not 0 < draft.allocation <= 1:
        yield Complaint(field="allocation", message="an allocation is a share in (0, 1]: 0.1 for a tenth")
    if draft.days is not None and not 1 <= draft.days <= _MOST_DAYS:
        yield Complaint(field="days", message=f"a duration is 1 to {_MOST_DAYS} days")


def _of_words(draft: Draft, text: Text) -> Iterator[Complaint]:
    words, lexicon = draft.words, text.lexicon
    claimed: list[tuple[str, str, float | None]] = [("arms", words.arms, None), ("primary", words.primary, None)]
    claimed += [("mde", words.effect, draft.mde)] * (draft.mde is not None)
    claimed += [("mde_abs", words.effect, draft.mde_abs)] * (draft.mde_abs is not None)
    claimed += [("allocation", words.allocation, draft.allocation)] * (draft.allocation is not None)
    claimed += [("days", words.days, None if draft.days is None else float(draft.days))] * (draft.days is not None)
    claimed += [("direction", words.direction, None)] * bool(words.direction)
    claimed += [(f"guardrails[{n}]", g.words, _margin(g)) for n, g in enumerate(draft.guardrails)]
    if draft.audience.strip() != "true":
        claimed.append(("audience", words.audience, None))
        for bound in unread_numbers(words.audience, draft.audience, lexicon) if text.says(words.audience) else ():
            message = f"the quoted words do not say {bound}; ask for a threshold that the text does not give"
            yield Complaint(field="audience", message=message, is_soft=True)
    for field, quotation, number in claimed:
        if not text.says(quotation):
            message = f"{quotation!r} is not in the hypothesis; quote its own words, or leave the field out"
            yield Complaint(field=field, message=message, is_soft=True)
        elif number is not None and not reads_number(quotation, number, lexicon):
            yield Complaint(field=field, message=f"{quotation!r} does not say {number:g}", is_soft=True)


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
        provenance["audience"] = Provenance(source=Source.DEFAULT, words="everyone", confidence=QUOTED)
    else:
        provenance["audience"] = _said(words.audience, "audience" in ungrounded)
    stated = draft.direction is not None and bool(words.direction)
    provenance["direction"] = (
        _said(words.direction, "direction" in ungrounded)
        if stated
        else Provenance(source=Source.DEFAULT, words=f"{better} is better", confidence=QUOTED)
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
    return {s.parameter: _typed(s.value, surface.parameters[s.parameter].type) for s in arm.settings}


def _said(quotation: str, is_ungrounded: bool) -> Provenance:
    if is_ungrounded:
        return Provenance(source=Source.WORDS, words="", confidence=0.0)
    return Provenance(source=Source.WORDS, words=quotation, confidence=QUOTED)


def _margin(guardrail: Guardrail) -> float | None:
    return guardrail.margin if guardrail.margin is not None else guardrail.margin_abs


def _typed(value: Scalar, kind: ParameterType) -> Scalar:
    """Return 2.0 as 2 for a whole-number parameter: JSON writers do not tell them apart."""
    whole = kind is ParameterType.INT and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def _sensitive(audience: str, surface: Surface) -> str | None:
    try:
        used = compile_audience(audience, surface.attributes).attributes
    except InvalidInput:
        return None
    return next((key for key in used if surface.attributes[key].sensitive), None)


def _unknown(field: str, kind: str, name: str, known: Iterable[str]) -> Complaint:
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"; near it: {', '.join(near)}" if near else ""
    return Complaint(field=field, message=f"the catalogue has no {kind} {name!r}{hint}; never make one up")


def with_agreement(plan: Plan, offline: Plan) -> Plan:
    """Return a model's plan with the rules' provenance of the fields that both read alike: theirs was measured."""
    merged = {
        name: offline.provenance[name]
        if name in offline.provenance and offline.provenance[name].confidence > said.confidence
        else said
        for name, said in plan.provenance.items()
    }
    return replace(plan, provenance=merged)
