"""Read a plan document into the table that shows where each of its fields came from."""

from dataclasses import dataclass
from typing import Any

from counterpoint.web.numbers import percent, value
from counterpoint.web.ports import Document
from counterpoint.web.spec_text import spec_text

_FIELDS = (
    ("arms", "Change"),
    ("audience", "Audience"),
    ("primary", "Primary metric"),
    ("direction", "Direction"),
    ("mde", "Smallest effect worth finding"),
    ("guardrails", "Guardrails"),
    ("allocation", "Share of the audience"),
    ("days", "Duration"),
)
_SOURCES = {"words": "your words", "default": "default", "past_experiment": "past experiment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanField:
    """One field: what it was read as, from what, and how surely.

    Attributes:
        confidence: Share in [0, 1]; None when the planner gave no source.
    """

    name: str
    reading: str
    source: str
    quoted: str
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the plan page shows.

    Attributes:
        outcome: `plan`, `clarify` or `reject`.
        plan: The plan's document, as it was answered.
        question: What is asked back, or why it is refused; empty for a plan.
        can_launch: Whether there is a spec that nothing refuses.
    """

    outcome: str
    plan: Document
    explanation: str
    question: str
    fields: tuple[PlanField, ...]
    residue: tuple[str, ...]
    spec: Document | None
    spec_text: str
    findings: tuple[Document, ...]
    can_launch: bool
    seconds: float


def read_plan(document: Document) -> Planned:
    """Return what `control.plan` answered, ready to show."""
    plan = document["plan"]
    findings = tuple(document["findings"])
    spec = document["spec"]
    refused = any(finding["severity"] == "error" for finding in findings)
    return Planned(
        outcome=plan["outcome"],
        plan=plan,
        explanation=plan.get("explanation") or "",
        question=_question(plan),
        fields=tuple(_field(plan, key, name) for key, name in _FIELDS if _is_given(plan, key)),
        residue=tuple(plan.get("residue") or ()),
        spec=spec,
        spec_text="" if spec is None else spec_text(spec),
        findings=findings,
        can_launch=plan["outcome"] == "plan" and spec is not None and not refused,
        seconds=sum(document.get("seconds", {}).values()),
    )


def _question(plan: Document) -> str:
    match plan["outcome"]:
        case "clarify":
            return plan.get("question") or "missing: " + ", ".join(plan.get("missing", ()))
        case "reject":
            return str(plan.get("reason", "")).replace("_", " ")
        case _:
            return ""


def _is_given(plan: Document, key: str) -> bool:
    if key == "mde":
        return plan.get("mde") is not None or plan.get("mde_abs") is not None
    return plan.get(key) not in (None, [], ())


def _field(plan: Document, key: str, name: str) -> PlanField:
    origins = plan.get("provenance", {})
    origin = origins.get(key) or (origins.get("mde_abs") if key == "mde" else None) or {}
    return PlanField(
        name=name,
        reading=_reading(plan, key),
        source=_SOURCES.get(origin.get("source", ""), origin.get("source", "")),
        quoted=origin.get("words", ""),
        confidence=origin.get("confidence"),
    )


def _reading(plan: Document, key: str) -> str:
    match key:
        case "arms":
            return "; ".join(_arm(arm) for arm in plan["arms"])
        case "audience":
            return "everyone" if plan["audience"] == "true" else str(plan["audience"])
        case "mde":
            return (
                percent(plan["mde"]) if plan.get("mde") is not None else f"{plan['mde_abs']:g} in the metric's own unit"
            )
        case "guardrails":
            return "; ".join(_guardrail(each) for each in plan["guardrails"])
        case "allocation":
            return percent(plan["allocation"])
        case "days":
            return f"{plan['days']} days"
        case _:
            return str(plan[key])


def _arm(arm: dict[str, Any]) -> str:
    return ", ".join(f"{parameter} = {value(setting)}" for parameter, setting in arm.items())


def _guardrail(guardrail: Document) -> str:
    if guardrail.get("margin") is not None:
        return f"{guardrail['metric']} within {percent(guardrail['margin'])}"
    if guardrail.get("margin_abs") is not None:
        return f"{guardrail['metric']} within {guardrail['margin_abs']:g}"
    return f"{guardrail['metric']}, margin not stated"
