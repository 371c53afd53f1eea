"""The routes of Home Config: baseline changes with their review, rollouts, holdouts, domains, surfaces."""

from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Path, Query, Response

from counterpoint.api import examples
from counterpoint.api.actor import actor_of
from counterpoint.api.answers import answers, listed
from counterpoint.api.config_bodies import (
    ChangeBody,
    DomainBody,
    EditBody,
    FileBody,
    HoldoutBody,
    KillBody,
    ReasonBody,
    RenewBody,
    RestoreBody,
    RevertBody,
    SpaceBody,
    SurfaceBody,
    YesBody,
)
from counterpoint.api.ports import Document

_CHANGE = {
    "id": "config-7f3a9c01d2e4",
    "surface": "home",
    "author": "ada@example.org",
    "reason": "fewer shelves load faster",
    "state": "rolling_out",
    "diff": [{"path": "baseline/layout.max_shelves", "kind": "changed", "fields": []}],
    "findings": [],
    "needed": 1,
    "approved_by": ["grace@example.org"],
    "release": 12,
    "steps": [{"at": "2026-11-22T09:30:03Z", "state": "rolling_out", "actor": "ada@example.org", "reason": "faster"}],
}
_CONFIG = {
    "surface": "home",
    "release": 12,
    "values": {"layout_density": {"value": "compact", "declared": "comfortable", "layer": "layout"}},
    "rules": [],
    "rollouts": [],
    "waiting": [],
}
_BLAME = {"parameter": "layout.max_shelves", "value": 8, "before": 12, "rules": [], **examples.RELEASE}
_DIFF = {"surface": "home", "before": 11, "after": 12, "parts": [_CHANGE["diff"]]}
_HOLDOUT = {
    "key": "q4",
    "owner": "data",
    "unit": "user_id",
    "share": 0.05,
    "layers": ["ranking"],
    "owners": ["podcasts"],
    "starts_at": "2026-10-01T00:00:00+00:00",
    "ends_at": "2026-12-31T00:00:00+00:00",
    "phase": "running",
    "expired": False,
    "reminder": None,
    "read_at": None,
}
_DOMAIN = {"key": "genrec", "owner": "genrec", "share": 0.2, "experiments": ["shelf-names"]}
_SPACE = {"surface": "home", "experiment": "podcasts-second", "wanted": 0.1, "free": 0.62, "fits": True, "rivals": []}
_CHECK = {"surface": "search", "publishable": True, "ready": False, "items": [{"code": "file", "status": "ok"}]}


class _Aside(Protocol):
    """Holdouts, domains, free space."""

    def holdouts(self, surface: str) -> list[Document]: ...

    def start_holdout(self, surface: str, key: str, **rest: Any) -> Document: ...

    def renew_holdout(self, surface: str, key: str, *, ends_at: datetime, edit: Any) -> Document: ...

    def release_holdout(self, surface: str, key: str, edit: Any) -> Document: ...

    def holdout_units(self, surface: str, key: str) -> Document: ...

    def holdout_readout(self, surface: str, key: str) -> Document: ...

    def domains(self, surface: str) -> list[Document]: ...

    def reserve_domain(self, surface: str, key: str, **rest: Any) -> Document: ...

    def release_domain(self, surface: str, key: str, edit: Any) -> Document: ...

    def free_space(self, spec: str | Document) -> Document: ...


class _Boarding(Protocol):
    """New surfaces."""

    def check(self, text: str, *, source: str) -> Document: ...

    def add(self, text: str, *, source: str, edit: Any) -> Document: ...


class _Configuring(Protocol):
    """Home Config. Every method may block, and raises only `counterpoint.errors`."""

    @property
    def aside(self) -> _Aside: ...

    @property
    def boarding(self) -> _Boarding: ...

    def edit(self, **said: Any) -> Any: ...

    def show(self, surface: str) -> Document: ...

    def change_both(
        self, surface: str, values: Document, rules: list[Document] | None, edit: Any, **how: Any
    ) -> Document: ...

    def revert(self, surface: str, number: int, edit: Any, *, force: bool = False) -> Document: ...

    def restore(self, surface: str, number: int, edit: Any) -> Document: ...

    def kill(self, surface: str, parameters: list[str], edit: Any) -> Document: ...

    def abort(self, surface: str, rollout: str, *, actor: str, reason: str) -> Document: ...

    def history(self, surface: str, *, parameter: str | None = None, limit: int = 100) -> list[Document]: ...

    def blame(self, surface: str, parameter: str) -> Document: ...

    def diff(self, surface: str, before: int, after: int | None = None) -> Document: ...

    def compare(self, surface: str) -> Document: ...

    def changes(self, surface: str, *, limit: int = 100) -> list[Document]: ...

    def change(self, name: str) -> Document: ...

    def approve(self, name: str, *, by: str, note: str = "") -> Document: ...

    def withdraw(self, name: str, *, by: str, reason: str) -> Document: ...


Actor = Annotated[str, Depends(actor_of)]
Surface = Annotated[str, Path(max_length=256, description="Key of the surface, such as `home`.")]
Key = Annotated[str, Path(max_length=256)]
_CODES = (400, 403, 404, 409, 413, 415, 422, 503)


