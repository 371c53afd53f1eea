"""The record of a planning: who answered, after how much, and why; for programs, and in sentences for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoint.agents.model.budget import Ledger
from counterpoint.agents.model.second_opinion import SecondOpinion
from counterpoint.agents.model.trouble import ModelTrouble


def record_of(
    model: str, ledger: Ledger, *, answered_by: str, trouble: ModelTrouble | None, opinion: SecondOpinion | None
) -> dict[str, Any]:
    """Return the record of a planning.

    Args:
        answered_by: `model`, `offline` (the rules, after the model failed), or `refusal` (code, before it was asked).
        trouble: Why it fell back; None when it did not.
        opinion: What the rules said beside it; None when they were not asked.
    """
    calls = ledger.calls
    return {
        "model": model,
        "answered_by": answered_by,
        "fallback": None if trouble is None else {"code": trouble.code, "why": trouble.what},
        "second_opinion": None if opinion is None else opinion.as_document(),
        "rounds": len(calls),
        "input_tokens": sum(call.n_input for call in calls),
        "output_tokens": sum(call.n_output for call in calls),
        "tokens_estimated": any(call.estimated for call in calls),
        "cost_usd": ledger.cost_usd,
        "seconds": round(ledger.seconds, 3),
        "budget": ledger.budget.as_document(),
    }


def planner_sentences(record: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return what a person should know of how a plan came about; nothing for the offline planner."""
    if not record:
        return ()
    model = record["model"]
    if record["answered_by"] == "refusal":
        return (f"Refused by code; {model} was not asked.",)
    spent = _spent(record)
    if (fallback := record.get("fallback")) is not None:
        why = f"{model} was asked and gave no plan that stands: {fallback['why']}."
        return (why, f"The offline planner answered instead. {spent}")
    said = [f"Read by {model}. {spent}"]
    opinion = record.get("second_opinion")
    if opinion is not None:
        said.append(f"Second opinion of the offline planner: {_compared(opinion['disagreed'])}.")
    return tuple(said)


def _compared(disagreed: Sequence[Mapping[str, Any]]) -> str:
    if not disagreed:
        return "it reads everything alike"
    if disagreed[0]["field"] == "outcome":
        return f"its answer is to {disagreed[0]['offline']}, the model's to {disagreed[0]['model']}"
    return f"it reads {', '.join(row['field'] for row in disagreed)} differently"


def _spent(record: Mapping[str, Any]) -> str:
    rounds = record["rounds"]
    tokens = record["input_tokens"] + record["output_tokens"]
    about = "about " if record["tokens_estimated"] else ""
    cost = "cost not known" if record["cost_usd"] is None else f"{record['cost_usd']:.4f} USD"
    return (
        f"{rounds} {'round' if rounds == 1 else 'rounds'}, {about}{tokens:,} tokens, {cost}, {record['seconds']:.1f} s."
    )
