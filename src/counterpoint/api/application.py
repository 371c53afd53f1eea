"""The HTTP application: routes, hot paths and guard put together over one platform."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from counterpoint import __version__
from counterpoint.api.actor import no_strangers
from counterpoint.api.agent_routes import agent_routes
from counterpoint.api.config_routes import config_routes
from counterpoint.api.delivery_routes import delivery_routes
from counterpoint.api.doctor_routes import doctor_routes
from counterpoint.api.feed_routes import feed_routes
from counterpoint.api.forcing_routes import forcing_routes
from counterpoint.api.guard import Guard
from counterpoint.api.holdout_routes import holdout_routes
from counterpoint.api.hot import HotPaths
from counterpoint.api.launch_routes import launch_routes
from counterpoint.api.live_routes import live_routes
from counterpoint.api.ports import Document, Platform
from counterpoint.api.process_routes import process_routes
from counterpoint.api.record_routes import record_routes
from counterpoint.api.reference import reference_routes
from counterpoint.api.refusals import install, unknown_route
from counterpoint.api.registry_routes import registry_routes
from counterpoint.api.state_routes import state_routes
from counterpoint.api.statistics_routes import statistics_routes
from counterpoint.api.timing_routes import timing_routes

_DESCRIPTION = """Experimentation for personalized surfaces: from a hypothesis to a trustworthy, running experiment.

Every refusal has one shape, `{"error": {"code", "blame", "retryable", "message", "where", "fix", "facts"}}`; codes are
stable. Changes are made in the name of the header `X-Counterpoint-Actor`, which is taken on trust until people have
tokens; from then on nothing is written without `Authorization: Bearer TOKEN`."""
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(platform: Platform) -> FastAPI:
    """Return the HTTP API over `platform`, an ASGI application that needs no network of its own.

    Add other applications (the web pages) with `app.mount` after this; routes of the API win over them.
    """
    app = FastAPI(
        title="Counterpoint",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    install(app)
    app.state.agent_rules = getattr(getattr(platform, "agency", None), "rules", None)
    settings = getattr(platform, "settings", None)
    is_control = getattr(settings, "role", None) == "control"
    shippers = getattr(settings, "fleet_token", None) if is_control else None
    routers = (
        delivery_routes(platform.delivery, shippers=shippers),
        launch_routes(platform.control),
        record_routes(platform.control),
        statistics_routes(platform.control),
        doctor_routes(platform),
        process_routes(platform),
        feed_routes(platform),
        forcing_routes(platform),
        registry_routes(platform),
        config_routes(platform),
        state_routes(platform),
        holdout_routes(platform),
        timing_routes(platform),
        live_routes(platform),
        agent_routes(platform),
        reference_routes(app),
    )
    known = [route for router in routers for route in router.routes]
    for router in (*routers, _no_such_route(known)):
        app.include_router(router, dependencies=[Depends(no_strangers)])
    # The last added is the outermost: the guard reads the body that the hot paths decode.
    app.add_middleware(HotPaths, delivery=platform.delivery, takes_events=shippers is None)
    app.add_middleware(Guard, meters=platform.meters)
    return app


def _no_such_route(known: Sequence[BaseRoute]) -> APIRouter:
    # Under /v1 no application mounted later may answer: a program that mistypes an address gets an error document.
    routes = APIRouter(include_in_schema=False)

    @routes.api_route("/v1/{rest:path}", methods=_METHODS)
    @routes.api_route("/v1", methods=_METHODS)
    async def nothing_here(request: Request) -> Document:
        raise unknown_route(known, request)

    return routes


def _operation_id(route: APIRoute) -> str:
    return route.name