def config_routes(platform: object) -> APIRouter:
    """Return the routes of Home Config; none when `platform` has no control plane for it."""
    routes = APIRouter(prefix="/v1", tags=["config"])
    configuring = getattr(platform, "configuring", None)
    if configuring is not None:
        _add_readers(routes, configuring)
        _add_editors(routes, configuring)
        _add_review(routes, configuring)
        _add_aside(routes, configuring)
        _add_boarding(routes, configuring)
    return routes


def _add_readers(routes: APIRouter, config: _Configuring) -> None:
    base = "/surfaces/{surface}/config"

    @routes.get(base, summary="Read the configuration", responses=answers(_CONFIG, 404))
    def read_config(surface: Surface) -> Document:
        return config.show(surface)

    @routes.get(
        f"{base}/history", summary="Releases of it", responses=answers(listed("releases", examples.RELEASE), 404)
    )
    def config_history(surface: Surface, parameter: Annotated[str | None, Query(max_length=256)] = None) -> Document:
        return {"releases": config.history(surface, parameter=parameter)}

    @routes.get(f"{base}/blame/{{parameter}}", summary="Who set it last", responses=answers(_BLAME, 404))
    def blame_parameter(surface: Surface, parameter: Key) -> Document:
        return config.blame(surface, parameter)

    @routes.get(f"{base}/diff", summary="What differs between releases", responses=answers(_DIFF, 404, 422))
    def diff_releases(
        surface: Surface,
        before: Annotated[int, Query(ge=1)],
        after: Annotated[int | None, Query(ge=1, description="What is live when left out.")] = None,
    ) -> Document:
        return config.diff(surface, before, after)

    @routes.get(
        f"{base}/compare",
        summary="What differs from the surface's file",
        responses=answers({"surface": "home", "parameters": [_BLAME], "rules": []}, 404),
    )
    def compare_config(surface: Surface) -> Document:
        return config.compare(surface)


def _add_editors(routes: APIRouter, config: _Configuring) -> None:
    base = "/surfaces/{surface}/config"

    @routes.post(
        f"{base}/changes",
        status_code=201,
        summary="Change the baseline",
        description="New `values`, new ordered `rules`, or both. They reach 1 % of the units first, then 10 %, then "
        "everybody, and are taken back by themselves when they do harm. Where the "
        "surface's policy asks for approvals, the change waits for them.",
        responses=answers(_CHANGE, *_CODES, status=201),
    )
    def change_config(surface: Surface, body: ChangeBody, actor: Actor, response: Response) -> Document:
        stages = None if body.stages is None else [stage.model_dump() for stage in body.stages]
        how = {"stages": stages, "at_once": body.at_once}
        change = config.change_both(surface, body.values or {}, body.rules, _edit(config, body, actor), **how)
        response.headers["Location"] = f"/v1/changes/{change['id']}"
        return change

    @routes.post(
        f"{base}/revert",
        summary="Undo one release",
        description="At once and without approval.",
        responses=answers(_CHANGE, *_CODES),
    )
    def revert_release(surface: Surface, body: RevertBody, actor: Actor) -> Document:
        return config.revert(surface, body.number, _edit(config, body, actor), force=body.force)

    @routes.post(
        f"{base}/restore",
        summary="Bring a release back",
        description="At once and without approval.",
        responses=answers(_CHANGE, *_CODES),
    )
    def restore_release(surface: Surface, body: RestoreBody, actor: Actor) -> Document:
        return config.restore(surface, body.number, _edit(config, body, actor))

    @routes.post(
        f"{base}/kill",
        summary="Kill what is set",
        description="The kill switch: everybody gets the declared baseline of some parameters at once and without "
        "approval, whatever rules, rollouts, holdouts and experiments say; those experiments are killed.",
        responses=answers(_CHANGE, *_CODES),
    )
    def kill_parameters(surface: Surface, body: KillBody, actor: Actor) -> Document:
        return config.kill(surface, list(body.parameters), _edit(config, body, actor))

    @routes.post(
        "/surfaces/{surface}/rollouts/{rollout}/abort",
        summary="Take a rollout back",
        responses=answers({"release": examples.RELEASE}, *_CODES),
    )
    def abort_rollout(surface: Surface, rollout: Key, body: ReasonBody, actor: Actor) -> Document:
        return config.abort(surface, rollout, actor=actor, reason=body.reason)


def _add_review(routes: APIRouter, config: _Configuring) -> None:
    @routes.get(
        "/surfaces/{surface}/changes", summary="List changes", responses=answers(listed("changes", _CHANGE), 404)
    )
    def list_changes(surface: Surface) -> Document:
        return {"changes": config.changes(surface)}

    @routes.get("/changes/{change}", summary="Read a change", responses=answers(_CHANGE, 404))
    def read_change(change: Key) -> Document:
        return config.change(change)

    @routes.post(
        "/changes/{change}/approvals",
        summary="Approve a change",
        description="One person's yes to exactly this change; nobody approves their own.",
        responses=answers(_CHANGE, *_CODES),
    )
    def approve_change(change: Key, body: YesBody, actor: Actor) -> Document:
        return config.approve(change, by=actor, note=body.note)

    @routes.post("/changes/{change}/withdraw", summary="Take a change back", responses=answers(_CHANGE, *_CODES))
    def withdraw_change(change: Key, body: ReasonBody, actor: Actor) -> Document:
        return config.withdraw(change, by=actor, reason=body.reason)


