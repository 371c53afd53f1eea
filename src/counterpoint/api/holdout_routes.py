"""The routes of a holdout's life: its power before it starts, its read-out, taken once, and its history."""

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime

from counterpoint.api import examples
from counterpoint.api.actor import actor_of
from counterpoint.api.answers import answers, listed
from counterpoint.api.config_bodies import EditBody
from counterpoint.api.ports import Document

_METRIC = {
    "metric": "listening_minutes_7d",
    "n_status_quo": 51_204,
    "n_shipped_only": 51_311,
    "estimate": 1.4,
    "relative_effect": 0.021,
    "ci_lower": 0.6,
    "ci_upper": 2.2,
    "verdict": "better",
    "reason": None,
}
_TAKEN = {"at": "2027-01-04T09:00:00+00:00", "by": "data@example.org", "digest": "5b1c9e0d7a42f318"}
_READOUT = {
    "holdout": "q4",
    "ended": True,
    "metrics": [_METRIC],
    "verdict": "better",
    "sentence": "All shipped changes together moved listening_minutes_7d +2.10% (better).",
}
_READ = {
    "key": "q4",
    "phase": "read",
    "readout": _READOUT,
    "taken": _TAKEN,
}
_POWER = {
    "known": True,
    "days": 90,
    "share": 0.05,
    "metrics": [{"metric": "listening_minutes_7d", "n_units": 102_000, "detectable": 0.011, "reason": None}],
    "sentence": "In 90 days it would show a cumulative effect of 1.10% on listening_minutes_7d, with 80% power.",
}
Surface = Annotated[str, Path(max_length=256)]
Key = Annotated[str, Path(max_length=256)]


class _Aside(Protocol):
    """Holdouts. Every method may block, and raises only `counterpoint.errors`."""

    def holdout_power(self, surface: str, **asked: Any) -> Document: ...

    def read_holdout(self, surface: str, key: str, edit: Any) -> Document: ...

    def holdout_readouts(self, surface: str) -> list[Document]: ...

    def holdout_history(self, surface: str, key: str) -> list[Document]: ...


def holdout_routes(platform: Any) -> APIRouter:
    """Return the routes; none when `platform` has no control plane for them."""
    routes = APIRouter(prefix="/v1/surfaces/{surface}", tags=["config"])
    configuring = getattr(platform, "configuring", None)
    if configuring is not None:
        _add(routes, configuring, configuring.aside)
    return routes


def _add(routes: APIRouter, config: Any, aside: _Aside) -> None:
    @routes.get(
        "/holdout-power",
        summary="What a holdout would show",
        description="The smallest cumulative effect that a holdout of this share would show by its end, metric by "
        "metric, from recorded traffic. Nothing is started.",
        responses=answers(_POWER, 400, 404, 422),
    )
    def holdout_power(
        surface: Surface,
        share: Annotated[float, Query(gt=0, le=0.5, description="Of the units, in each of its two halves.")],
        ends_at: Annotated[AwareDatetime, Query()],
        unit: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Document:
        return aside.holdout_power(surface, share=share, ends_at=ends_at, unit=unit)

    @routes.post(
        "/holdouts/{key}/read",
        summary="Take a holdout's read-out",
        description="Once, after its end, and for good: late records change nothing of it, and from then on the "
        "holdout blocks no launch. A second call answers the first one's.",
        responses=answers(_READ, 400, 403, 404, 409, 415, 422),
    )
    def take_readout(surface: Surface, key: Key, body: EditBody, actor: Annotated[str, Depends(actor_of)]) -> Document:
        edit = config.edit(
            actor=actor, reason=body.reason, expected_release=body.expected_release, dry_run=body.dry_run
        )
        return aside.read_holdout(surface, key, edit)

    @routes.get(
        "/holdout-readouts",
        summary="Read-outs that were taken",
        description="The newest first; those of released holdouts too.",
        responses=answers(listed("readouts", {**_TAKEN, "readout": _READOUT}), 404),
    )
    def list_readouts(surface: Surface) -> Document:
        return {"readouts": aside.holdout_readouts(surface)}

    @routes.get(
        "/holdouts/{key}/history",
        summary="Who did what to a holdout",
        responses=answers(listed("releases", examples.RELEASE), 404),
    )
    def holdout_history(surface: Surface, key: Key) -> Document:
        return {"releases": aside.holdout_history(surface, key)}
