"""The report of a table: the split, every comparison or why there is none, and what to beware of."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoint.metrics.measures import MeasureType, Unmeasured
from counterpoint.stats import Effect
from counterpoint.vocabulary import Finding

SRM_WARNING = 0.01
SRM_MISMATCH = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Whether units were split as intended.

    Attributes:
        experiment: Which experiment, when the table holds several.
        counts: Units per variant, control first.
        weights: Intended shares, any scale.
        p_value: Of the chi-square test; None when it cannot be computed, for `reason`.
    """

    experiment: str | None = None
    counts: Mapping[str, int]
    weights: Mapping[str, float]
    p_value: float | None
    statistic: float | None
    reason: str | None = None

    @property
    def verdict(self) -> str:
        """`ok`, `warning` (p < 0.01), `mismatch` (p < 0.001), or `cannot_compute`."""
        if self.p_value is None:
            return "cannot_compute"
        return "mismatch" if self.p_value < SRM_MISMATCH else "warning" if self.p_value < SRM_WARNING else "ok"

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        own = {} if self.experiment is None else {"experiment": self.experiment}
        return own | {
            "p_value": self.p_value,
            "statistic": self.statistic,
            "verdict": self.verdict,
            "reason": self.reason,
            "counts": dict(self.counts),
            "weights": dict(self.weights),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric of one variant against control.

    Attributes:
        segment: Among which units; None for all.
        result: The effect, for one look at a horizon fixed in advance; or why it cannot be computed.
        caution: Why interval and p-value are not to be read: too few units for them to mean what they say.
    """

    experiment: str | None = None
    segment: str | None = None
    metric: str
    type: MeasureType
    variant: str
    control: str
    n_control: int
    n_treatment: int
    result: Effect | Unmeasured
    caution: str = ""

    @property
    def verdict(self) -> str:
        """`readable`, `too_few` or `cannot_compute`."""
        if isinstance(self.result, Unmeasured):
            return "cannot_compute"
        return "too_few" if self.caution else "readable"

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form; figures that do not exist are null, and `reason` says why."""
        head: dict[str, Any] = {} if self.experiment is None else {"experiment": self.experiment}
        head |= {} if self.segment is None else {"segment": self.segment}
        head |= {
            "metric": self.metric,
            "type": self.type,
            "variant": self.variant,
            "control": self.control,
            "n_control": self.n_control,
            "n_treatment": self.n_treatment,
            "verdict": self.verdict,
            "caution": self.caution or None,
        }
        if isinstance(self.result, Unmeasured):
            return (
                head | dict.fromkeys(_FIGURES) | {"reason": {"code": self.result.code, "message": self.result.reason}}
            )
        figures = {name: _finite(getattr(self.result, name)) for name in _FIGURES}
        return head | figures | {"reason": None}


_FIGURES = (
    "control_mean", "treatment_mean", "estimate", "std_error", "ci_lower", "ci_upper", "p_value",
    "relative_effect", "relative_std_error", "relative_ci_lower", "relative_ci_upper",
    "df", "alpha", "method", "df_rule", "relative", "digest",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """What a table says about its experiment, or experiments.

    Attributes:
        source: The file as it was named.
        n_rows: Rows read.
        splits: One per experiment and, where counts are given per treatment, per treatment.
        comparisons: In the order of the file or of the metrics asked for.
        findings: What to beware of; a mismatch of the split among them.
    """

    source: str
    n_rows: int
    alpha: float
    splits: tuple[Split, ...]
    comparisons: tuple[Comparison, ...]
    findings: tuple[Finding, ...]

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form; `srm` is the only split there is, or the least likely of several."""
        known = [s for s in self.splits if s.p_value is not None]
        srm = min(known, key=lambda s: s.p_value or 0.0) if known else self.splits[0]
        return {
            "source": self.source,
            "n_rows": self.n_rows,
            "alpha": self.alpha,
            "srm": srm.as_document(),
            "splits": [split.as_document() for split in self.splits],
            "comparisons": [comparison.as_document() for comparison in self.comparisons],
            "findings": [finding.as_document() for finding in self.findings],
            "looks": "valid for one look, at the end that was fixed in advance",
        }


def _finite(value: Any) -> Any:
    # JSON has no infinity; degrees of freedom of a normal test are read as null.
    return None if isinstance(value, float) and not math.isfinite(value) else value
