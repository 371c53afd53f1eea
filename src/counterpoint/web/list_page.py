"""The list of experiments, and above it the form in which a hypothesis is written, read and launched."""

import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterpoint.errors import CounterpointError, InvalidInput
from counterpoint.web.forms import read_form, required
from counterpoint.web.plan_view import read_plan
from counterpoint.web.ports import Document
from counterpoint.web.rendering import render, wants_part
from counterpoint.web.sentences import Sentence, standing, summary
from counterpoint.web.visitor import actor_of

_ENDED = frozenset({"shipped", "rolled_back", "refused", "failed", "archived"})
_LAUNCH_WAIT_S = 10.0
_WRITE = "write what should change, for whom, and which metric should move"


async def show_list(request: Request) -> Response:
    """Show all experiments; where those that run stand is fetched row by row, so the list never waits for figures."""
    listed = await _rows(request)
    empty = {"hypothesis": "", "planned": None, "owner": "", "surface": None}
    return render(request, "list.html", {"experiments": listed, **empty})


async def plan_hypothesis(request: Request) -> Response:
    """Show how a hypothesis was read: the source of each field, the spec, the findings. Nothing is stored."""
    fields = await read_form(request)
    hypothesis = required(fields, "hypothesis", _WRITE)
    platform = request.app.state.platform
    surface = fields.get("surface") or platform.delivery.surfaces()[0]
    owner = fields.get("owner") or "unowned"
    planned = await run_in_threadpool(platform.control.plan, hypothesis, surface=surface, owner=owner)
    context = {"hypothesis": hypothesis, "planned": read_plan(planned), "owner": owner, "surface": surface}
    if wants_part(request):
        return render(request, "plan.html", context)
    return render(request, "list.html", {"experiments": await _rows(request), **context})


async def launch_hypothesis(request: Request) -> Response:
    """Launch the spec that was shown, with the plan it was made from, and go to its experiment."""
    fields = await read_form(request)
    platform = request.app.state.platform
    launch = await run_in_threadpool(
        platform.control.submit,
        surface=required(fields, "surface", "name the surface"),
        author=actor_of(request, fields),
        spec=_document(fields, "spec"),
        plan=_document(fields, "plan"),
        wait_s=_LAUNCH_WAIT_S,
    )
    address = f"/experiments/{launch['experiment']}"
    if wants_part(request):
        return Response(headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=303)


def _document(fields: dict[str, str], name: str) -> Document:
    try:
        document = json.loads(required(fields, name, "have the hypothesis read first"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("bad_form", "this is not JSON", where=name, fix="have the hypothesis read again") from error
    if not isinstance(document, dict):
        raise InvalidInput("bad_form", "this is not a document", where=name, fix="have the hypothesis read again")
    return document


async def _rows(request: Request) -> list[Document]:
    experiments = await run_in_threadpool(request.app.state.platform.control.experiments, None)
    return [experiment | {"sentence": _sentence(experiment)} for experiment in experiments]


def _sentence(experiment: Document) -> Sentence | None:
    """Return where an experiment stands as far as its state alone tells; None when its figures have to."""
    said = standing(None, state=experiment["state"])
    return summary(said) if said and experiment["state"] in _ENDED else None


def standing_or_reason(said: tuple[Sentence, ...], error: CounterpointError | None) -> Sentence:
    """Return the one sentence that a row of the list has room for; what its state says comes before what is missing."""
    if error is not None and not said:
        return Sentence(
            lead="", text=f"No figures yet: {error.what}.", brief=f"no figures yet: {error.what}", tone="open"
        )
    return (
        summary(said)
        if said
        else Sentence(lead="", text="Nothing was measured yet.", brief="nothing was measured yet", tone="open")
    )
