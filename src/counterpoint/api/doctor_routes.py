"""The routes of the doctor: what contradicts what, and a person's yes or no to what would end it."""

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from counterpoint.api.actor import actor_of
from counterpoint.api.answers import answers, listed
from counterpoint.api.ports import Document

_DIAGNOSIS: dict[str, Any] = {
    "id": "5b1c9e0d7a42",
    "surface": "home",
    "subject": "rules/winter-sale",
    "code": "rule_never_matched",
    "severity": "warning",
    "message": "none of the last 2,000 requests matches the rule 'winter-sale', country == \"AQ\"",
    "remedy": {"kind": "rule_removal", "rule": "winter-sale"},
    "change": [],
    "standing": "open",
    "found_at": "2026-11-22T09:30:03Z",
    "seen_at": "2026-11-22T10:30:03Z",
    "said": None,
}
Name = Annotated[str, Path(description="Id of the diagnosis.", max_length=64)]


class Yes(BaseModel):
    """A person's yes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the sale is over"}]})
    reason: str = Field(default="", max_length=4_000, description="A word to go with it.")


class No(BaseModel):
    """A person's no."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the sale begins soon"}]})
    reason: str = Field(min_length=1, max_length=4_000, description="Why it is left as it is; the audit log keeps it.")


class Doctor(Protocol):
    """What the routes ask of the doctor; every method may block."""

    def examine(self, surface: str) -> list[Document]:
        """Look now, and return what stands."""
        ...

    def diagnoses(self, surface: str | None = None, *, cured: bool = False) -> list[Document]:
        """Return what is known."""
        ...

    def accept(self, name: str, *, by: str, reason: str = "") -> Document:
        """Carry out what is proposed."""
        ...

    def dismiss(self, name: str, *, by: str, reason: str) -> Document:
        """Leave it as it is."""
        ...


class Platform(Protocol):
    """A platform with a doctor."""

    @property
    def doctor(self) -> Doctor:
        """Finds contradictions."""
        ...


def doctor_routes(platform: Any) -> APIRouter:
    """Return the routes of `platform.doctor`."""
    routes = APIRouter(prefix="/v1", tags=["doctor"])
    doctors: Platform = platform

    @routes.get(
        "/diagnoses",
        summary="List contradictions between configuration and data",
        description="Found by an hourly audit. `remedy` is what would end it, and `change` what that would alter in "
        "the configuration; nothing is changed before a person accepts it.",
        responses=answers(listed("diagnoses", _DIAGNOSIS), 404, 422),
    )
    def list_diagnoses(
        surface: Annotated[str | None, Query(description="Only of this surface.", max_length=256)] = None,
        cured: Annotated[bool, Query(description="Those that are over, too.")] = False,
    ) -> Document:
        return {"diagnoses": doctors.doctor.diagnoses(surface, cured=cured)}

    @routes.post(
        "/surfaces/{surface}/examinations",
        summary="Look for contradictions now",
        responses=answers(listed("diagnoses", _DIAGNOSIS), 404),
    )
    def examine_surface(surface: Annotated[str, Path(max_length=256)]) -> Document:
        return {"diagnoses": doctors.doctor.examine(surface)}

    @routes.post(
        "/diagnoses/{name}/acceptance",
        summary="Carry out what a diagnosis proposes",
        description="In the name of the person who says so; an agent cannot.",
        responses=answers(_DIAGNOSIS, 403, 404, 409, 422),
    )
    def accept_diagnosis(name: Name, said: Yes, actor: Annotated[str, Depends(actor_of)]) -> Document:
        return doctors.doctor.accept(name, by=actor, reason=said.reason)

    @routes.post(
        "/diagnoses/{name}/dismissal",
        summary="Leave a contradiction as it is",
        responses=answers(_DIAGNOSIS, 400, 403, 404, 409, 422),
    )
    def dismiss_diagnosis(name: Name, said: No, actor: Annotated[str, Depends(actor_of)]) -> Document:
        return doctors.doctor.dismiss(name, by=actor, reason=said.reason)

    return routes
