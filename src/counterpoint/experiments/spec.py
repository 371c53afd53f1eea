"""The experiment spec: the one declarative document that people, scripts and agents write."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from counterpoint.vocabulary import Direction

Share = Annotated[float, Field(gt=0, le=1)]
ParameterValue = bool | int | float | str


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VariantSpec(_Document):
    """A branch: its weight in the split and the parameters it sets; control sets none."""

    key: str
    weight: Annotated[int, Field(ge=0, le=10_000)] = 1
    set: dict[str, ParameterValue] = {}


class PrimaryMetric(_Document):
    """The metric that decides, the direction the hypothesis gives it, and the smallest effect worth finding.

    `mde` is relative (0.02 is 2 %); `mde_abs` is in the metric's own unit; at most one of them is given.
    """

    metric: str
    direction: Direction
    mde: Annotated[float, Field(gt=0)] | None = None
    mde_abs: Annotated[float, Field(gt=0)] | None = None


class GuardrailSpec(_Document):
    """A metric that must not get worse by more than its margin: relative, or absolute in its own unit."""

    metric: str
    margin: Annotated[float, Field(ge=0)] | None = None
    margin_abs: Annotated[float, Field(ge=0)] | None = None


class MetricsSpec(_Document):
    """What is measured: one primary metric, others to read, and guardrails."""

    primary: PrimaryMetric
    secondary: tuple[str, ...] = ()
    guardrails: tuple[GuardrailSpec, ...] = ()


class AnalysisSpec(_Document):
    """How it is analysed; `looks` is how often the result may be read before its end."""

    test: Literal["fixed", "group_sequential", "always_valid"] = "group_sequential"
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    power: Annotated[float, Field(gt=0.5, lt=1)] = 0.8
    looks: Literal["daily", "weekly", "end"] = "daily"
    variance_reduction: Literal["none", "cuped"] = "none"


class RampStage(_Document):
    """A share of the audience's units, at most the allocation, held for `hours` before the next stage's gate."""

    share: Share
    hours: Annotated[float, Field(ge=0)]


class ScheduleSpec(_Document):
    """For how long, from when (ISO 8601 with zone; None for at once), and in which stages."""

    days: Annotated[int, Field(ge=1, le=365)]
    start: str | None = None
    ramp: tuple[RampStage, ...] = ()


class StopSpec(_Document):
    """What happens by itself when a guardrail is breached or the sample ratio is off."""

    on_guardrail: Literal["stop", "pause", "alert"] = "stop"
    on_srm: Literal["pause", "stop", "alert"] = "pause"


class ExperimentSpec(_Document):
    """One experiment, as written; the same document comes back from the API unchanged.

    `unit` is what is randomised, the surface's own when None; `domain` names the reserved buckets of a programme
    that it draws from, the surface's general buckets when None. `max_pages_changed` is the share of the audience's
    pages that its author declares a variant to change at most; the dry run before the launch holds it to that.
    """

    kind: Literal["experiment"] = "experiment"
    key: str
    surface: str
    owner: str
    hypothesis: str
    audience: str = "true"
    allocation: Share
    unit: str | None = None
    layers: tuple[str, ...] = ()
    isolated: bool = False
    domain: str | None = None
    variants: Annotated[tuple[VariantSpec, ...], Field(min_length=2)]
    metrics: MetricsSpec
    analysis: AnalysisSpec = AnalysisSpec()
    schedule: ScheduleSpec
    stop: StopSpec = StopSpec()
    max_pages_changed: Annotated[float, Field(ge=0, le=1)] | None = None

    @property
    def control(self) -> VariantSpec:
        """The first variant: the one that the others are compared with."""
        return self.variants[0]

    @property
    def treatments(self) -> tuple[VariantSpec, ...]:
        """All variants but control."""
        return self.variants[1:]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter that some variant sets, in order of first mention."""
        return tuple(dict.fromkeys(key for variant in self.variants for key in variant.set))
