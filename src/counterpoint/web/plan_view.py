"""Read a plan document into the table that shows where each of its fields came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from counterpoint.agents import planner_sentences
from counterpoint.web.numbers import percent, signed_percent, value
from counterpoint.web.ports import Document
from counterpoint.web.spec_text import spec_text

_MAX_QUOTE = 80
_SOURCES = {"words": "your words", "default": "default", "past_experiment": "past experiment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanField:
    """One field: what it was read as, from what, and how surely.

    Attributes:
        confidence: Share in [0, 1]; None when nobody measured it, or the planner gave no source.
        note: What is known where there is no share.
    """

    name: str
    reading: str
    source: str
    quoted: str
    confidence: float | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the plan page shows.

    Attributes:
        outcome: `plan`, `clarify` or `reject`.
        plan: The plan's document, as it was answered.
        question: What is asked back, or why it is refused; empty for a plan.
        can_launch: Whether there is a spec that nothing refuses.
        planner: How the plan came about, in sentences, where a language model was asked.
        disagreed: Fields that the offline planner reads otherwise: name, its reading, the model's.
        past: Past experiments nearest to it, the nearest first, each with what it found in a sentence.
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
    planner: tuple[str, ...] = ()
    disagreed: tuple[tuple[str, str, str], ...] = ()
    past: tuple[tuple[str, str], ...] = ()


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
        fields=tuple(_fields(plan, spec)) if plan["outcome"] == "plan" else (),
        residue=tuple(plan.get("residue") or ()),
        spec=spec,
        spec_text="" if spec is None else spec_text(spec),
        findings=findings,
        can_launch=plan["outcome"] == "plan" and spec is not None and not refused,
        seconds=sum(document.get("seconds", {}).values()),
        planner=planner_sentences(plan.get("planner")),
        disagreed=tuple(_disagreed(plan)),
        past=tuple((each["experiment"], _found(each)) for each in document.get("past", ())),
    )


def planned_sources(experiment: Document) -> Planned | None:
    """Return the plan that a launched experiment was made from; None when it was written as a spec."""
    plan, spec = experiment.get("plan"), experiment.get("spec")
    if not plan or not spec or plan.get("outcome") != "plan":
        return None
    return read_plan({"plan": plan, "spec": spec, "findings": ()})


def _disagreed(plan: Document) -> Iterator[tuple[str, str, str]]:
    opinion = (plan.get("planner") or {}).get("second_opinion") or {}
    for row in opinion.get("disagreed", ()):
        yield str(row["field"]).replace("_", " "), _brief(row["offline"]), _brief(row["model"])


def _brief(reading: Any) -> str:
    return shorten(value(reading), _MAX_QUOTE, placeholder=" …")


def _found(past: Document) -> str:
    """Return what a past experiment found and why it is cited, in a sentence."""
    effect, error = past.get("relative_effect"), past.get("relative_std_error")
    if effect is None:
        found = f"no figure for {past['primary']}"
    else:
        give_or_take = "" if error is None else f" ± {percent(2 * error)}"
        found = f"{past['primary']} {signed_percent(effect)}{give_or_take}"
    why = f"; it {' and '.join(past['because'])}" if past.get("because") else ""
    decided = str(past["decision"]).replace("_", " ") if past.get("decision") else "not decided"
    return f"{decided}, {found}{why}."


def _question(plan: Document) -> str:
    match plan["outcome"]:
        case "clarify":
            return plan.get("question") or "missing: " + ", ".join(plan.get("missing", ()))
        case "reject":
            return str(plan.get("reason", "")).replace("_", " ")
        case _:
            return ""


def _fields(plan: Document, spec: Document | None) -> Iterator[PlanField]:
    origins = plan.get("provenance", {})
    yield _field(origins, "Change", "; ".join(_arm(arm) for arm in plan["arms"]), "arms", "variants")
    audience = "everyone" if plan["audience"] == "true" else str(plan["audience"])
    yield _field(origins, "Audience", audience, "audience")
    yield _field(origins, "Primary metric", f"{plan['primary']}, {plan['direction']}", "primary", "metrics.primary")
    if plan.get("mde") is not None:
        yield _field(origins, "Smallest effect", percent(plan["mde"]), "mde")
    elif plan.get("mde_abs") is not None:
        yield _field(origins, "Smallest effect", f"{plan['mde_abs']:g} in the metric's own unit", "mde_abs", "mde")
    if spec is None:
        return
    for n, guardrail in enumerate(spec["metrics"].get("guardrails", ())):
        yield _field(
            origins, "Guardrail", _guardrail(guardrail), f"metrics.guardrails.{n}", f"guardrails[{n}]", "guardrails"
        )
    yield _field(origins, "Share of the audience", percent(spec["allocation"]), "allocation")
    yield _field(origins, "Duration", f"{spec['schedule']['days']} days", "schedule.days", "days")


def _field(origins: Mapping[str, Document], name: str, reading: str, *keys: str) -> PlanField:
    """Return a field with its origin, found under the first of `keys` that has one."""
    origin: Document = next((origins[key] for key in keys if key in origins), {})
    source = str(origin.get("source", ""))
    return PlanField(
        name=name,
        reading=reading,
        source=_SOURCES.get(source, source),
        quoted=shorten(origin.get("words", ""), _MAX_QUOTE, placeholder=" …"),
        confidence=origin.get("confidence"),
        note=str(origin.get("note", "")),
    )


def _arm(arm: dict[str, Any]) -> str:
    return ", ".join(f"{parameter} = {value(setting)}" for parameter, setting in arm.items())


def _guardrail(guardrail: Document) -> str:
    if guardrail.get("margin") is not None:
        return f"{guardrail['metric']} within {percent(guardrail['margin'])}"
    if guardrail.get("margin_abs") is not None:
        return f"{guardrail['metric']} within {guardrail['margin_abs']:g}"
    return f"{guardrail['metric']}, margin not stated"
