"""The routes that read what the control plane keeps: surfaces, experiments, results, releases, the audit log."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from counterpoint.api import examples
from counterpoint.api.answers import answers, listed
from counterpoint.api.ports import Control, Document

Surface = Annotated[str, Query(description="Key of the surface.", max_length=256)]
ExperimentKey = Annotated[str, Path(description="Key of the experiment.", max_length=256)]
_SURFACE = {
    "key": "home",
    "description": "The first page of the app.",
    "unit": "user_id",
    "parameters": {},
    "metrics": {},
}
_AUDITED = {"at": "2026-11-22T09:30:03Z", "actor": "maria@example.org"}


def record_routes(control: Control) -> APIRouter:
    """Return the routes that read from `control`."""
    routes = APIRouter(prefix="/v1", tags=["records"])

    @routes.get(
        "/surfaces/{surface}",
        summary="Read a surface",
        description="What an experiment may change on it (parameters, with the baseline as it is now), whom it can be "
        "shown to (attributes), and what is measured there (metrics).",
        responses=answers(_SURFACE, 404),
    )
    def read_surface(surface: Annotated[str, Path(max_length=256)]) -> Document:
        return control.surface(surface)

    @routes.get(
        "/experiments", summary="List experiments", responses=answers(listed("experiments", examples.EXPERIMENT), 404)
    )
    def list_experiments(surface: Annotated[str | None, Query(description="Only of this surface.")] = None) -> Document:
        return {"experiments": control.experiments(surface)}

    @routes.get("/experiments/{key}", summary="Read an experiment", responses=answers(examples.EXPERIMENT, 404))
    def read_experiment(key: ExperimentKey) -> Document:
        return control.experiment(key)

    @routes.get(
        "/experiments/{key}/results",
        summary="Read the scorecard of an experiment",
        description="Sample ratio, units per variant, and the effect on every metric with its intervals. A figure that "
        "the data do not determine is missing with its reason, never a plausible number. `summary` says it in words, "
        "each sentence with the paths of the figures that it states; `expected` is the effect shrunk by what past "
        "experiments found on the metric.",
        responses=answers(examples.RESULTS, 403, 404, 422, 503),
    )
    def read_results(
        key: ExperimentKey,
        segment: Annotated[
            str | None,
            Query(description="Attribute to read the metrics by, too; no part of any decision.", max_length=256),
        ] = None,
    ) -> Document:
        return control.results(key) if segment is None else control.results(key, segment=segment)

    @routes.get(
        "/past",
        summary="Search past experiments",
        description="Those nearest to the words, with what they found and why they were chosen; and, when a surface "
        "and a metric are named, the effects that the metric usually shows.",
        responses=answers(examples.PAST, 400, 404, 422),
    )
    def search_past(
        words: Annotated[str, Query(description="Words of a hypothesis.", max_length=2_000)] = "",
        surface: Annotated[str | None, Query(description="Only of this surface.", max_length=256)] = None,
        metric: Annotated[str | None, Query(description="Only with this primary metric.", max_length=256)] = None,
        limit: Annotated[int, Query(description="At most so many, 1 to 100.")] = 10,
    ) -> Document:
        return control.search_past(words, surface=surface, metric=metric, limit=limit)

    @routes.get("/releases", summary="List releases", responses=answers(listed("releases", examples.RELEASE), 404, 422))
    def list_releases(surface: Surface) -> Document:
        return {"releases": control.releases(surface)}

    @routes.get("/audit", summary="Read the audit log", responses=answers(listed("entries", _AUDITED), 404, 422))
    def read_audit(surface: Surface) -> Document:
        return {"entries": control.audit(surface)}

    return routes
