"""The page of what is live where: which backend holds what, what drifted, and the forms of what to do about it."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterpoint.errors import NotFound
from counterpoint.web.forms import read_form, required
from counterpoint.web.rendering import render
from counterpoint.web.visitor import actor_of

_TONES = {"in step": "good", "drifted": "bad", "not answering": "wait"}
_VERBS = {"reapplication": "reapply", "adoption": "adopt"}


async def show_live(request: Request) -> Response:
    """Draw every surface's baseline and live experiments with what each backend holds of them."""
    platform = request.app.state.platform
    document = await run_in_threadpool(platform.live.document)
    # One form for each backend and surface: what is put back or adopted is all that was changed there.
    places: dict[tuple[str, str], list[Any]] = {}
    for finding in document["findings"]:
        if finding["code"] == "drifted" and finding["experiment"] is None:
            places.setdefault((finding["backend"], finding["surface"]), []).append(finding)
    others = [each for each in document["findings"] if (each["backend"], each["surface"]) not in places]
    held = [
        row["standing"]
        for surface in document["surfaces"].values()
        for row in (*surface["baseline"], *(row for each in surface["experiments"] for row in each["backends"]))
    ]
    context = {"live": document, "places": places, "others": others, "tones": _TONES}
    return render(request, "live.html", {**context, "n_unseen": held.count("not checked yet")})


async def check_live(request: Request) -> Response:
    """Look at every backend now, and go back to the page."""
    await read_form(request)
    await run_in_threadpool(request.app.state.platform.drift.check)
    return RedirectResponse("/live", status_code=303)


async def answer_drift(request: Request) -> Response:
    """Put back or adopt what was changed in one backend, and go back to the page."""
    fields = await read_form(request)
    backend, answer = request.path_params["backend"], request.path_params["answer"]
    if answer not in _VERBS:
        raise NotFound("no_such_page", "there is no such answer", where=answer, fix="put it back or adopt it")
    decide = getattr(request.app.state.platform.drift, _VERBS[answer])
    reason = required(fields, "reason", "say why in a few words")
    surface = required(fields, "surface", "go back to the page and choose again")
    await run_in_threadpool(decide, backend, surface=surface, actor=actor_of(request, fields), reason=reason)
    return RedirectResponse("/live", status_code=303)
