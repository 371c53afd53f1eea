"""The decision: which variant to ship, if any, by the risk-aware rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.grounds import LEAST_UNITS_TO_SHIP, on_grounds
from counterpoint.metrics.levels import levels_of
from counterpoint.metrics.scorecard import MetricRow, Scorecard
from counterpoint.stats import Decision, MetricReading, Role, Verdict
from counterpoint.stats import decide as decide_readings

_EARLY = "the design ends later, and a fixed-horizon experiment ships at its end only"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentDecision:
    """What the scorecard asks for.

    Attributes:
        verdict: Of the experiment as a whole: the best that any treatment reached.
        ship: The variant to ship; None for none.
        variants: Treatment -> the rule's decision on it.
        sentences: What a person should read, one per treatment.
        scorecard: Digest of the scorecard it rests on.
    """

    verdict: Verdict
    ship: str | None
    variants: Mapping[str, Decision]
    sentences: tuple[str, ...]
    scorecard: str

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "verdict": str(self.verdict),
            "ship": self.ship,
            "sentences": list(self.sentences),
            "scorecard": self.scorecard,
            "variants": {
                name: {
                    "verdict": str(d.verdict),
                    "summary": d.summary,
                    "reasons": [r.as_document() for r in d.reasons],
                    "judgements": [
                        {
                            "metric": j.metric,
                            "role": str(j.role),
                            "superior": j.superior,
                            "non_inferior": j.non_inferior,
                            "deteriorated": j.deteriorated,
                            "sentence": j.sentence,
                        }
                        for j in d.judgements
                    ],
                }
                for name, d in self.variants.items()
            },
        }


def decide(scorecard: Scorecard, spec: ExperimentSpec, *, least_units: int = LEAST_UNITS_TO_SHIP) -> ExperimentDecision:
    """Return which treatment to ship, if any.

    Ship only what is superior on the primary metric, non-inferior on every guardrail within its margin, worse on
    nothing, and passes the quality tests; of several such treatments the one with the largest relative effect. A
    guardrail that is a rate of something bad, of which none happened in either arm, is at its best value and passes.
    Nothing is shipped on fewer units than `least_units` in an arm or on less than a week, whatever its intervals say.

    Args:
        scorecard: Its effects are of the type that may be read now.
        spec: The design that it belongs to.
        least_units: Matured units that each arm must have before anything is shipped; the surface's policy says.
    """
    levels = levels_of(spec, test=scorecard.test, at_horizon=scorecard.at_horizon)
    decided: dict[str, Decision] = {}
    sentences = []
    for variant in scorecard.variants[1:]:
        readings = [_reading(row) for row in scorecard.of(variant) if row.role != "secondary" and not _at_floor(row)]
        decision = decide_readings(
            readings,
            scorecard.checks,
            alpha=levels.alpha / 2,
            beta=1 - spec.analysis.power,
            at_horizon=scorecard.at_horizon,
        )
        decision = on_grounds(decision, scorecard, spec, variant, least_units)
        decided[variant] = decision
        floor = "".join(
            f"; {row.metric}: {row.missing.reason.rstrip('.')}"
            for row in scorecard.of(variant)
            if _at_floor(row) and row.missing
        )
        early = f" ({_EARLY})" if decision.verdict == Verdict.SHIP and not levels.may_ship else ""
        sentences.append(f"{variant}: {decision.summary.rstrip('.')}{early}{floor}.")
    shippable = [v for v, d in decided.items() if d.verdict == Verdict.SHIP and levels.may_ship]
    best = max(shippable, key=lambda v: _gain(scorecard, v), default=None)
    return ExperimentDecision(
        verdict=_overall(decided, best, levels.may_ship),
        ship=best,
        variants=decided,
        sentences=tuple(sentences),
        scorecard=scorecard.digest,
    )


_ORDER = (Verdict.INVESTIGATE, Verdict.KEEP_RUNNING, Verdict.DO_NOT_SHIP)


def _overall(decided: Mapping[str, Decision], best: str | None, may_ship: bool) -> Verdict:
    if best is not None:
        return Verdict.SHIP
    found = {
        Verdict.KEEP_RUNNING if d.verdict == Verdict.SHIP and not may_ship else d.verdict for d in decided.values()
    }
    return next(verdict for verdict in _ORDER if verdict in found)


def _reading(row: MetricRow) -> MetricReading:
    role = Role.SUCCESS if row.role == "primary" else Role.GUARDRAIL
    missing = "" if row.missing is None else row.missing.reason.rstrip(".")
    effect, margin = row.effect, row.margin
    if role == Role.GUARDRAIL and margin is None:
        # An absolute margin is relative to a control mean, and there is none: nothing can be shown.
        effect, margin, missing = None, 0.0, missing or "its margin is not determined by the data"
    return MetricReading(
        metric=row.metric, role=role, direction=row.direction, effect=effect, margin=margin, missing=missing
    )


def _at_floor(row: MetricRow) -> bool:
    return (
        row.role == "guardrail"
        and row.direction == "decrease"
        and row.missing is not None
        and row.missing.code == "never_occurred"
    )


def _gain(scorecard: Scorecard, variant: str) -> float:
    primary = next(row for row in scorecard.of(variant) if row.role == "primary")
    effect = primary.effect
    gain = 0.0 if effect is None else effect.relative_effect or effect.estimate
    return gain if primary.direction == "increase" else -gain
