"""One experiment: where it stands, what was measured, what the launch did, and the buttons that steer it."""

import math

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterpoint.errors import CannotCompute, CounterpointError, DependencyFailure, Forbidden, NotFound
from counterpoint.web.forms import read_form, required
from counterpoint.web.intervals import axis, interval
from counterpoint.web.lifeline import lifeline, machine_seconds
from counterpoint.web.list_page import standing_or_reason
from counterpoint.web.measured_page import ANY_LOOK
from counterpoint.web.plan_view import planned_sources
from counterpoint.web.ports import Control, Document
from counterpoint.web.readings import Role
from counterpoint.web.rendering import render
from counterpoint.web.scale import Scale, scale_for
from counterpoint.web.scorecard import Scorecard, by_any_look, has_other_intervals, read_scorecard
from counterpoint.web.segments import read_segments
from counterpoint.web.sentences import stage_sentence, standing
from counterpoint.web.spec_text import spec_text
from counterpoint.web.visitor import actor_of

_STEERED = {
    "running": ("pause", "hold", "stop", "kill"),
    "paused": ("resume", "hold", "stop", "kill"),
    "held": ("restart", "stop", "archive"),
}
_VERBS = frozenset(verb for verbs in _STEERED.values() for verb in verbs)
_EXPLORATORY = "Secondary: exploratory, not corrected for their number, and no part of the decision"
_MOVING = frozenset({"submitted", "planned", "approved", "applied", "verified", "stopped", "decided"})


async def show_experiment(request: Request) -> Response:
    """Show one experiment whole."""
    control, asked = request.app.state.platform.control, request.query_params
    found = await run_in_threadpool(
        _gather,
        control,
        request.path_params["key"],
        segment=asked.get("segment") or None,
        any_look=asked.get("intervals") == ANY_LOOK,
    )
    return render(request, "experiment.html", found)


async def show_standing(request: Request) -> Response:
    """Show where an experiment stands in one sentence, for its row in the list."""
    control = request.app.state.platform.control
    key = request.path_params["key"]
    experiment = await run_in_threadpool(control.experiment, key)
    card, error = await run_in_threadpool(_results, control, key)
    measured = None if card is None else read_scorecard(card)
    place = "held" if experiment["launch"].get("held") else experiment["state"]
    sentence = standing_or_reason(standing(measured, state=place), error)
    return render(request, "standing.html", {"sentence": sentence})


async def act(request: Request) -> Response:
    """Do to a launch what somebody says, for a reason, and go back to its experiment."""
    fields = await read_form(request)
    name, goal = request.path_params["name"], request.path_params["goal"]
    if goal not in _VERBS:
        raise NotFound("unknown_action", f"there is no action {goal!r}", fix=f"use {', '.join(sorted(_VERBS))}")
    reason = required(fields, "reason", "say why in a few words; the audit log keeps it")
    control = request.app.state.platform.control
    launch = await run_in_threadpool(control.move, name, goal, actor=actor_of(request, fields), reason=reason)
    return RedirectResponse(f"/experiments/{launch['experiment']}", status_code=303)


async def approve(request: Request) -> Response:
    """Record an approval, and go back to the experiment."""
    fields = await read_form(request)
    control = request.app.state.platform.control
    launch = await run_in_threadpool(
        control.approve, request.path_params["name"], by=actor_of(request, fields), note=fields.get("note", "")
    )
    return RedirectResponse(f"/experiments/{launch['experiment']}", status_code=303)


def _gather(control: Control, key: str, *, segment: str | None, any_look: bool) -> Document:
    experiment = control.experiment(key)
    launch, spec = experiment["launch"], experiment["spec"]
    results, error = _results(control, key)
    card = None if results is None else read_scorecard(results)
    both = results is not None and has_other_intervals(results)
    shown = read_scorecard(by_any_look(results)) if results is not None and both and any_look else card
    state, timeline = launch["state"], launch["timeline"]
    place = "held" if launch.get("held") else state
    return {
        "experiment": experiment,
        "state": state,
        "launch": launch,
        "spec": spec,
        "spec_text": spec_text(spec),
        "findings": experiment["findings"],
        "stage": stage_sentence(experiment, spec) if spec else "",
        "said": standing(card, state=place, decision=launch["decision"]),
        "card": card,
        "shown": shown,
        "both_intervals": both,
        "intervals": ANY_LOOK if both and any_look else "",
        "segment": segment,
        "by_segment": None if segment is None or shown is None else _by_segment(control, key, segment, shown),
        "has_statistics": hasattr(control, "statistics") and bool(launch.get("started_at")),
        "planned": planned_sources(experiment),
        "results": results,
        "no_results": error,
        "chart": None if shown is None else _chart(shown),
        "actions": _STEERED.get(place, ()),
        "needs_approval": state == "validated",
        "moving": place in _MOVING,
        "lifeline": Markup(lifeline(timeline)),  # noqa: S704 - drawn by a pure function that escapes
        "machine_seconds": machine_seconds(timeline),
        "went_live": any(entry["state"] == "running" for entry in timeline),
        "simulated": experiment["simulated"],
    }


def _by_segment(control: Control, key: str, segment: str, card: Scorecard) -> Document:
    """Return the table by segment with its drawings; what refuses it is said in its place."""
    try:
        found = read_segments(control.results(key, segment=segment), segment, card.letters)
    except (CannotCompute, DependencyFailure, Forbidden, NotFound) as error:
        return {"refused": error.as_document()}
    rows = [row.shown for metric in found.rows.values() for row in metric.rows if row.shown is not None]
    reaches = [max(abs(figure.lower), abs(figure.upper)) for figure in rows]
    # Where no interval has both ends there is no reach of their own to draw them on.
    scale = scale_for(reaches) if any(map(math.isfinite, reaches)) else _scale(card)
    drawn = {
        name: [(row, Markup(interval(row, scale))) for row in metric.rows]  # noqa: S704 - likewise
        for name, metric in found.rows.items()
    }
    return {"refused": None, "found": found, "rows": drawn, "axis": Markup(axis(scale)) if rows else ""}  # noqa: S704 - likewise


def _results(control: Control, key: str) -> tuple[Document | None, CounterpointError | None]:
    # An experiment without figures still has a page; what is at fault with Counterpoint itself goes up.
    try:
        return control.results(key), None
    except (CannotCompute, DependencyFailure, NotFound) as error:
        return None, error


def _chart(card: Scorecard) -> Document:
    scale = _scale(card)
    groups = [
        {
            "title": title,
            "metrics": [
                {
                    "metric": metric,
                    "rows": [(row, Markup(interval(row, scale))) for row in metric.rows],  # noqa: S704 - likewise
                }
                for metric in card.of_role(role)
            ],
        }
        for role, title in ((Role.PRIMARY, "Primary"), (Role.SECONDARY, _EXPLORATORY), (Role.GUARDRAIL, "Guardrails"))
    ]
    drawn = any(row.shown for metric in card.metrics for row in metric.rows)
    return {"axis": Markup(axis(scale)) if drawn else "", "groups": [group for group in groups if group["metrics"]]}  # noqa: S704 - likewise


def _scale(card: Scorecard) -> Scale:
    shown = [(metric.role, row.shown) for metric in card.metrics for row in metric.rows if row.shown is not None]
    extents = [max(abs(figure.lower), abs(figure.upper)) for _, figure in shown]
    primary = [max(abs(f.lower), abs(f.upper)) for role, f in shown if role is Role.PRIMARY]
    return scale_for(extents, at_least=primary)
