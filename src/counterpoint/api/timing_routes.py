"""The route that says where the time of launches goes."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from counterpoint.api.answers import answers
from counterpoint.api.ports import Document

_ROW = {"name": "apply", "n": 40, "total": 18.4, "p50": 0.41, "p95": 0.9, "p99": 1.2, "share": 0.62}
_TIMINGS = {
    "n_launches": 40,
    "machine_seconds": 29.6,
    "steps": [_ROW],
    "backends": [{**_ROW, "name": "apply surface"}],
    "waiting": {"people": _ROW, "scheduled": _ROW, "between": _ROW},
    "approved_to_running": _ROW,
    "slowest": [
        {
            "launch": "podcasts-second-7f3a9c01d2e4",
            "experiment": "podcasts-second",
            "surface": "home",
            "seconds": 1.9,
            "step": "apply",
            "step_seconds": 1.2,
            "backend": "apply surface",
        }
    ],
    "sentence": "Most machine time goes to apply (62% of 29.6 s, surface above all, over 40 launches).",
}


def timing_routes(platform: object) -> APIRouter:
    """Return the route; none when `platform` keeps no timelines."""
    routes = APIRouter(prefix="/v1", tags=["launches"])
    timings: Callable[..., Document] | None = getattr(getattr(platform, "control", None), "timings", None)
    if timings is not None:

        @routes.get(
            "/timings",
            summary="Where launches spend their time",
            description="Machine time by step and by backend with percentiles, and how long launches waited for people "
            "or for the start that their spec names. Seconds.",
            responses=answers(_TIMINGS, 404, 422),
        )
        def read_timings(
            surface: Annotated[str | None, Query(description="Only of this surface.", max_length=256)] = None,
            since: Annotated[AwareDatetime | None, Query(description="Only launches submitted since.")] = None,
        ) -> Document:
            return timings(surface, since=since)

    return routes
