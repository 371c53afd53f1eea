"""The routes about this process, for whoever runs it: alive, ready, metrics."""

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from counterpoint.api import examples
from counterpoint.api.answers import answers
from counterpoint.api.ports import Document, Platform


def process_routes(platform: Platform) -> APIRouter:
    """Return the routes that a supervisor and a metrics collector ask."""
    routes = APIRouter(tags=["process"])

    @routes.get("/healthz", summary="Is the process alive", responses=answers(examples.ALIVE))
    async def healthz() -> Document:
        return examples.ALIVE

    @routes.get(
        "/readyz",
        summary="May it get traffic",
        description="503 until every surface has a snapshot, and while one is older than its policy allows.",
        responses={
            **answers(examples.READY, what="It may."),
            503: {"description": "It may not yet.", "content": {"application/json": {"example": examples.READY}}},
        },
    )
    def readyz() -> Response:
        status = platform.delivery.status()
        return JSONResponse(status, status_code=200 if status["ready"] else 503)

    @routes.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=Response,
        responses={
            200: {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
        },
    )
    def metrics() -> Response:
        return Response(platform.meters.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
