"""The draft: the one shape in which a model may answer, before code has looked at any of it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from counterpoint.agents.plan import Missing, Outcome, RejectReason
from counterpoint.vocabulary import Direction, Scalar

Key = Annotated[str, Field(max_length=128)]
Words = Annotated[str, Field(max_length=600)]


class _Shape(BaseModel):
    # What a model adds beyond the shape is refused and fed back: it may be the value that it could not place.
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Setting(_Shape):
    """One parameter of one arm."""

    parameter: Key = Field(description="Key of a parameter of the catalogue.")
    value: Scalar = Field(description="A value that the parameter's type and bounds allow.")


class Arm(_Shape):
    """One treatment arm; control is the baseline, and is never listed."""

    settings: Annotated[list[Setting], Field(min_length=1, max_length=20)]


class Guardrail(_Shape):
    """A metric that the hypothesis says must not get worse."""

    metric: Key
    margin: float | None = Field(None, description="Largest relative worsening accepted, 0.01 for 1 %; null if unsaid.")
    margin_abs: float | None = Field(None, description="The same in the metric's own unit, in its place.")
    words: Words = Field("", description="Exact quotation of the hypothesis.")


class Quotations(_Shape):
    """For each field that is filled in: the words of the hypothesis that say so, copied exactly."""

    arms: Words = ""
    audience: Words = ""
    primary: Words = ""
    direction: Words = ""
    effect: Words = ""
    allocation: Words = ""
    days: Words = ""


class Draft(_Shape):
    """An answer to one hypothesis."""

    outcome: Outcome
    arms: Annotated[list[Arm], Field(max_length=12)] = []
    audience: Annotated[str, Field(max_length=2_000, description="CEL over the attributes; `true` is everyone.")] = (
        "true"
    )
    primary: Key | None = None
    direction: Direction | None = None
    mde: float | None = Field(None, description="Relative effect size, 0.02 for 2 %; null if unsaid.")
    mde_abs: float | None = Field(None, description="Effect in the metric's own unit, 0.02 for 2 percentage points.")
    guardrails: Annotated[list[Guardrail], Field(max_length=12)] = []
    allocation: float | None = Field(None, description="Share of the audience in the experiment, 0.1 for a tenth.")
    days: int | None = None
    words: Quotations = Quotations()
    missing: Annotated[list[Missing], Field(max_length=5)] = []
    question: Words = ""
    reason: RejectReason | None = None
    detail: Words = Field("", description="For a refusal: the words of the hypothesis that cannot be done here.")
