"""What agents want to do: each parked write, what it changes and puts at risk, and the forms of a person's answer."""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterpoint.errors import NotFound
from counterpoint.web.forms import read_form, required
from counterpoint.web.numbers import percent
from counterpoint.web.ports import Document
from counterpoint.web.rendering import render
from counterpoint.web.visitor import actor_of

_OPEN = ("awaiting_approval", "awaiting_confirmation")
_ANSWERS = ("approval", "rejection")
_N_ENDED = 50


async def show_parked(request: Request) -> Response:
    """Draw every write that waits, what waits for a person first, and the last of those that ended."""
    writes = await run_in_threadpool(_agency(request).parking.list)
    waiting = sorted((each for each in writes if each["state"] in _OPEN), key=lambda each: _OPEN.index(each["state"]))
    ended = [each for each in writes if each["state"] not in _OPEN]
    return render(request, "parked.html", {"waiting": waiting, "ended": ended[:_N_ENDED], "n_ended": len(ended)})


async def show_write(request: Request) -> Response:
    """Draw one write: its sentence, edits, risk, findings and history, and the forms of a person's answer."""
    agency, name = _agency(request), request.path_params["write"]
    write = await run_in_threadpool(agency.parking.read, name)
    budget = await run_in_threadpool(agency.budget, write["actor"])
    surface = await run_in_threadpool(request.app.state.platform.control.surface, write["surface"])
    units = {key: metric.get("unit") for key, metric in surface["metrics"].items()}
    context = {"write": write, "risks": _risks(write, budget, units), "is_open": write["state"] in _OPEN}
    return render(request, "parked_write.html", context)


async def answer_write(request: Request) -> Response:
    """Approve or refuse one write in a person's name, and go back to it."""
    fields = await read_form(request)
    parking, name, answer = _agency(request).parking, request.path_params["write"], request.path_params["answer"]
    if answer not in _ANSWERS:
        raise NotFound("no_such_page", "there is no such answer", where=answer, fix="approve or refuse it")
    actor = actor_of(request, fields)
    if answer == "approval":
        await run_in_threadpool(parking.approve, name, by=actor, note=fields.get("reason", ""))
    else:
        reason = required(fields, "reason", "say why; the agent reads it")
        await run_in_threadpool(parking.reject, name, by=actor, reason=reason)
    return RedirectResponse(f"/parked/{name}", status_code=303)


def _agency(request: Request) -> Any:
    return request.app.state.platform.agency


def _risks(write: Document, budget: Document, units: Mapping[str, str | None]) -> list[tuple[str, str, str]]:
    """Return what a launch puts at risk, line by line: what, how much, and what the agent's budget says of it."""
    spec = write["consequence"].get("spec")
    if spec is None:
        return []
    metrics, schedule, stop = spec["metrics"], spec["schedule"], spec.get("stop", {})
    stages = ", then ".join(f"{percent(stage['share'])} for {stage['hours']:g} h" for stage in schedule.get("ramp", ()))
    watched = [f"{each['metric']} ({_margin(each, units)})" for each in metrics.get("guardrails", ())]
    owed = ", ".join(budget["required_guardrails"]) or "at least one"
    blast, declared = write["consequence"]["blast_radius"], spec.get("max_pages_changed")
    pages = (
        "; ".join(f"{arm['variant']} {percent(arm['share_changed'])}" for arm in blast["variants"][1:])
        + f" of {blast['n_pages']:,} pages ({blast['source']})"
        + ("" if declared is None else f"; at most {percent(declared)} declared")
        if blast["known"]
        else f"not known: {blast['reason']['message']}"
    )
    return [
        ("Share of the audience", percent(spec["allocation"]), f"at most {percent(budget['largest_share'])}"),
        ("Audience", spec.get("audience", "true"), ""),
        ("Begins with", stages or "all of it at once", ""),
        ("Runs for", f"{schedule['days']} days", ""),
        ("Guardrails", ", ".join(watched), owed),
        ("On a breach", stop.get("on_guardrail", "stop"), "stop, always"),
        ("On a sample ratio mismatch", stop.get("on_srm", "pause"), "pause or stop, always"),
        ("Pages changed", pages, ""),
        ("Launches of this agent under way", str(budget["n_under_way"]), f"at most {budget['concurrent_launches']}"),
    ]


def _margin(guardrail: Document, units: Mapping[str, str | None]) -> str:
    if guardrail.get("margin") is not None:
        return f"{percent(guardrail['margin'])} worse at most"
    if guardrail.get("margin_abs") is None:
        return "no margin"
    return f"{guardrail['margin_abs']:g} {units.get(guardrail['metric']) or ''}".strip() + " worse at most"
