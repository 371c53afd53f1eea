"""The second opinion: a model's plan and the rules' plan field by field; where they disagree, somebody is asked."""

from dataclasses import dataclass, replace
from typing import Any

from counterpoint.agents.equivalence import same_arms, same_audience, same_guardrails, same_number
from counterpoint.agents.model.grounding import missing_for, with_agreement
from counterpoint.agents.model.quotations import reads_number
from counterpoint.agents.model.wording import question_about
from counterpoint.agents.offline import Lexicon
from counterpoint.agents.offline.catalogue import build_catalogue, terms_of
from counterpoint.agents.offline.mentions import find_mentions
from counterpoint.agents.offline.quantities import find_quantities
from counterpoint.agents.offline.spelling import corrected
from counterpoint.agents.plan import Missing, Outcome, Plan, RejectReason
from counterpoint.config import Surface

FIELDS = ("arms", "audience", "primary", "direction", "mde", "mde_abs", "guardrails", "allocation", "days")
UNSHARED = "a model alone read it, and the offline planner would have asked about it"
"""What is known of a field that the rules could not read."""
BY_POLICY = frozenset({RejectReason.UNSAFE_INSTRUCTION, RejectReason.SENSITIVE_AUDIENCE})
"""Refusals of the rules that stand whatever a model reads, with or without a second opinion."""
_ASKS = {
    RejectReason.OUT_OF_BOUNDS: Missing.VALUE,
    RejectReason.UNKNOWN_METRIC: Missing.METRIC,
    RejectReason.UNKNOWN_ATTRIBUTE: Missing.AUDIENCE,
    RejectReason.OTHER_SURFACE: Missing.SURFACE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondOpinion:
    """What came of comparing two plans.

    Attributes:
        disagreed: Field -> what the model and what the rules read, JSON-compatible.
        note: What the rules made of the text where there is nothing to compare; empty otherwise.
    """

    agreed: tuple[str, ...] = ()
    disagreed: tuple[tuple[str, Any, Any], ...] = ()
    note: str = ""

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [{"field": f, "model": m, "offline": o} for f, m, o in self.disagreed]
        return {"agreed": list(self.agreed), "disagreed": rows, "note": self.note}


def compare(surface: Surface, model: Plan, offline: Plan) -> SecondOpinion:
    """Return in which fields two answers agree, arms by what they change and audiences by whom they select."""
    if model.outcome is not Outcome.PLAN or offline.outcome is not Outcome.PLAN:
        if model.outcome is offline.outcome:
            return SecondOpinion(agreed=("outcome",))
        return SecondOpinion(
            disagreed=(("outcome", str(model.outcome), str(offline.outcome)),), note=offline.explanation
        )
    required = frozenset(surface.policy.required_guardrails)
    rails = [[g.as_document() for g in plan.guardrails] for plan in (model, offline)]
    same = {
        "arms": same_arms(surface, model.arms, offline.arms),
        "audience": same_audience(surface, model.audience, offline.audience),
        "primary": model.primary == offline.primary,
        "direction": model.direction == offline.direction,
        # Both ways round: a margin that only one of them read is a disagreement.
        "guardrails": same_guardrails(model.guardrails, rails[1], required)
        and same_guardrails(offline.guardrails, rails[0], required),
    }
    same |= {
        field: same_number(getattr(model, field), getattr(offline, field)) for field in FIELDS if field not in same
    }
    left, right = model.as_document(), offline.as_document()
    return SecondOpinion(
        agreed=tuple(f for f in FIELDS if same[f]),
        disagreed=tuple((f, left[f], right[f]) for f in FIELDS if not same[f]),
    )


def settle(surface: Surface, model: Plan, offline: Plan, opinion: SecondOpinion, lexicon: Lexicon) -> Plan:
    """Return the answer of both: what they agree on, or the question about the first thing that they do not.

    A question of the rules is no reading, so a model's plan stands beside it. Their refusals are: those that policy
    makes stand outright, any other is a disagreement with a plan.
    """
    if offline.outcome is Outcome.REJECT and offline.reason in BY_POLICY:
        return offline
    pair = (model.outcome, offline.outcome)
    if pair == (Outcome.PLAN, Outcome.PLAN):
        return with_agreement(model, offline) if not opinion.disagreed else _which(surface, opinion)
    if pair == (Outcome.PLAN, Outcome.CLARIFY):
        return _beside_a_question(surface, model, offline, lexicon)
    if pair == (Outcome.PLAN, Outcome.REJECT):
        asks = _ASKS.get(offline.reason, Missing.CHANGE) if offline.reason is not None else Missing.CHANGE
        return _asked(surface, asks, f"a model reads it as a plan ({model.explanation}) and the rules refuse it: "
                      f"{offline.explanation}")  # fmt: skip
    if pair == (Outcome.REJECT, Outcome.PLAN):
        asks = _ASKS.get(model.reason, Missing.CHANGE) if model.reason is not None else Missing.CHANGE
        return _asked(surface, asks, f"the rules read it as a plan ({offline.explanation}) and a model refuses it: "
                      f"{model.explanation}")  # fmt: skip
    # Neither has a plan. The rules' words are code's, and were measured; only a model that asks is heard before them.
    return model if model.outcome is Outcome.CLARIFY and offline.outcome is not Outcome.CLARIFY else offline


def _beside_a_question(surface: Surface, model: Plan, offline: Plan, lexicon: Lexicon) -> Plan:
    """Return the model's plan, saying of what the rules asked about that they did, or their question.

    The question stands where the model read past it: a number that its words do not say, users that it left out,
    another surface, several things at once; and where the rules know other names for what they did not ask about.
    """
    asked = set(offline.missing)
    if len(asked) > 1 or Missing.SURFACE in asked or _guessed(model, asked, lexicon):
        return offline
    if _named_otherwise(surface, model, asked, lexicon):
        return offline
    doubted = {name: p for name, p in model.provenance.items() if missing_for(name) in asked or name == "arms"}
    less = {name: replace(p, confidence=None, note=UNSHARED) for name, p in doubted.items()}
    return replace(model, provenance={**model.provenance, **less})


def _guessed(model: Plan, asked: set[Missing], lexicon: Lexicon) -> bool:
    """Return whether the model filled in what was asked about without any words for it."""
    if Missing.AUDIENCE in asked and model.audience == "true":
        return True
    words = model.provenance["arms"].words
    numbers = [v for arm in model.arms for v in arm.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    return bool(asked & {Missing.CHANGE, Missing.VALUE}) and not all(reads_number(words, v, lexicon) for v in numbers)


def _named_otherwise(surface: Surface, model: Plan, asked: set[Missing], lexicon: Lexicon) -> bool:
    """Return whether the rules, which did not ask about a field, find none of its names in what the model quotes."""
    catalogue = build_catalogue(surface, lexicon)

    def named(quotation: str, keys: set[str]) -> bool:
        tokens = corrected(lexicon.read(quotation), catalogue, lexicon)
        terms = terms_of(tokens, find_quantities(tokens, lexicon), lexicon)
        return any(m.key in keys for m in find_mentions(tokens, terms, catalogue, set()))

    if Missing.METRIC not in asked and not named(model.provenance["primary"].words, {model.primary or ""}):
        return True
    words = model.provenance["arms"].words
    return not asked & {Missing.CHANGE, Missing.VALUE} and not all(named(words, set(arm)) for arm in model.arms)


def _which(surface: Surface, opinion: SecondOpinion) -> Plan:
    field, model, offline = opinion.disagreed[0]
    missing = tuple(dict.fromkeys(missing_for(name) for name, _, _ in opinion.disagreed))
    question = question_about(field, f"two readings: {_shown(model)}, or {_shown(offline)}")
    return Plan(outcome=Outcome.CLARIFY, surface=surface.key, missing=missing, question=question, explanation=question)


def _asked(surface: Surface, missing: Missing, because: str) -> Plan:
    question = question_about("outcome", because.rstrip("."))
    return Plan(
        outcome=Outcome.CLARIFY, surface=surface.key, missing=(missing,), question=question, explanation=question
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} = {_shown(v)}" for k, v in value.items() if v is not None)
    if isinstance(value, list):
        return " | ".join(_shown(each) for each in value) or "none"
    return "not stated" if value is None else str(value)
