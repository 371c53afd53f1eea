"""The bodies of desired state, as Pydantic models: specs that shall be, and what is to be applied."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from counterpoint.api.bodies import Identifier

SPEC: dict[str, Any] = {
    "file": "home/podcasts-second.yaml",
    "spec": {
        "key": "podcasts-second",
        "surface": "home",
        "owner": "podcasts",
        "hypothesis": "Podcasts in second place get more listeners to play one.",
        "allocation": 0.1,
        "variants": [{"key": "control"}, {"key": "treatment", "set": {"podcasts.shelf_position": 2}}],
        "metrics": {
            "primary": {"metric": "podcast_starters_7d", "direction": "increase", "mde": 0.1},
            "guardrails": [
                {"metric": "home_empty_rate", "margin": 0.05},
                {"metric": "page_load_ms_p95", "margin_abs": 100},
            ],
        },
        "schedule": {"days": 14},
    },
}
STATE: dict[str, Any] = {"source": "home-specs", "specs": [SPEC], "prune": False}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SpecText(_Body):
    """One spec of the desired state."""

    file: Annotated[str, Field(min_length=1, max_length=1_000, description="Where it stands, to be named in answers.")]
    spec: Annotated[dict[str, Any] | str, Field(description="As a JSON object or as YAML text.")]


class StateBody(_Body):
    """The specs that shall be, all of them: what a folder holds."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [STATE]})
    source: Annotated[Identifier, Field(description="Name of the folder; only what it launched is ever pruned.")]
    specs: Annotated[list[SpecText], Field(max_length=1_000)]
    surfaces: Annotated[
        list[Identifier], Field(max_length=100, description="Where to look for undeclared experiments, too.")
    ] = []
    prune: Annotated[bool, Field(description="Stop what this source launched and no longer names.")] = False


class ApplyBody(_Body):
    """A plan that was answered before, to be carried out as it is, or the specs to plan and carry out now."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"state": STATE}]})
    plan: Annotated[dict[str, Any] | None, Field(description="Refused once the world has moved.")] = None
    state: StateBody | None = None
    wait_s: Annotated[
        float, Field(ge=0, le=30, description="Answer at the latest after so many seconds, however far it has come.")
    ] = 10.0

    @model_validator(mode="after")
    def _one_of_both(self) -> "ApplyBody":
        if (self.plan is None) == (self.state is None):
            raise ValueError("give either a plan or a state")
        return self
