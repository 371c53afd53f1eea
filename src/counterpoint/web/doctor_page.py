"""The page of the doctor: where configuration and data contradict each other, and what would end it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterpoint.errors import NotFound
from counterpoint.web.forms import read_form, required
from counterpoint.web.rendering import render
from counterpoint.web.visitor import actor_of

_ANSWERS = ("acceptance", "dismissal")


async def show_doctor(request: Request) -> Response:
    """Draw every contradiction that stands, with the forms of its answers."""
    doctor = request.app.state.platform.doctor
    return render(request, "doctor.html", {"diagnoses": await run_in_threadpool(doctor.diagnoses)})


async def answer_diagnosis(request: Request) -> Response:
    """Carry out or dismiss one diagnosis, and go back to the page."""
    fields = await read_form(request)
    doctor, name, answer = request.app.state.platform.doctor, request.path_params["name"], request.path_params["answer"]
    if answer not in _ANSWERS:
        raise NotFound("no_such_page", "there is no such answer", where=answer, fix="accept or dismiss it")
    actor = actor_of(request, fields)
    if answer == "acceptance":
        await run_in_threadpool(doctor.accept, name, by=actor, reason=fields.get("reason", ""))
    else:
        reason = required(fields, "reason", "say why it is left as it is")
        await run_in_threadpool(doctor.dismiss, name, by=actor, reason=reason)
    return RedirectResponse("/doctor", status_code=303)
