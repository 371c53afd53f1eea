"""The routes of desired state: plan what a set of specs would change, apply it, and read what exists as specs."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query

from counterpoint.api.actor import actor_of
from counterpoint.api.answers import answers
from counterpoint.api.ports import Document
from counterpoint.api.state_bodies import SPEC, ApplyBody, StateBody

_ITEM = {
    "surface": "home",
    "experiment": "podcasts-second",
    "kind": "experiment",
    "act": "launch",
    "file": "home/podcasts-second.yaml",
    "reasons": [],
    "drift": [],
    "changes": [{"path": "allocation", "before": None, "after": 0.1}],
    "backends": [
        {"backend": "surface", "edits": [{"path": "experiments.podcasts-second", "before": None, "after": "running"}]}
    ],
    "unasked": {},
    "findings": [],
    "approvals_needed": 0,
    "launch": None,
    "state": None,
    "fingerprint": "5b1c9e0d7a42f318",
}
_PLAN = {
    "kind": "state_plan",
    "version": 1,
    "source": "home-specs",
    "made_at": "2026-11-22T09:30:00+00:00",
    "prune": False,
    "heads": {"home": {"release": 12, "digest": "9f2c4e"}},
    "n_changes": 1,
    "n_faults": 0,
    "items": [_ITEM],
    "unreadable": [],
    "specs": [SPEC],
    "parts": [],
}
_DONE = {
    "plan": _PLAN,
    "done": [
        {
            "surface": "home",
            "experiment": "podcasts-second",
            "kind": "experiment",
            "act": "launch",
            "launch": "podcasts-second-7f3a9c01d2e4",
            "state": "running",
            "reason": "the first stage is live on 0.1 of the audience",
            "problem": None,
        }
    ],
    "n_done": 1,
    "n_failed": 0,
    "in_sync": True,
}
_FILES = {"files": {"home/podcasts-second.yaml": "kind: experiment\nkey: podcasts-second\n"}, "source": None}


class _Declaring(Protocol):
    """Desired state. Every method may block, and raises only `counterpoint.errors`."""

    def plan(
        self, texts: Sequence[tuple[str | Document, str]], *, source: str, author: str, **scope: Any
    ) -> Document: ...

    def sync(
        self, texts: Sequence[tuple[str | Document, str]], *, source: str, actor: str, **scope: Any
    ) -> Document: ...

    def apply(self, saved: Mapping[str, Any], *, actor: str, wait_s: float) -> Document: ...

    def export(self, surface: str | None = None) -> Document: ...


def state_routes(platform: object) -> APIRouter:
    """Return the routes of desired state; none when `platform` does not launch."""
    routes = APIRouter(prefix="/v1/state", tags=["state"])
    declaring: _Declaring | None = getattr(platform, "declaring", None)
    if declaring is not None:
        _add(routes, declaring)
    return routes


def _add(routes: APIRouter, declaring: _Declaring) -> None:
    @routes.get(
        "",
        summary="Read what exists as specs",
        description="YAML of each experiment that was launched, in any state, of the baseline with its rules, of "
        "holdouts and domains; a plan of these files changes nothing.",
        responses=answers(_FILES, 404),
    )
    def read_state(surface: Annotated[str | None, Query(description="Only of this surface.")] = None) -> Document:
        return declaring.export(surface)

    @routes.post(
        "/plans",
        summary="Plan a desired state",
        description="What would be launched, replaced or stopped, with the difference on every backend, and what is "
        "left as it is and why. Nothing is changed. The answer can be applied as it is.",
        responses=answers(_PLAN, 400, 404, 413, 415, 422),
    )
    def plan_state(body: StateBody, actor: Annotated[str, Depends(actor_of)]) -> Document:
        return declaring.plan(
            _texts(body), source=body.source, author=actor, surfaces=tuple(body.surfaces), prune=body.prune
        )

    @routes.post(
        "/applications",
        summary="Apply a plan or a desired state",
        description="Launches, replaces and stops through the same durable workflow as anybody's, with its validator "
        "and approvals. Applied twice, the second does nothing.",
        responses=answers(_DONE, 400, 403, 404, 409, 413, 415, 422, 503),
    )
    def apply_state(body: ApplyBody, actor: Annotated[str, Depends(actor_of)]) -> Document:
        if body.state is None:
            return declaring.apply(body.plan or {}, actor=actor, wait_s=body.wait_s)
        return declaring.sync(
            _texts(body.state),
            source=body.state.source,
            actor=actor,
            surfaces=tuple(body.state.surfaces),
            prune=body.state.prune,
            wait_s=body.wait_s,
        )


def _texts(body: StateBody) -> list[tuple[str | Document, str]]:
    return [(each.spec, each.file) for each in body.specs]
