"""The routes about backends: what is live where, what drifted, and the flags that other systems poll."""

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from counterpoint.api.actor import actor_of
from counterpoint.api.answers import answers, listed
from counterpoint.api.ports import Document
from counterpoint.config import snapshot_id
from counterpoint.storage.snapshots import export_flagd
from counterpoint.vocabulary import canonical_json

_HELD = {
    "backend": "flags",
    "holds": "podcasts.shelf_position",
    "version": "12",
    "digest": "9f2c4e",
    "since": "2026-11-02T08:00:03+00:00",
    "verified_at": "2026-11-02T09:30:00+00:00",
    "standing": "drifted",
}
_FINDING = {
    "backend": "flags",
    "surface": "home",
    "experiment": None,
    "code": "drifted",
    "path": "podcasts.shelf_position",
    "since": "2026-11-02T09:12:00+00:00",
    "message": "podcasts.shelf_position in flags is not what was put there: somebody changed it by hand",
    "fix": "counterpoint live reapply flags --surface home --by WHO --reason WHY, or counterpoint live adopt flags ...",
    "expected": {"state": "ENABLED"},
    "found": {"state": "DISABLED"},
}
_LIVE = {
    "at": "2026-11-02T09:30:01+00:00",
    "surfaces": {
        "home": {
            "release": {
                "number": 12,
                "digest": "5b1c9e",
                "since": "2026-11-02T08:00:02+00:00",
                "by": "maria@example.org",
                "reason": "approved",
            },
            "processes": [{"release": 12, "snapshot": "5b1c9e0d7a42f318", "n_processes": 1, "share": 1.0}],
            "baseline": [_HELD],
            "experiments": [
                {
                    "experiment": "podcasts-second",
                    "launch": "podcasts-second-7f3a9c01d2e4",
                    "state": "running",
                    "stage": 0,
                    "share": 0.1,
                    "simulated": False,
                    "backends": [_HELD],
                }
            ],
        }
    },
    "still_live": [
        {
            "launch": "hero-tall-11aa",
            "experiment": "hero-tall",
            "surface": "home",
            "still_live": ["unleash"],
            "why": {"unleash": "it answered 503; nothing yet: it is tried again."},
            "unsure": [],
            "since": "2026-11-01T10:00:00+00:00",
            "reason": "flags failed: ... STILL LIVE on unleash: undo it there by hand.",
        }
    ],
    "findings": [_FINDING],
}


class SaidBody(BaseModel):
    """Why, and on which surface."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "an accident", "surface": "home"}]}
    )
    reason: str = Field(min_length=1, max_length=4000)
    surface: str | None = Field(default=None, max_length=256, description="Of all surfaces when left out.")


class Live(Protocol):
    """What is live where."""

    def document(self, surface: str | None = None) -> Document:
        """Return it."""
        ...


class Drift(Protocol):
    """What is not as it should be, and what a person decides about it."""

    def check(self) -> list[Document]:
        """Look now."""
        ...

    def reapply(self, backend: str, *, surface: str | None = None, actor: str, reason: str) -> list[str]:
        """Put back what should be there."""
        ...

    def adopt(self, backend: str, *, surface: str | None = None, actor: str, reason: str) -> list[str]:
        """Take what is there for right."""
        ...


class _Backed(Protocol):
    @property
    def live(self) -> Live: ...

    @property
    def drift(self) -> Drift: ...


Backend = Annotated[str, Path(description="Declared name of the backend.", max_length=256)]


def live_routes(platform: object) -> APIRouter:
    """Return the routes of the backends; none when `platform` has none to tell of."""
    routes = APIRouter(prefix="/v1", tags=["backends"])
    if hasattr(platform, "live") and hasattr(platform, "drift"):
        _add_live(routes, platform)
    if hasattr(platform, "snapshots"):
        _add_flags(routes, platform.snapshots)
    return routes


def _add_live(routes: APIRouter, backed: _Backed) -> None:

    @routes.get(
        "/live",
        summary="What is live where",
        description="Of each baseline and each live experiment, which backend holds what, since when, when it was "
        "looked at, and whether it drifted; which processes serve which release; what a failed launch left behind. "
        "Reads what checks have seen and asks no system outside.",
        responses=answers(_LIVE, 404, 422),
    )
    def what_is_live(
        surface: Annotated[str | None, Query(description="Only of this surface.", max_length=256)] = None,
    ) -> Document:
        return backed.live.document(surface)

    @routes.post(
        "/live/checks",
        summary="Look at every backend now",
        description="Definitions that lag behind a baseline are written; what was changed by hand is told only.",
        responses=answers(listed("findings", _FINDING), 503),
    )
    def check_backends() -> Document:
        return {"findings": backed.drift.check()}

    @routes.post(
        "/backends/{backend}/reapplication",
        summary="Put back what somebody changed by hand",
        responses=answers({"parameters": ["podcasts.shelf_position"]}, 400, 403, 404, 409, 422, 503),
    )
    def reapply_backend(backend: Backend, said: SaidBody, actor: Annotated[str, Depends(actor_of)]) -> Document:
        return {"parameters": backed.drift.reapply(backend, surface=said.surface, actor=actor, reason=said.reason)}

    @routes.post(
        "/backends/{backend}/adoption",
        summary="Take what somebody changed by hand for right",
        description="Until it changes again, or a launch on that parameter is started over it.",
        responses=answers({"parameters": ["podcasts.shelf_position"]}, 400, 403, 404, 422, 503),
    )
    def adopt_backend(backend: Backend, said: SaidBody, actor: Annotated[str, Depends(actor_of)]) -> Document:
        return {"parameters": backed.drift.adopt(backend, surface=said.surface, actor=actor, reason=said.reason)}


def _add_flags(routes: APIRouter, snapshots: Any) -> None:
    @routes.get(
        "/surfaces/{surface}/flags",
        summary="A surface as flags that flagd polls",
        description="A sync source for flagd's HTTP provider: baseline and rules, and of each experiment the variants "
        "for callers who bring the decision along as `counterpoint_EXPERIMENT`. Splits are not exported: flagd hashes "
        "units otherwise. The `ETag` is the snapshot's address.",
        response_class=Response,
        responses={
            200: {"description": "Flag definitions.", "content": {"application/json": {}}},
            304: {"description": "They are those of `If-None-Match`, still."},
            **{status: each for status, each in answers({}, 404).items() if status != 200},
        },
    )
    def flags_of_surface(
        surface: Annotated[str, Path(max_length=256)],
        if_none_match: Annotated[str | None, Header(max_length=1024)] = None,
    ) -> Response:
        snapshot = snapshots.live(surface).compiled.snapshot
        etag = f'"{snapshot_id(snapshot)}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if if_none_match is not None and etag in [each.strip() for each in if_none_match.split(",")]:
            return Response(status_code=304, headers=headers)
        content = canonical_json(export_flagd(snapshot, experimented="decided").document)
        return Response(content, media_type="application/json", headers=headers)
