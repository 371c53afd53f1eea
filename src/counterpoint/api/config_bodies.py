"""The bodies of Home Config, as Pydantic models: what OpenAPI shows and what every field is checked by."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from counterpoint.api.bodies import Identifier, Text, Value


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EditBody(_Body):
    """Why, on what, and from when."""

    reason: Annotated[Text, Field(min_length=1, description="Why; the audit log keeps it.")]
    expected_release: Annotated[
        int | None, Field(ge=0, description="The release that its author looked at; refused when another is live.")
    ] = None
    not_before: Annotated[AwareDatetime | None, Field(description="When it may be published at the earliest.")] = None
    acknowledges: Annotated[list[Identifier], Field(max_length=100)] = []
    dry_run: Annotated[bool, Field(description="Only say what it would change, and what speaks against it.")] = False


class StageBody(_Body):
    """A share of the units and the hours for which it is held."""

    share: Annotated[float, Field(gt=0, lt=1)]
    hours: Annotated[float, Field(ge=0, le=8760)]


class ChangeBody(EditBody):
    """New values, new rules, or both."""

    values: Annotated[dict[str, Value] | None, Field(min_length=1, max_length=1000)] = None
    rules: Annotated[list[dict[str, Any]] | None, Field(max_length=1000)] = None
    stages: Annotated[list[StageBody] | None, Field(min_length=1, max_length=20)] = None
    at_once: Annotated[bool, Field(description="Everybody at once; for incidents.")] = False


class RevertBody(EditBody):
    """Which release to undo."""

    number: Annotated[int, Field(ge=1)]
    force: Annotated[bool, Field(description="Even where later releases changed the same parts.")] = False


class RestoreBody(EditBody):
    """Which release to bring back."""

    number: Annotated[int, Field(ge=1)]


class KillBody(EditBody):
    """Which parameters everybody gets the declared baseline of."""

    parameters: Annotated[list[Identifier], Field(min_length=1, max_length=1000)]


class ReasonBody(_Body):
    """Why."""

    reason: Annotated[Text, Field(min_length=1)]


class YesBody(_Body):
    """A word to go with an approval."""

    note: Text = ""


class HoldoutBody(EditBody):
    """A holdout to start."""

    key: Identifier
    share: Annotated[float, Field(gt=0, le=0.5, description="Of the units, in each of its two halves.")]
    ends_at: AwareDatetime
    owner: Identifier | None = None
    layers: Annotated[list[Identifier], Field(max_length=100)] = []
    owners: Annotated[list[Identifier], Field(max_length=100)] = []
    unit: Identifier | None = None


class RenewBody(EditBody):
    """A holdout's new end."""

    ends_at: AwareDatetime


class DomainBody(EditBody):
    """A domain to reserve."""

    key: Identifier
    share: Annotated[float, Field(gt=0, le=1)]
    owner: Identifier | None = None


class SpaceBody(_Body):
    """A spec, as a JSON object or as YAML text."""

    spec: dict[str, Any] | Annotated[str, Field(max_length=1_000_000)]


class FileBody(_Body):
    """A surface's file."""

    text: Annotated[str, Field(max_length=1_000_000, description="YAML, or JSON, which is YAML.")]


class SurfaceBody(EditBody):
    """A surface's file to publish."""

    text: Annotated[str, Field(max_length=1_000_000)]
