"""The routes for outside agents: what they may risk, trying out a spec, asking for a write, and people's answers."""

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Path, Query

from counterpoint.api import examples
from counterpoint.api.actor import actor_of, reader_of
from counterpoint.api.agent_bodies import (
    ConfirmBody,
    ExplainBody,
    ParkLaunchBody,
    ParkMoveBody,
    SayNoBody,
    SayYesBody,
    SpecBody,
)
from counterpoint.api.answers import answers, listed
from counterpoint.api.ports import Document

Actor = Annotated[str, Depends(actor_of)]
Reader = Annotated[str, Depends(reader_of)]
Write = Annotated[str, Path(description="Id of the parked write.", max_length=256)]
Surface = Annotated[str, Path(max_length=256, description="Key of the surface, such as `home`.")]
Key = Annotated[str, Path(description="Key of the experiment.", max_length=256)]
_CODES = (400, 401, 403, 404, 409, 413, 415, 422, 503)
_FOUND = {
    "surface": "home",
    "unit": "user_id",
    "policy": {},
    "n_found": 1,
    "entries": [
        {"kind": "parameter", "key": "podcasts.shelf_position", "description": "position of the podcast shelf"}
    ],
}
_PREVIEW = {"experiment": "podcasts-second-se", "surface": "home", "known": True}
_POWER = {"experiment": "podcasts-second-se", "known": True}
_JUDGED: Document = {"spec": examples.SPEC, "findings": [], "launchable": True}
_EXPLAINED = {
    "experiment": "podcasts-second-se",
    "state": "running",
    "because": "the first stage is live",
    "timeline": [],
}
_BUDGET = {
    "actor": "agent:scout",
    "largest_share": 0.1,
    "concurrent_launches": 2,
    "n_under_way": 0,
    "required_guardrails": [],
    "approvals": 1,
    "approvers": [],
    "surfaces": [],
    "automatic_stop_on_guardrail": True,
    "parked_hours": 24.0,
}
_WRITE = {
    "id": "parked-7f3a9c01d2e4",
    "actor": "agent:scout",
    "action": "launch",
    "surface": "home",
    "experiment": "podcasts-second-se",
    "state": "awaiting_approval",
    "needed": 1,
    "approved_by": [],
    "expires_at": "2026-11-23T09:30:00Z",
    "digest": "5b1c9e0d7a42f318",
    "consequence": {"sentence": "Launches podcasts-second-se on home: 0.1 of everybody."},
    "result": None,
    "next": "1 approval by a person; then agent:scout confirms it",
}


class _Parking(Protocol):
    """Parked writes. Every method may block, and raises only `counterpoint.errors`."""

    def launch(self, spec: str | Document, *, actor: str, plan: Document | None = None) -> Document: ...

    def move(self, action: Any, launch: str, *, actor: str, reason: str) -> Document: ...

    def approve(self, name: str, *, by: str, note: str = "") -> Document: ...

    def reject(self, name: str, *, by: str, reason: str) -> Document: ...

    def confirm(self, name: str, *, actor: str, wait_s: float = 10.0) -> Document: ...

    def read(self, name: str) -> Document: ...

    def list(self, *, surface: str | None = None, actor: str | None = None) -> list[Document]: ...


class _Agency(Protocol):
    """What is behind the routes for agents."""

    @property
    def parking(self) -> _Parking: ...

    def search(self, surface: str, query: str, *, limit: int = 20) -> Document: ...

    def judged(self, spec: str | Document, actor: str) -> Document: ...

    def previewed(self, spec: str | Document) -> Document: ...

    def powered(self, spec: str | Document) -> Document: ...

    def budget(self, actor: str) -> Document: ...

    def explain(self, experiment: str, *, unit: str | None = None, context: Document | None = None) -> Document: ...


def agent_routes(platform: object) -> APIRouter:
    """Return the routes for agents; none when `platform` has no control plane for them."""
    routes = APIRouter(prefix="/v1", tags=["agents"])
    agency = getattr(platform, "agency", None)
    if agency is not None:
        _add_looking(routes, agency)
        _add_asking(routes, agency.parking)
        _add_answering(routes, agency.parking)
    return routes


