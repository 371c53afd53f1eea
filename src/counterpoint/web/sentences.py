"""Where an experiment stands, in sentences that are derived from its figures and never typed in."""

from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.web.numbers import p_value, percent, signed_percent
from counterpoint.web.ports import Document
from counterpoint.web.readings import (
    IMPROVED,
    NONE_OCCURRED,
    NOT_COMPUTED,
    NOT_SHOWN_YET,
    PAST_MARGIN,
    WITHIN_MARGIN,
    WORSE,
    Role,
)
from counterpoint.web.scorecard import MetricRows, Row, Scorecard


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence; `lead` is whom it is about, `brief` what a list has room for, `tone` how it is coloured."""

    lead: str
    text: str
    brief: str
    tone: str


_SAFE = (WITHIN_MARGIN, NONE_OCCURRED)
_STATES = {
    "submitted": ("The hypothesis is being read.", "open"),
    "planned": ("The spec is being validated.", "open"),
    "validated": ("It waits for approval.", "wait"),
    "approved": ("It is being applied.", "open"),
    "applied": ("It is being verified on every backend.", "open"),
    "verified": ("The first stage is about to start.", "open"),
    "scheduled": ("It starts when its time has come.", "open"),
    "paused": ("It is paused: everybody gets the baseline.", "wait"),
    "refused": ("It was refused; nothing went live.", "bad"),
    "failed": ("It could not be applied, and what was done is undone.", "bad"),
    "stopped": ("It is stopped and about to be decided.", "wait"),
    "held": (
        "It is stopped and held: everybody gets the baseline until somebody restarts, stops or archives it.",
        "wait",
    ),
    "archived": ("It is archived without a decision; its buckets are free for others.", "open"),
    "decided": ("It is decided; the outcome is being applied.", "open"),
    "shipping": ("It is being shipped by stages, each watched; everybody comes last.", "open"),
    "shipped": ("It is shipped: the winner is the baseline now.", "good"),
    "rolled_back": ("It is rolled back: the baseline stays as it was.", "open"),
}


def standing(card: Scorecard | None, *, state: str, decision: Document | None = None) -> tuple[Sentence, ...]:
    """Return where an experiment stands, the weightiest sentence first.

    Args:
        card: What was measured; None before anything was.
        state: Of the launch.
        decision: The decision's document with `reasons`, once there is one.
    """
    said: list[Sentence] = []
    if state in _STATES:
        text, tone = _STATES[state]
        said.append(Sentence(lead="", text=text, brief=text, tone=tone))
    for reason in (decision or {}).get("reasons", ()):
        text = reason["message"] if isinstance(reason, dict) else str(reason)
        said.append(Sentence(lead="Decision", text=text, brief=text, tone="open"))
    if card is None:
        return tuple(said)
    if card.srm is not None and card.srm["mismatch"]:
        p = p_value(card.srm["p_value"])
        text = f"units are not split as designed ({p}), so no effect below can be trusted until the cause is found."
        said.insert(0, Sentence(lead="Split", text=text, brief="units are not split as designed", tone="bad"))
    if not card.n_exposed:
        return (*said, Sentence(lead="", text="Nobody is exposed yet.", brief="nobody is exposed yet", tone="open"))
    return (*said, *(_about(card, variant) for variant in card.letters))


def summary(sentences: Sequence[Sentence]) -> Sentence:
    """Return the sentence that a list has room for: the weightiest."""
    weight = {"bad": 0, "good": 1, "wait": 2, "open": 3}
    return min(sentences, key=lambda each: weight.get(each.tone, 3))


def _about(card: Scorecard, variant: str) -> Sentence:
    primary = [_pair(metric, variant) for metric in card.of_role(Role.PRIMARY)]
    guardrails = [_pair(metric, variant) for metric in card.of_role(Role.GUARDRAIL)]
    clauses = [_primary(metric, row) for metric, row in primary]
    guarded = _guardrails(guardrails)
    tone = _tone(primary, guardrails)
    harmed = any(row.reading is PAST_MARGIN for _, row in guardrails)
    brief = guarded[0] if harmed or not clauses else clauses[0]
    return Sentence(lead=variant, text="; ".join([*clauses, *guarded]) + ".", brief=brief, tone=tone)


def _pair(metric: MetricRows, variant: str) -> tuple[MetricRows, Row]:
    return metric, next(row for row in metric.rows if row.variant == variant)


def _primary(metric: MetricRows, row: Row) -> str:
    if row.shown is None:
        return f"{metric.metric} is not known yet: {row.reason}"
    return f"{metric.metric} {row.reading.word} ({signed_percent(row.shown.estimate)})"


def _guardrails(pairs: Sequence[tuple[MetricRows, Row]]) -> list[str]:
    if not pairs:
        return ["it watches no guardrail"]
    past = [metric.metric for metric, row in pairs if row.reading is PAST_MARGIN]
    within = [metric.metric for metric, row in pairs if row.reading in _SAFE]
    waiting = [metric.metric for metric, row in pairs if row.reading in {NOT_SHOWN_YET, NOT_COMPUTED}]
    clauses = [f"{_listed(past)} worse than its margin"] if past else []
    count = f"{len(within)} of {len(pairs)} guardrails shown to be within margin"
    return [*clauses, count + (f", not yet {_listed(waiting)}" if waiting else "")]


def _tone(primary: Sequence[tuple[MetricRows, Row]], guardrails: Sequence[tuple[MetricRows, Row]]) -> str:
    readings = [row.reading for _, row in (*primary, *guardrails)]
    if PAST_MARGIN in readings or WORSE in readings:
        return "bad"
    if any(row.reading is IMPROVED for _, row in primary):
        return "good" if all(row.reading in _SAFE for _, row in guardrails) else "wait"
    return "open"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def stage_sentence(experiment: Document, spec: Document) -> str:
    """Return which stage is live and how much of the audience it takes, in words."""
    ramp = [stage["share"] for stage in spec.get("schedule", {}).get("ramp", ()) if stage["share"] < spec["allocation"]]
    n_stages = len(ramp) + 1
    stage = experiment.get("stage")
    if stage is None or stage < 0:
        return f"{percent(spec['allocation'])} of the audience, in {n_stages} stage{'s' if n_stages > 1 else ''}"
    share = [*ramp, spec["allocation"]][min(stage, n_stages - 1)]
    return f"{percent(share)} of the audience (stage {min(stage, n_stages - 1) + 1} of {n_stages})"
