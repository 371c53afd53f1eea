"""The bodies of the routes for agents, as Pydantic models: what OpenAPI shows and what every field is checked by."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from counterpoint.api import examples
from counterpoint.api.bodies import Identifier, Text, Value

_WHY = "Hourly listening fell in the first stage."


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _with(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [example]})


class SpecBody(_Body):
    """A spec, as a JSON object or as YAML text."""

    model_config = _with({"spec": examples.SPEC})
    spec: dict[str, Any] | str


class ParkLaunchBody(_Body):
    """The spec that an agent wants to launch, and the plan that it came from."""

    model_config = _with({"spec": examples.SPEC})
    spec: Annotated[dict[str, Any] | str, Field(description="As `plan_hypothesis` answers it, changed as you like.")]
    plan: Annotated[dict[str, Any] | None, Field(description="As `plan_hypothesis` answers it; for who approves.")] = (
        None
    )


class ParkMoveBody(_Body):
    """What an agent wants done to an experiment that it launched."""

    model_config = _with({"action": "stop", "experiment": "podcasts-second-se", "reason": _WHY})
    action: Annotated[
        Literal["pause", "resume", "stop", "ship"],
        Field(
            description="`pause`: the baseline until it is resumed. `resume`: it goes on; needs approval. `stop`: it "
            "ends without a decision, nothing ships. `ship`: it is concluded now and everybody gets the winner, if the "
            "platform's own decision names one; needs approval."
        ),
    ]
    experiment: Annotated[Identifier, Field(description="Key of the experiment, or id of its launch.")]
    reason: Annotated[Text, Field(min_length=1, description="Why; people read it, and the audit log keeps it.")]


class SayYesBody(_Body):
    """A person's yes to exactly what is stored."""

    model_config = _with(examples.APPROVAL)
    note: Text = ""


class SayNoBody(_Body):
    """Why not; the agent reads it."""

    model_config = _with({"reason": "Two other experiments touch the podcast shelf this week."})
    reason: Annotated[Text, Field(min_length=1)]


class ConfirmBody(_Body):
    """A confirmation carries nothing: what is carried out is what is stored."""

    model_config = _with({"wait_s": 10})
    wait_s: Annotated[float, Field(ge=0, le=30, description="Answer at the latest after so many seconds.")] = 10.0


class ExplainBody(_Body):
    """A unit to look at an experiment with; looking does not count it."""

    model_config = _with({"unit": "listener-4711", "context": {"country": "SE", "plan": "premium"}})
    unit: Identifier | None = None
    context: Annotated[dict[str, Value], Field(max_length=100)] = {}