def _add_aside(routes: APIRouter, config: _Configuring) -> None:
    base = "/surfaces/{surface}"

    @routes.get(f"{base}/holdouts", summary="List holdouts", responses=answers(listed("holdouts", _HOLDOUT), 404))
    def list_holdouts(surface: Surface) -> Document:
        return {"holdouts": config.aside.holdouts(surface)}

    @routes.get(
        f"{base}/holdouts/{{key}}",
        summary="Units of a holdout",
        responses=answers({**_HOLDOUT, "units": {"status_quo": 512, "shipped_only": 498}}, 404),
    )
    def read_holdout(surface: Surface, key: Key) -> Document:
        return config.aside.holdout_units(surface, key)

    @routes.get(
        f"{base}/holdouts/{{key}}/readout",
        summary="Read a holdout out",
        description="What all changes shipped since it began did together: one look, at its end; before that, figures "
        "without intervals.",
        responses=answers({**_HOLDOUT, "readout": {"ended": False, "metrics": [], "sentence": "It runs."}}, 404),
    )
    def read_out_holdout(surface: Surface, key: Key) -> Document:
        return config.aside.holdout_readout(surface, key)

    @routes.post(
        f"{base}/holdouts",
        status_code=201,
        summary="Start a holdout",
        responses=answers(_CHANGE, *_CODES, status=201),
    )
    def start_holdout(surface: Surface, body: HoldoutBody, actor: Actor) -> Document:
        return config.aside.start_holdout(
            surface,
            body.key,
            share=body.share,
            ends_at=body.ends_at,
            owner=body.owner,
            layers=tuple(body.layers),
            owners=tuple(body.owners),
            unit=body.unit,
            edit=_edit(config, body, actor),
        )

    @routes.post(f"{base}/holdouts/{{key}}/renew", summary="Renew a holdout", responses=answers(_CHANGE, *_CODES))
    def renew_holdout(surface: Surface, key: Key, body: RenewBody, actor: Actor) -> Document:
        return config.aside.renew_holdout(surface, key, ends_at=body.ends_at, edit=_edit(config, body, actor))

    @routes.post(f"{base}/holdouts/{{key}}/release", summary="Release a holdout", responses=answers(_CHANGE, *_CODES))
    def release_holdout(surface: Surface, key: Key, body: EditBody, actor: Actor) -> Document:
        return config.aside.release_holdout(surface, key, _edit(config, body, actor))

    @routes.get(f"{base}/domains", summary="List domains", responses=answers(listed("domains", _DOMAIN), 404))
    def list_domains(surface: Surface) -> Document:
        return {"domains": config.aside.domains(surface)}

    @routes.post(
        f"{base}/domains",
        status_code=201,
        summary="Reserve a domain",
        responses=answers(_CHANGE, *_CODES, status=201),
    )
    def reserve_domain(surface: Surface, body: DomainBody, actor: Actor) -> Document:
        edit = _edit(config, body, actor)
        return config.aside.reserve_domain(surface, body.key, share=body.share, owner=body.owner, edit=edit)

    @routes.post(f"{base}/domains/{{key}}/release", summary="Release a domain", responses=answers(_CHANGE, *_CODES))
    def release_domain(surface: Surface, key: Key, body: EditBody, actor: Actor) -> Document:
        return config.aside.release_domain(surface, key, _edit(config, body, actor))

    @routes.post(
        "/free-space",
        summary="What a design could draw",
        description="How many units are free for it now, who holds the rest, why and until when. Nothing is stored.",
        responses=answers(_SPACE, 400, 404, 413, 415, 422),
    )
    def query_free_space(body: SpaceBody) -> Document:
        return config.aside.free_space(body.spec)


def _add_boarding(routes: APIRouter, config: _Configuring) -> None:
    @routes.post(
        "/surface-checks",
        summary="Check a surface's file",
        description="A checklist of what it lacks. Nothing is stored.",
        responses=answers(_CHECK, 400, 413, 415, 422),
    )
    def check_surface(body: FileBody) -> Document:
        return config.boarding.check(body.text, source="text")

    @routes.post(
        "/surfaces", status_code=201, summary="Publish a surface", responses=answers(_CHANGE, *_CODES, status=201)
    )
    def add_surface(body: SurfaceBody, actor: Actor) -> Document:
        return config.boarding.add(body.text, source="text", edit=_edit(config, body, actor))


def _edit(config: _Configuring, body: EditBody, actor: str) -> Any:
    return config.edit(
        actor=actor,
        reason=body.reason,
        expected_release=body.expected_release,
        not_before=body.not_before,
        acknowledges=tuple(body.acknowledges),
        dry_run=body.dry_run,
    )
