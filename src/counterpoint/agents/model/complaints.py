"""Complaints: everything that is wrong with a draft that says it is a plan, in words for whoever wrote it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from counterpoint.agents.model.draft import Draft, Guardrail
from counterpoint.agents.model.quotations import Text, reads_number, unread_numbers
from counterpoint.agents.offline.orders import unsafe_words
from counterpoint.assignment import check_audience
from counterpoint.config import Surface, check_value
from counterpoint.vocabulary import ParameterType, Scalar

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


def complaints_about(draft: Draft, text: Text, surface: Surface) -> tuple[Complaint, ...]:
    """Return what is wrong with a draft of a plan: names, values, roles, numbers, quotations, orders."""
    return (
        *_of_arms(draft, surface),
        *_of_audience(draft, surface),
        *_of_metrics(draft, surface),
        *_of_numbers(draft),
        *_of_words(draft, text),
        *_of_orders(draft, text),
    )


def typed(value: Scalar, kind: ParameterType) -> Scalar:
    """Return 2.0 as 2 for a whole-number parameter: JSON writers do not tell them apart."""
    whole = kind is ParameterType.INT and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


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
            elif (finding := check_value(parameter, typed(setting.value, parameter.type))) is not None:
                yield Complaint(field="arms", message=f"{finding.message}; if the text says so, refuse: out_of_bounds")
            else:
                values[setting.parameter] = typed(setting.value, parameter.type)
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


def _of_orders(draft: Draft, text: Text) -> Iterator[Complaint]:
    """Refuse values that read as orders: they are shown, to people and to other agents."""
    values = [("audience", draft.audience)]
    values += [("arms", s.value) for arm in draft.arms for s in arm.settings if isinstance(s.value, str)]
    for field, value in values:
        if unsafe_words(value, text.lexicon) is not None:
            yield Complaint(field=field, message="a value is a value of the catalogue, and no sentence")


def _margin(guardrail: Guardrail) -> float | None:
    return guardrail.margin if guardrail.margin is not None else guardrail.margin_abs


def _unknown(field: str, kind: str, name: str, known: Iterable[str]) -> Complaint:
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"; near it: {', '.join(near)}" if near else ""
    return Complaint(field=field, message=f"the catalogue has no {kind} {name!r}{hint}; never make one up")