def _add_looking(routes: APIRouter, agency: _Agency) -> None:
    @routes.get(
        "/surfaces/{surface}/catalogue",
        summary="Search what can be changed, measured and selected by",
        description="Parameters, metrics and attributes of a surface that some words are about, the best first; all "
        "of them without words. Word a hypothesis in these terms and plan it: `plan_hypothesis`.",
        responses=answers(_FOUND, 404, 422),
    )
    def search_catalogue(
        surface: Surface,
        query: Annotated[str, Query(max_length=500)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
    ) -> Document:
        return agency.search(surface, query, limit=limit)

    @routes.get(
        "/agents/budget",
        summary="Read one's risk budget",
        description="What the agent that asks may put at risk, whatever it asks for, and how much of it is used.",
        responses=answers(_BUDGET, 400, 401, 403),
    )
    def read_risk_budget(actor: Reader) -> Document:
        return agency.budget(actor)

    @routes.post(
        "/agents/validations",
        summary="Validate a spec within one's risk budget",
        description="The validator's findings and those of the risk budget of the agent that asks; `launchable` is "
        "whether none of them refuses. `fix` of a finding maps dotted paths of the spec to values that mend it.",
        responses=answers(_JUDGED, *_CODES),
    )
    def validate_within_budget(body: SpecBody, actor: Reader) -> Document:
        return agency.judged(body.spec, actor)

    @routes.post(
        "/previews",
        summary="Try a spec on recorded requests",
        description="How many pages every variant would change, and how. Nothing is stored or counted.",
        responses=answers(_PREVIEW, 400, 404, 413, 415, 422, 503),
    )
    def preview_spec(body: SpecBody) -> Document:
        return agency.previewed(body.spec)

    @routes.post(
        "/powers",
        summary="Ask when a spec would be ready",
        description="On which day it would be ready for its decision, or never; or that the history does not tell.",
        responses=answers(_POWER, 400, 404, 413, 415, 422, 503),
    )
    def power_of_spec(body: SpecBody) -> Document:
        return agency.powered(body.spec)

    @routes.post(
        "/experiments/{key}/explanations",
        summary="Explain an experiment",
        description="How it came to where it stands and, for a unit, why it gets the values it gets.",
        responses=answers(_EXPLAINED, 400, 404, 413, 415, 422),
    )
    def explain_experiment(key: Key, body: ExplainBody) -> Document:
        return agency.explain(key, unit=body.unit, context=dict(body.context))


def _add_asking(routes: APIRouter, parking: _Parking) -> None:
    @routes.post(
        "/parked-writes/launches",
        status_code=201,
        summary="Ask to launch a spec, as an agent",
        description="It is parked, not launched: the answer says exactly what it would do. People approve it "
        "(`approve_parked_write`), then the agent confirms it (`confirm_parked_write`).",
        responses=answers(_WRITE, *_CODES, status=201),
    )
    def park_launch(body: ParkLaunchBody, actor: Actor) -> Document:
        return parking.launch(body.spec, actor=actor, plan=body.plan)

    @routes.post(
        "/parked-writes/moves",
        status_code=201,
        summary="Ask to pause, resume, stop or ship an experiment, as an agent",
        description="Of an experiment that the agent launched. Parked likewise; pausing and stopping ask nobody.",
        responses=answers(_WRITE, *_CODES, status=201),
    )
    def park_move(body: ParkMoveBody, actor: Actor) -> Document:
        return parking.move(body.action, body.experiment, actor=actor, reason=body.reason)

    @routes.get("/parked-writes", summary="List parked writes", responses=answers(listed("writes", _WRITE), 422))
    def list_parked_writes(
        surface: Annotated[str | None, Query(max_length=256)] = None,
        actor: Annotated[str | None, Query(max_length=128, description="Only those of this agent.")] = None,
    ) -> Document:
        return {"writes": parking.list(surface=surface, actor=actor)}

    @routes.get("/parked-writes/{write}", summary="Read a parked write", responses=answers(_WRITE, 404))
    def read_parked_write(write: Write) -> Document:
        return parking.read(write)

    @routes.post(
        "/parked-writes/{write}/confirmations",
        summary="Confirm a parked write, as the agent that parked it",
        description="Carries out what is stored, whatever else is sent. Safe to repeat when no answer came.",
        responses=answers(_WRITE, *_CODES),
    )
    def confirm_parked_write(write: Write, body: ConfirmBody, actor: Actor) -> Document:
        return parking.confirm(write, actor=actor, wait_s=body.wait_s)


def _add_answering(routes: APIRouter, parking: _Parking) -> None:
    @routes.post(
        "/parked-writes/{write}/approvals",
        summary="Approve what an agent wants to do, as a person",
        description="One person's yes to exactly what is stored; no agent can say it.",
        responses=answers(_WRITE, *_CODES),
    )
    def approve_parked_write(write: Write, body: SayYesBody, actor: Actor) -> Document:
        return parking.approve(write, by=actor, note=body.note)

    @routes.post(
        "/parked-writes/{write}/rejections",
        summary="Refuse what an agent wants to do, for good",
        description="By a person, or by the agent that thought better of it.",
        responses=answers(_WRITE, *_CODES),
    )
    def reject_parked_write(write: Write, body: SayNoBody, actor: Actor) -> Document:
        return parking.reject(write, by=actor, reason=body.reason)
