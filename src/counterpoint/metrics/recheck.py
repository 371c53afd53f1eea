"""Rechecking: a kept scorecard computed again from today's records; late events show as what has changed since."""

from collections.abc import Mapping
from typing import Any


def recheck(kept: Mapping[str, Any], now: Mapping[str, Any], verdicts: tuple[str, str]) -> dict[str, Any]:
    """Return, as a document, what differs between a kept scorecard and the same one computed again.

    Args:
        kept: `Scorecard.as_document`, as it was decided on.
        now: The same as of the same instant, from today's records and by today's code.
        verdicts: What was decided, and what would be.

    Returns:
        `same` when every digest of an input is; `changed` names those that are not. `data` alone changed means that
        records arrived after the decision: late events.
    """
    changed = [name for name, found in kept["inputs"].items() if now["inputs"].get(name) != found]
    before = {(row["metric"], row["variant"]): row for row in kept["metrics"]}
    metrics = [_moved(before[key], row) for row in now["metrics"] if (key := (row["metric"], row["variant"])) in before]
    return {
        "experiment": kept["experiment"],
        "as_of": kept["as_of"],
        "same": not changed,
        "changed": changed,
        "late_events": changed == ["data"],
        "units": {"kept": dict(kept["exposed"]), "now": dict(now["exposed"])},
        "metrics": metrics,
        "verdict": {"kept": verdicts[0], "now": verdicts[1]},
        "sentence": _sentence(changed, metrics, verdicts),
    }


def _moved(kept: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    known = None not in (kept["estimate"], now["estimate"], kept["std_error"]) and kept["std_error"] > 0
    return {
        "metric": kept["metric"],
        "variant": kept["variant"],
        "kept": kept["estimate"],
        "now": now["estimate"],
        "moved_std_errors": abs(now["estimate"] - kept["estimate"]) / kept["std_error"] if known else None,
    }


def _sentence(changed: list[str], metrics: list[dict[str, Any]], verdicts: tuple[str, str]) -> str:
    if not changed:
        return "Computed again, it is the same: code, design, metrics, snapshots and data."
    what = "Records arrived after the decision" if changed == ["data"] else f"Changed since: {', '.join(changed)}"
    moved = max((m["moved_std_errors"] for m in metrics if m["moved_std_errors"] is not None), default=0.0)
    then = (
        f"the decision stays {verdicts[0].replace('_', ' ')}"
        if verdicts[0] == verdicts[1]
        else f"the decision was {verdicts[0].replace('_', ' ')} and would be {verdicts[1].replace('_', ' ')}"
    )
    return f"{what}; no estimate moved by more than {moved:.2g} standard errors, and {then}."
