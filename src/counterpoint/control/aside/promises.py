"""What single experiments promised, beside what a holdout measures: the effects shipped under it, summed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterpoint.config import Surface
from counterpoint.experiments import EVERYONE, Holdout, covers, parse_spec
from counterpoint.orchestration import Learning

Document = dict[str, Any]
_Z95 = 1.959963984540054
_ENDS = ("relative_effect", "relative_ci_lower", "relative_ci_upper", "critical")
_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """One shipped effect on one metric: relative, with its standard error; corrected where history allows that."""

    experiment: str
    effect: float
    std_error: float
    corrected: tuple[float, float] | None
    why_not: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Reads what ended experiments left.

    Attributes:
        learnings: Returns what was learnt on a surface, so many at most.
        expected: Returns what to expect of a scorecard's effects once shipped, shrunk by the history of its metric.
    """

    learnings: Callable[..., tuple[Learning, ...]]
    expected: Callable[[Mapping[str, Any]], list[Document]]

    def of(self, surface: Surface, holdout: Holdout, until: datetime) -> list[Document]:
        """Return, metric by metric, the sum of the relative effects shipped since a holdout began that it covers.

        Documents have `metric`, `experiments`, `measured` with `measured_lower` and `measured_upper` (95 %, experiments
        taken as independent), and `corrected` with its ends: primary effects shrunk by history, because winners are
        picked for looking large. `corrected` is None with its `reason` where that cannot be said.
        """
        terms: dict[str, list[_Term]] = {}
        for learning in self.learnings(surface=surface.key, limit=_MOST):
            if learning.outcome != "shipped" or not holdout.starts_at <= learning.at <= until:
                continue
            spec = parse_spec(learning.spec, source=learning.experiment)
            if not covers(holdout, spec, surface):
                continue
            for metric, term in self._terms(learning, whole=spec.audience == EVERYONE):
                terms.setdefault(metric, []).append(term)
        return [_summed(metric, found) for metric, found in sorted(terms.items())]

    def _terms(self, learning: Learning, *, whole: bool) -> list[tuple[str, _Term]]:
        results = {"surface": learning.surface, "experiment": learning.experiment, **_card(learning)}
        rows = [row for row in results["metrics"] if row.get("variant") == _shipped_variant(learning, results)]
        shrunk = {(each["metric"], each["variant"]): each for each in self.expected(results)}
        out = []
        for row in rows:
            if any(not isinstance(row.get(name), int | float) for name in _ENDS) or not row["critical"]:
                continue
            error = (row["relative_ci_upper"] - row["relative_ci_lower"]) / (2 * row["critical"])
            effect = row["relative_effect"]
            found = shrunk.get((row["metric"], row["variant"]))
            corrected, why_not = None, None
            if not whole:
                why_not = f"{learning.experiment} was measured on an audience, and the holdout on everyone"
            elif found is not None:
                corrected = (found["mean"], (found["upper"] - found["lower"]) / (2 * _Z95))
            elif row["role"] == "primary":
                why_not = f"too few past experiments measured {row['metric']} to tell luck from effect"
            else:
                # Nobody ships for a guardrail: it was not picked for its size, so there is no curse to take out.
                corrected = (effect, error)
            term = _Term(
                experiment=learning.experiment, effect=effect, std_error=error, corrected=corrected, why_not=why_not
            )
            out.append((row["metric"], term))
        return out


def with_promises(readout: Document, promises: list[Document]) -> Document:
    """Return a read-out with what single experiments promised, and, once it is read, the sentence that says so."""
    told = {**readout, "promises": promises, "promise_sentence": promise_sentence(promises)}
    if readout["ended"] and promises:
        told["sentence"] = f"{readout['sentence']} {told['promise_sentence']}"
    return told


def promise_sentence(promises: list[Document]) -> str | None:
    """Return what the sums are and why they overstate; None when nothing was shipped."""
    if not promises:
        return None
    said = []
    for row in promises:
        n = len(row["experiments"])
        text = (
            f"{row['measured']:+.2%} ({row['measured_lower']:+.2%} to {row['measured_upper']:+.2%}) on {row['metric']} "
            f"from {n} shipped experiment{'s' if n > 1 else ''}"
        )
        if row["corrected"] is not None:
            text += (
                f", of which {row['corrected']:+.2%} ({row['corrected_lower']:+.2%} to {row['corrected_upper']:+.2%}) "
                "is left with luck taken out"
            )
        said.append(text)
    return (
        f"Summed, single experiments promised {'; '.join(said)}. Such sums overstate: winners are picked for looking "
        "large (the winner's curse), changes overlap, and each is counted as if it had been live from the first day."
    )


def _card(learning: Learning) -> Document:
    card = learning.scorecard.get("scorecard", learning.scorecard)
    return {**card, "metrics": list(card.get("metrics", ()))}


def _shipped_variant(learning: Learning, results: Mapping[str, Any]) -> str | None:
    """Return which variant was shipped: the one decided on, or the only treatment; None when that is not known."""
    decided = (learning.scorecard.get("decision") or {}).get("ship")
    if decided is not None:
        return str(decided)
    variants = {row.get("variant") for row in results["metrics"]}
    only = next(iter(variants)) if len(variants) == 1 else None
    return None if only is None else str(only)


def _summed(metric: str, terms: list[_Term]) -> Document:
    effect, error = sum(each.effect for each in terms), math.hypot(*(each.std_error for each in terms))
    row: Document = {
        "metric": metric,
        "experiments": sorted(each.experiment for each in terms),
        "measured": effect,
        "measured_lower": effect - _Z95 * error,
        "measured_upper": effect + _Z95 * error,
        "corrected": None,
        "corrected_lower": None,
        "corrected_upper": None,
        "reason": next((each.why_not for each in terms if each.why_not is not None), None),
    }
    known = [each.corrected for each in terms if each.corrected is not None]
    if len(known) == len(terms):
        left, spread = sum(mean for mean, _ in known), math.hypot(*(sd for _, sd in known))
        row |= {
            "corrected": left,
            "corrected_lower": left - _Z95 * spread,
            "corrected_upper": left + _Z95 * spread,
        }
    return row
