"""The scorecard: what an experiment's records say about every metric, and whether they can be trusted."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from counterpoint.metrics.levels import Test
from counterpoint.metrics.measures import Unmeasured
from counterpoint.stats import AnytimeEffect, Effect, QualityCheck, SampleRatioVerdict
from counterpoint.vocabulary import Direction, Finding, digest

MetricRole: TypeAlias = Literal["primary", "secondary", "guardrail"]

_FIGURES = (
    "control_mean", "treatment_mean", "estimate", "std_error", "ci_lower", "ci_upper", "p_value",
    "relative_effect", "relative_ci_lower", "relative_ci_upper", "relative", "alpha", "method", "estimand", "digest",
    "valid_for", "critical", "alpha_spent",
)  # fmt: skip
_ANYTIME_FIGURES = (
    "estimate", "ci_lower", "ci_upper", "p_value", "relative_effect", "relative_ci_lower", "relative_ci_upper",
    "alpha", "method",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One metric of one treatment against control, on matured units.

    Attributes:
        direction: Which way the hypothesis (primary) or the metric itself (others) calls better.
        margin: Largest relative deterioration that a guardrail allows; None for other roles, or when not determined.
        n_immature: Exposed units of both arms whose window has not passed.
        effect: As it may be read now: an `Effect` at a fixed-horizon design's end only, else an `AnytimeEffect`.
        anytime: Holds at any look; what monitoring reads.
        missing: Why there is no `effect`; None when there is one.
    """

    metric: str
    type: str
    role: MetricRole
    direction: Direction
    window_days: int
    unit: str | None
    margin: float | None
    margin_abs: float | None
    variant: str
    n_control: int
    n_treatment: int
    n_immature: int
    effect: Effect | AnytimeEffect | None
    anytime: AnytimeEffect | None
    missing: Unmeasured | None

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form; figures that do not exist are null, and `reason` says why."""
        looks = None if self.effect is None else "one"
        if isinstance(self.effect, AnytimeEffect):
            looks = "any" if self.effect.n_looks is None else "planned"
        reason = None if self.missing is None else {"code": self.missing.code, "message": self.missing.reason}
        head = {
            "metric": self.metric,
            "type": self.type,
            "role": self.role,
            "direction": str(self.direction),
            "window_days": self.window_days,
            "unit": self.unit,
            "margin": self.margin,
            "margin_abs": self.margin_abs,
            "variant": self.variant,
            "n_control": self.n_control,
            "n_treatment": self.n_treatment,
            "n_immature": self.n_immature,
            "looks": looks,
            "reason": reason,
        }
        figures = {name: _finite(getattr(self.effect, name, None)) for name in _FIGURES}
        return head | figures | {"anytime": _anytime_document(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One experiment as of one instant.

    Attributes:
        as_of: Nothing from then on was read; never later than the design's end, so that later looks are the same look.
        ends_at: The design's end, fixed in advance.
        at_horizon: Whether the end has been reached, so that fixed-horizon effects may be read.
        test: The test in use; the spec's, unless that needs planned units and none are known.
        looks: Planned looks taken and to come, and what information is measured against; None without planned looks.
        exposed: Variant -> exposed units, matured or not; control first.
        n_mixed: Units that met several variants, left out.
        srm: None when it cannot be tested, for the reason among the findings.
        checks: Quality tests that a decision must pass.
        heterogeneity: Per metric and treatment, whether segments differ; empty when none were asked for.
        inputs: Digests of what it was computed from: code, spec, metric definitions, snapshots, data.
    """

    experiment: str
    surface: str
    control: str
    variants: tuple[str, ...]
    started_at: datetime
    ends_at: datetime
    as_of: datetime
    at_horizon: bool
    test: Test
    looks: Mapping[str, Any] | None
    exposed: Mapping[str, int]
    n_mixed: int
    srm: SampleRatioVerdict | None
    rows: tuple[MetricRow, ...]
    checks: tuple[QualityCheck, ...]
    findings: tuple[Finding, ...]
    segments: Mapping[str, tuple[MetricRow, ...]]
    heterogeneity: tuple[Mapping[str, Any], ...]
    snapshots: tuple[str, ...]
    inputs: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Digest of the inputs: equal digests promise equal scorecards."""
        return digest(dict(self.inputs) | {"as_of": self.as_of.isoformat()})

    def of(self, variant: str) -> tuple[MetricRow, ...]:
        """Return the rows of one treatment."""
        return tuple(row for row in self.rows if row.variant == variant)

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form; the same inputs give the same bytes."""
        return {
            "experiment": self.experiment,
            "surface": self.surface,
            "control": self.control,
            "variants": list(self.variants),
            "started_at": self.started_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "as_of": self.as_of.isoformat(),
            "at_horizon": self.at_horizon,
            "test": self.test,
            "looks": None if self.looks is None else dict(self.looks),
            "exposed": dict(self.exposed),
            "n_mixed": self.n_mixed,
            "srm": _srm_document(self.srm),
            "metrics": [row.as_document() for row in self.rows],
            "segments": {name: [row.as_document() for row in rows] for name, rows in self.segments.items()},
            "heterogeneity": [dict(each) for each in self.heterogeneity],
            "checks": [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in self.checks],
            "findings": [finding.as_document() for finding in self.findings],
            "snapshots": list(self.snapshots),
            "inputs": dict(self.inputs),
            "digest": self.digest,
        }


def harmed(scorecard: Scorecard) -> tuple[str, ...]:
    """Return the guardrails shown to be worse than their margin, by intervals that hold at any number of looks."""
    return tuple(dict.fromkeys(row.metric for row in scorecard.rows if _is_harmed(row)))


def _is_harmed(row: MetricRow) -> bool:
    if row.role != "guardrail" or row.anytime is None or row.margin is None:
        return False
    allowed = row.margin * abs(row.anytime.control_mean)
    if row.direction == Direction.INCREASE:
        return row.anytime.ci_upper < -allowed
    return row.anytime.ci_lower > allowed


def _anytime_document(row: MetricRow) -> dict[str, Any] | None:
    """Return the interval that holds at any look, where the row's own effect is another one."""
    if row.anytime is None or row.effect is None or row.effect == row.anytime:
        return None
    return {name: _finite(getattr(row.anytime, name)) for name in _ANYTIME_FIGURES}


def _srm_document(srm: SampleRatioVerdict | None) -> dict[str, Any] | None:
    if srm is None:
        return None
    return {
        "p_value": srm.p_value,
        "mismatch": srm.mismatch,
        "alpha": srm.alpha,
        "counts": list(srm.counts),
        "expected": list(srm.expected),
        "method": srm.method,
        "looks": "any" if srm.always_valid else "one",
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
