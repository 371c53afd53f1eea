"""A surface: what an experiment may change on it, whom it can be shown to, and what is measured there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from counterpoint.config.policy import Policy
from counterpoint.vocabulary import AttributeType, ParameterType, Scalar

MetricType = Literal["mean", "proportion", "ratio", "quantile"]
NOTHING: Mapping[str, Scalar] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """What a request can say about its unit.

    Attributes:
        fixed: Never changes for a unit, so it can prove two audiences disjoint.
        scope: `unit` when it belongs to the unit, `request` when it changes from one request to the next.
        sensitive: Targeting on it needs a recorded privacy approval.
    """

    key: str
    type: AttributeType
    values: tuple[str, ...] = ()
    fixed: bool = False
    scope: Literal["unit", "request"] = "unit"
    sensitive: bool = False
    description: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A typed dial of the surface, with its bounds and the value that everyone gets who is in no experiment.

    Attributes:
        min: Least value of a number, inclusive; None where there is no bound.
        max: Greatest value of a number, inclusive.
        requires: Parameter -> values under one of which this parameter has any effect.
    """

    key: str
    layer: str
    type: ParameterType
    baseline: Scalar
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] = ()
    unit: str | None = None
    requires: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    description: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is measured per unit of analysis, over a window of days since its first exposure.

    Attributes:
        window_days: Length of the window; a unit is matured once it has passed.
        numerator: Name of the event summed over the numerator of a ratio; None for other types.
        quantile: Which quantile, in (0, 1); None for other types.
        better: The direction that is an improvement.
    """

    key: str
    type: MetricType
    window_days: int
    better: Literal["higher", "lower"]
    unit: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    quantile: float | None = None
    description: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One place in a product, such as Home: immutable and complete; loaded from one YAML file."""

    key: str
    description: str
    unit: str
    attributes: Mapping[str, Attribute]
    layers: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    metrics: Mapping[str, Metric]
    policy: Policy = field(default_factory=Policy)
    invariants: tuple[str, ...] = ()
    """CEL over parameters that every reachable combination of values must satisfy."""


def outcome_names(metric: Metric) -> tuple[str, str | None]:
    """Return the names of the outcome events that feed `metric`: its numerator, and its denominator or None.

    A ratio names both itself ("home clicks" arrives as `home_clicks`); any other metric is fed by the events that carry
    its key without the window (`podcast_minutes_7d` by `podcast_minutes`).
    """
    if metric.type == "ratio":
        return _slug(metric.numerator or ""), _slug(metric.denominator or "")
    return metric.key.removesuffix(f"_{metric.window_days}d"), None


def _slug(words: str) -> str:
    return "_".join(words.lower().split())
