"""The model planner: ask a model, ground and validate its draft, hand findings back, fall back to the rules."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from counterpoint.agents.model.budget import Budget, Ledger
from counterpoint.agents.model.draft import Draft
from counterpoint.agents.model.grounding import Grounded, ground, with_doubts_asked
from counterpoint.agents.model.language import LanguageModel, ModelTrouble
from counterpoint.agents.model.prompt import brief_of
from counterpoint.agents.model.quotations import Text
from counterpoint.agents.model.record import record_of
from counterpoint.agents.model.second_opinion import BY_POLICY, compare, settle
from counterpoint.agents.model.wording import said_by_a_model
from counterpoint.agents.offline import Lexicon, default_lexicon, plan_offline
from counterpoint.agents.offline.doubts import with_past
from counterpoint.agents.offline.orders import unsafe_words
from counterpoint.agents.offline.planner import MAX_CHARACTERS
from counterpoint.agents.offline.questions import refuse
from counterpoint.agents.plan import Outcome, RejectReason
from counterpoint.agents.planners import Planned, Review, not_reviewed
from counterpoint.agents.ports import PastExperiment
from counterpoint.config import Surface
from counterpoint.vocabulary import Severity

# Findings that another reading of the text could mend; room, traffic and freezes are not the planner's business.
_PLANNERS = ("audience", "variants", "metrics")
_NOT_PLANNERS = frozenset({"missing_guardrail", "sensitive_audience", "reaches_nobody"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlanner:
    """A planner that asks a language model and believes none of it unchecked.

    Attributes:
        budget: What one hypothesis may use up, over all rounds of drafting, grounding and validating.
        second_opinion: Compare every draft with the rules' reading and ask where they disagree.
        stopwatch: Seconds of a monotonic clock.
    """

    model: LanguageModel
    budget: Budget = field(default_factory=Budget)
    second_opinion: bool = True
    stopwatch: Callable[[], float] = time.perf_counter
    lexicon: Lexicon | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    def plan(
        self, text: str, surface: Surface, *, past: Sequence[PastExperiment] = (), review: Review = not_reviewed
    ) -> Planned:
        """Return the answer of the model as far as code lets it stand, else the rules' answer, with the reason."""
        lexicon = self.lexicon or default_lexicon()
        ledger = Ledger(budget=self.budget, stopwatch=self.stopwatch)
        text = text[:MAX_CHARACTERS]
        if (unsafe := unsafe_words(text, lexicon)) is not None:
            # Before the model, so that what orders the platform about never reaches it.
            plan = refuse(surface, RejectReason.UNSAFE_INSTRUCTION, unsafe)
            record = record_of(self.name, ledger, answered_by="refusal", trouble=None, opinion=None)
            return Planned(plan=plan, planner=record)
        offline = plan_offline(text, surface, lexicon=lexicon, past=past)
        attempt = _Attempt(Text.of(text, lexicon), surface, review, ledger)
        try:
            draft = self.model.converse(brief_of(text, surface, past, lexicon), attempt.judge, ledger)
            grounded = attempt.ground(draft)
            if not grounded.is_possible:
                raise ModelTrouble("model_invalid_output", "its last draft cannot stand")
        except ModelTrouble as trouble:
            seen = ModelTrouble(trouble.code, attempt.explained(trouble.what))
            record = record_of(self.name, ledger, answered_by="offline", trouble=seen, opinion=None)
            return Planned(plan=offline, planner=record, calls=_calls(ledger))
        plan = with_doubts_asked(grounded.plan, surface)
        opinion = compare(surface, plan, offline) if self.second_opinion else None
        if opinion is not None:
            plan = settle(surface, plan, offline, opinion, lexicon)
        elif offline.reason in BY_POLICY:
            plan = offline
        record = record_of(self.name, ledger, answered_by="model", trouble=None, opinion=opinion)
        return Planned(plan=with_past(plan, past), planner=record, calls=_calls(ledger))


@dataclass(slots=True)
class _Attempt:
    """One hypothesis in the loop: drafts come in, complaints go back."""

    text: Text
    surface: Surface
    review: Review
    ledger: Ledger
    last: str = ""

    def ground(self, draft: Draft) -> Grounded:
        return ground(draft, self.text, self.surface)

    def judge(self, draft: Draft) -> str | None:
        """Say what is wrong with a draft; in the last round, quotations that are not there are let pass unbelieved."""
        grounded = self.ground(draft)
        said = [f"{c.field}: {c.message}" for c in grounded.complaints]
        if grounded.is_possible and not self.ledger.may_ask_again():
            said = []
        if not grounded.complaints and grounded.plan.outcome is Outcome.PLAN:
            said = [
                f"{finding.path}: {finding.message}"
                for finding in self.review(grounded.plan)
                if finding.severity is Severity.ERROR
                and finding.path.startswith(_PLANNERS)
                and finding.code not in _NOT_PLANNERS
            ]
        self.last = "; ".join(said)
        if not said:
            return None
        return "This cannot stand. Mend it, or ask or refuse if the text does not allow it:\n- " + "\n- ".join(said)

    def explained(self, what: str) -> str:
        """Return why it fell back, with what was last wrong."""
        last = said_by_a_model(self.last, self.text.lexicon)
        return f"{what}; the last draft was turned down: {last}" if last else what


def _calls(ledger: Ledger) -> tuple[dict[str, object], ...]:
    return tuple(call.as_document() for call in ledger.calls)
