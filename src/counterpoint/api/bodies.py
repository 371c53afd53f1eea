"""The bodies that the API reads, as Pydantic models: what OpenAPI shows and what every field is checked by."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from counterpoint.api import examples
from counterpoint.config import MAX_PERMIT_CHARS

FiniteFloat = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Value = Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True)] | FiniteFloat | str
Identifier = Annotated[str, Field(min_length=1, max_length=256)]
Text = Annotated[str, Field(max_length=4_000)]

Forced = Annotated[
    dict[str, str],
    Field(description="Experiment -> variant, of those that `permit` allows; all it allows when left out."),
]
Permit = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=MAX_PERMIT_CHARS,
        description="Leave to see variants, from `POST /v1/surfaces/{surface}/permits`; then nothing is counted.",
    ),
]
Units = Annotated[
    dict[Annotated[str, Field(max_length=128)], Annotated[str, Field(max_length=256)]],
    Field(description="Identifiers of other unit types, such as `device_id`, for experiments that randomise those."),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _with(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [example]})


class ResolveBody(_Body):
    """Whose values of which parameters; every parameter that is named is read, and reading is exposure."""

    model_config = _with(examples.RESOLVE)
    unit: Annotated[Identifier, Field(description="Who is randomised: the surface's unit, such as a user id.")]
    context: Annotated[
        dict[str, Value],
        Field(description="Attributes of the unit and of this request; those left out match no audience."),
    ] = {}
    parameters: Annotated[
        list[str] | None, Field(description="Which parameters to read; all of them when left out.")
    ] = None
    forced: Forced = {}
    permit: Permit = None
    units: Units = {}


class PageBody(_Body):
    """Whose page."""

    model_config = _with(examples.PAGE)
    unit: Annotated[Identifier, Field(description="Who is randomised: the surface's unit, such as a user id.")]
    context: Annotated[dict[str, Value], Field(description="Attributes of the unit and of this request.")] = {}
    forced: Forced = {}
    permit: Permit = None
    units: Units = {}
    request_id: Annotated[
        Identifier | None, Field(description="Joins events to this page; the answer gives one when left out.")
    ] = None


class EventsBody(_Body):
    """A batch of event records; one that is refused does not refuse its neighbours."""

    model_config = _with(examples.EVENTS)
    events: Annotated[
        list[dict[str, Any]], Field(max_length=10_000, description="Exposure, outcome, impression and served records.")
    ]


class PermitBody(_Body):
    """Which variants one unit may see, and why; the audit log keeps it."""

    model_config = _with(examples.PERMIT_REQUEST)
    unit: Identifier
    forced: Annotated[dict[str, str], Field(min_length=1, max_length=50, description="Experiment -> variant.")]
    reason: Annotated[Text, Field(min_length=1)]
    hours: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="As long as the policy allows when left out.")
    ] = None


class PlanBody(_Body):
    """A hypothesis in plain words."""

    model_config = _with(examples.PLAN)
    hypothesis: Annotated[Text, Field(min_length=1)]
    surface: Identifier = "home"
    owner: Annotated[Identifier, Field(description="The team that answers for the experiment.")] = "unowned"


class ValidationBody(_Body):
    """A spec, as a JSON object or as YAML text."""

    model_config = _with(examples.VALIDATION)
    spec: dict[str, Any] | str


class LaunchBody(_Body):
    """A hypothesis to plan and launch, or a spec to launch: exactly one of them."""

    model_config = _with(examples.LAUNCH)
    surface: Annotated[Identifier | None, Field(description="`home` when left out; a spec names its own.")] = None
    hypothesis: Annotated[Text, Field(min_length=1)] | None = None
    spec: Annotated[dict[str, Any] | str | None, Field(description="As a JSON object or as YAML text.")] = None
    wait_s: Annotated[
        float, Field(ge=0, le=30, description="Answer at the latest after so many seconds, however far it has come.")
    ] = 10.0

    @model_validator(mode="after")
    def _one_of_both(self) -> "LaunchBody":
        if (self.hypothesis is None) == (self.spec is None):
            raise ValueError("give either a hypothesis or a spec")
        return self


class ApprovalBody(_Body):
    """One person's yes to a launch that waits for it."""

    model_config = _with(examples.APPROVAL)
    note: Text = ""


class MoveBody(_Body):
    """Why; the audit log keeps it."""

    model_config = _with(examples.MOVE)
    reason: Annotated[Text, Field(min_length=1)]


class AmendmentBody(_Body):
    """The whole spec with what changes, and why; the audit log keeps both."""

    model_config = _with(examples.AMENDMENT)
    spec: Annotated[dict[str, Any] | str, Field(description="As a JSON object or as YAML text.")]
    reason: Annotated[Text, Field(min_length=1)]


class ErrorDocument(BaseModel):
    """What went wrong, who has to act, and what to do: the body of every 4xx and 5xx, under `error`."""

    code: Annotated[str, Field(description="Stable; programs compare it.")]
    blame: Literal["caller", "dependency", "platform"]
    retryable: Annotated[bool, Field(description="Whether the same request may succeed later.")]
    message: Annotated[str, Field(description="One sentence: where, what is wrong, what to do.")]
    where: str | None
    fix: str | None
    facts: Annotated[dict[str, Any], Field(description="`fields` lists every field at fault of an `invalid_request`.")]


class ErrorAnswer(BaseModel):
    """The one shape in which a request is refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ERROR]})
    error: ErrorDocument
