"""The plan: what a planner read in a hypothesis, field by field, with where each field came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from counterpoint.vocabulary import Direction, Scalar


class Outcome(StrEnum):
    """What a planner answers."""

    PLAN = "plan"
    CLARIFY = "clarify"
    REJECT = "reject"


class Missing(StrEnum):
    """What has to be asked before a plan can be drawn up, the most important first."""

    SURFACE = "surface"
    CHANGE = "change"
    VALUE = "value"
    METRIC = "metric"
    AUDIENCE = "audience"


class RejectReason(StrEnum):
    """Why a hypothesis cannot be tested on this surface."""

    OUT_OF_BOUNDS = "out_of_bounds"
    UNKNOWN_PARAMETER = "unknown_parameter"
    UNKNOWN_METRIC = "unknown_metric"
    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    SENSITIVE_AUDIENCE = "sensitive_audience"
    NO_OP = "no_op"
    OTHER_SURFACE = "other_surface"
    UNSAFE_INSTRUCTION = "unsafe_instruction"


class Source(StrEnum):
    """Where a field came from."""

    WORDS = "words"
    DEFAULT = "default"
    PAST_EXPERIMENT = "past_experiment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where one field came from, and how sure the planner is of it.

    Attributes:
        source: The words of the hypothesis, a default, or a past experiment.
        words: The words quoted, or the default's or the experiment's name.
        confidence: Share in [0, 1] of like fields that the planner expects to have right; None where it is not known.
        note: What is known of it where no share is; empty otherwise.
    """

    source: Source
    words: str = ""
    confidence: float | None = 1.0
    note: str = ""

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        share = None if self.confidence is None else round(self.confidence, 3)
        document = {"source": str(self.source), "words": self.words, "confidence": share}
        return {**document, "note": self.note} if self.note else document


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGuardrail:
    """A metric that must not get worse, and by how much it may.

    Attributes:
        margin: Largest relative worsening accepted, in (0, 1); None when not stated.
        margin_abs: The same in the metric's own unit; None when not stated.
    """

    metric: str
    margin: float | None = None
    margin_abs: float | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"metric": self.metric, "margin": self.margin, "margin_abs": self.margin_abs}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A planner's answer to one hypothesis: a plan, the question that matters, or a refusal with its reason.

    Attributes:
        arms: Treatment arms, parameter -> value; control is the baseline.
        audience: CEL over the surface's attributes; `true` is everyone.
        mde: Relative effect size, a fraction; None when not stated or stated in the metric's own unit.
        mde_abs: Effect size in the metric's own unit (a fraction for percentage points).
        allocation: Share of the audience, all arms together; None when not stated.
        days: Duration; None when not stated.
        missing: What has to be asked, the most important first; only for `clarify`.
        question: The one question that matters; only for `clarify`.
        reason: Why it is refused; only for `reject`.
        explanation: The answer in one sentence, for people.
        provenance: Field -> where it came from.
        residue: Words of the hypothesis that nothing explains.
    """

    outcome: Outcome
    surface: str
    arms: tuple[Mapping[str, Scalar], ...] = ()
    audience: str = "true"
    primary: str | None = None
    direction: Direction | None = None
    mde: float | None = None
    mde_abs: float | None = None
    guardrails: tuple[PlannedGuardrail, ...] = ()
    allocation: float | None = None
    days: int | None = None
    missing: tuple[Missing, ...] = ()
    question: str | None = None
    reason: RejectReason | None = None
    explanation: str = ""
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    residue: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form: the fields of the outcome, with provenance and residue beside them."""
        document: dict[str, Any] = {"outcome": str(self.outcome), "surface": self.surface}
        if self.outcome is Outcome.PLAN:
            document |= {
                "arms": [dict(arm) for arm in self.arms],
                "audience": self.audience,
                "primary": self.primary,
                "direction": str(self.direction) if self.direction else None,
                "mde": self.mde,
                "mde_abs": self.mde_abs,
                "guardrails": [g.as_document() for g in self.guardrails],
                "allocation": self.allocation,
                "days": self.days,
            }
        elif self.outcome is Outcome.CLARIFY:
            document |= {"missing": [str(m) for m in self.missing], "question": self.question}
        else:
            document |= {"reason": str(self.reason)}
        return document | {
            "explanation": self.explanation,
            "provenance": {name: p.as_document() for name, p in self.provenance.items()},
            "residue": list(self.residue),
        }
