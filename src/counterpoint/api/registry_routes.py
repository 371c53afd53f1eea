"""The routes that find experiments among all that were ever in a release."""

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query

from counterpoint.api.answers import answers
from counterpoint.api.ports import Document

_LINE = {
    "surface": "home",
    "key": "podcasts-second-se",
    "state": "running",
    "owner": "podcasts",
    "hypothesis": "Moving the podcast shelf to second place raises weekly podcast minutes.",
    "created_at": "2026-11-08T09:30:00Z",
    "updated_at": "2026-11-08T09:31:00Z",
    "started_at": "2026-11-08T09:31:00Z",
    "ended_at": None,
    "release": 12,
}
Key = Annotated[str, Path(max_length=256)]
Filter = Annotated[str | None, Query(max_length=256)]


class _Registry(Protocol):
    def find(self, **wanted: Any) -> list[Document]: ...

    def read(self, surface: str, key: str) -> Document: ...


class _Registered(Protocol):
    @property
    def registry(self) -> _Registry: ...


def registry_routes(platform: object) -> APIRouter:
    """Return the routes; none when `platform` keeps no registry."""
    routes = APIRouter(prefix="/v1", tags=["records"])
    if not hasattr(platform, "registry"):
        return routes
    registered: _Registered = platform

    @routes.get(
        "/registry",
        summary="Find experiments",
        description="Every experiment that was ever in a release, archived ones too, the last changed first. `search` "
        "finds words of key, hypothesis, owner and parameters.",
        responses=answers({"experiments": [_LINE]}, 422),
    )
    def find_experiments(
        surface: Filter = None,
        state: Annotated[str | None, Query(max_length=64, description="Of the lifecycle, or `removed`.")] = None,
        owner: Filter = None,
        search: Annotated[str | None, Query(max_length=500)] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Document:
        wanted = {"surface": surface, "state": state, "owner": owner, "search": search}
        return {"experiments": registered.registry.find(**wanted, limit=limit, offset=offset)}

    @routes.get(
        "/registry/{surface}/{key}",
        summary="Read an experiment as it last was",
        responses=answers({**_LINE, "spec": {"key": "podcasts-second-se"}}, 404),
    )
    def read_experiment_record(surface: Key, key: Key) -> Document:
        return registered.registry.read(surface, key)

    return routes
