"""The route that gives somebody leave to see a variant without being assigned to it."""

from collections.abc import Mapping
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Path

from counterpoint.api import examples
from counterpoint.api.actor import actor_of
from counterpoint.api.answers import answers
from counterpoint.api.bodies import PermitBody
from counterpoint.api.ports import Document

SurfaceKey = Annotated[str, Path(description="Key of the surface, such as `home`.", max_length=256)]


class _Forcing(Protocol):
    def permit(
        self,
        surface: str,
        *,
        unit: str,
        forced: Mapping[str, str],
        actor: str,
        reason: str,
        hours: float | None = None,
    ) -> Document: ...


class _Permitting(Protocol):
    @property
    def forcing(self) -> _Forcing: ...


def forcing_routes(platform: object) -> APIRouter:
    """Return the route that makes permits; none when `platform` makes none."""
    routes = APIRouter(prefix="/v1", tags=["serving"])
    if not hasattr(platform, "forcing"):
        return routes
    permitting: _Permitting = platform

    @routes.post(
        "/surfaces/{surface}/permits",
        status_code=201,
        summary="Permit a forced variant",
        description="Returns a signed permit with which one unit sees variants for some hours: send it as `permit` to "
        "resolve or page. Only those whom the surface's policy names may make one; the audit log keeps who, which, for "
        "whom, until when and why. What is seen with it is never counted.",
        responses=answers(examples.PERMIT, 400, 403, 404, 413, 415, 422, status=201),
    )
    def make_permit(surface: SurfaceKey, body: PermitBody, actor: Annotated[str, Depends(actor_of)]) -> Document:
        return permitting.forcing.permit(
            surface, unit=body.unit, forced=body.forced, actor=actor, reason=body.reason, hours=body.hours
        )

    return routes
