"""The routes of the serving path: resolve, page, events. `hot` answers well-formed requests before they come here."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from counterpoint.api import examples
from counterpoint.api.answers import answers
from counterpoint.api.bodies import EventsBody, PageBody, ResolveBody
from counterpoint.api.feed_routes import only_fleet
from counterpoint.api.hot import PageRequest, ResolveRequest, page, resolve
from counterpoint.api.ports import Delivery, Document

SurfaceKey = Annotated[str, Path(description="Key of the surface, such as `home`.", max_length=256)]


def delivery_routes(delivery: Delivery, *, shippers: str | None = None) -> APIRouter:
    """Return the routes that ask `delivery`.

    Args:
        shippers: The fleet's token, where event records are taken from the processes that ship them alone.
    """
    routes = APIRouter(prefix="/v1", tags=["serving"])

    @routes.get("/surfaces", summary="List surfaces", responses=answers(examples.SURFACES))
    def list_surfaces() -> Document:
        return {"surfaces": delivery.surfaces()}

    @routes.post(
        "/surfaces/{surface}/resolve",
        summary="Resolve parameters for one unit",
        description="Returns each value with its reason, variant and snapshot. Reading a parameter that one of the "
        "unit's experiments may set is the exposure, and is recorded before the answer leaves.",
        responses=answers(examples.RESOLVED, 400, 403, 404, 413, 415, 422, 503),
    )
    async def resolve_parameters(surface: SurfaceKey, body: ResolveBody) -> Document:
        ask = ResolveRequest(unit=body.unit, context=body.context, parameters=body.parameters, **_shown(body))
        return await resolve(delivery, surface, ask)

    @routes.post(
        "/surfaces/{surface}/page",
        summary="Compose the page of one unit",
        description="Returns shelves of cards, how complete the page is, what it read and why each value was so.",
        responses=answers(examples.PAGE_ANSWER, 400, 403, 404, 413, 415, 422, 503),
    )
    async def compose_page(surface: SurfaceKey, body: PageBody) -> Document:
        wish = PageRequest(unit=body.unit, context=body.context, request_id=body.request_id, **_shown(body))
        return await page(delivery, surface, wish)

    @routes.post(
        "/events",
        dependencies=[Depends(only_fleet(shippers))] if shippers else [],
        summary="Record events",
        description="Stores a batch durably before answering. Records are deduplicated by `id`, so sending a batch "
        "again is safe; a record that is refused is named with its index and does not refuse its neighbours. A process "
        "that is the control plane alone takes them from its fleet alone, where the fleet has a token: applications "
        "send theirs to the processes that serve them.",
        responses=answers(examples.INGESTED, 400, 403, 413, 415, 422, 503),
    )
    def record_events(body: EventsBody) -> Document:
        return delivery.ingest(body.events)

    return routes


def _shown(body: ResolveBody | PageBody) -> dict[str, Any]:
    return {"forced": body.forced, "permit": body.permit, "units": body.units}
