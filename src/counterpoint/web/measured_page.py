"""Parts of an experiment's page that take longer to read than the page: its course, novelty, interactions, power."""

from typing import Any

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from counterpoint.errors import NotFound
from counterpoint.web.course import day_text, read_course
from counterpoint.web.course_chart import course_svg
from counterpoint.web.plot import NARROW, WIDE
from counterpoint.web.ports import Document
from counterpoint.web.reach_chart import reach_sentences, reach_svg
from counterpoint.web.rendering import render, wants_part
from counterpoint.web.scorecard import LETTERS

ANY_LOOK = "any"


async def show_course(request: Request) -> Response:
    """Draw the primary metric at every look so far, and what can still be detected."""
    key, control = request.path_params["key"], request.app.state.platform.control
    document = await run_in_threadpool(_statistics(control).course, key)
    experiment = await run_in_threadpool(control.experiment, key)
    any_look = request.query_params.get("intervals") == ANY_LOOK
    course = read_course(document, _letters(experiment), any_look=any_look, ended=_ended(experiment))
    by_slot = {look.slot: look for look in course.looks}
    return _part(
        request,
        "course",
        key,
        {
            "course": course,
            "longest": max((look.said for look in course.looks), key=len, default=""),
            "slots": [by_slot.get(slot) for slot in range(1, course.days + 1)],
            "wide": _drawn(course_svg(course, WIDE)),
            "narrow": _drawn(course_svg(course, NARROW)),
            "reach": _drawn(reach_svg(document)),
            "reach_said": reach_sentences(document),
            "reach_days": [{**each, "day": day_text(each["day"])} for each in document["detectable"]["by_day"]],
            "day_text": day_text,
        },
    )


async def show_novelty(request: Request) -> Response:
    """Show whether the effect wears off with the days since a unit's first exposure."""
    key, control = request.path_params["key"], request.app.state.platform.control
    document = await run_in_threadpool(_statistics(control).novelty, key)
    letters = _letters(await run_in_threadpool(control.experiment, key))
    return _part(request, "novelty", key, {"novelty": document, "letters": letters})


async def show_interactions(request: Request) -> Response:
    """Show which other experiments of the surface share units with this one, and whether they disturb it."""
    key, control = request.path_params["key"], request.app.state.platform.control
    experiment = await run_in_threadpool(control.experiment, key)
    document = await run_in_threadpool(_statistics(control).interactions, experiment["surface"])
    own = [pair for pair in document["pairs"] if experiment["key"] in pair["experiments"]]
    return _part(request, "interactions", key, {"interactions": document, "pairs": own, "own": experiment["key"]})


async def show_power(request: Request) -> Response:
    """Show when this design would be ready on the traffic recorded by now."""
    key, control = request.path_params["key"], request.app.state.platform.control
    experiment = await run_in_threadpool(control.experiment, key)
    spec = experiment["spec"]
    if not spec or spec["metrics"]["primary"]["mde"] is None:
        raise NotFound(
            "no_mde", "the design names no relative change to find", where=key, fix="ask `counterpoint power` with one"
        )
    document = await run_in_threadpool(_power, _statistics(control), spec)
    drawing = _drawn(document["svg"]) if document.get("svg") else ""
    return _part(request, "power", key, {"power": document, "drawing": drawing})


def _power(statistics: Any, spec: Document) -> Document:
    primary, analysis = spec["metrics"]["primary"], spec["analysis"]
    found: Document = statistics.power(
        spec["surface"],
        draw=True,
        metric=primary["metric"],
        audience=spec["audience"],
        effect=primary["mde"],
        allocation=spec["allocation"],
        weights=tuple(float(variant["weight"]) for variant in spec["variants"]),
        n_guardrails=len(spec["metrics"]["guardrails"]),
        alpha=analysis["alpha"],
        power=analysis["power"],
        test=analysis["test"],
        cuped=analysis["variance_reduction"] == "cuped",
    )
    return found


def _statistics(control: Any) -> Any:
    found = getattr(control, "statistics", None)
    if found is None:
        raise NotFound("no_statistics", "this platform computes no statistics beside the scorecard")
    return found


def _ended(experiment: Document) -> bool:
    launch = experiment["launch"]
    return launch.get("decision") is not None or launch.get("ended_at") is not None


def _letters(experiment: Document) -> dict[str, str]:
    treatments = [variant["key"] for variant in experiment["variants"]][1:]
    return {key: LETTERS[n % len(LETTERS)] for n, key in enumerate(treatments)}


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - drawn by pure functions that escape what they are given


def _part(request: Request, name: str, key: str, context: Document) -> Response:
    """Return the part alone where htmx puts it into the page, else as a page of its own."""
    whole = {"key": key, "part": f"measured/{name}.html", **context}
    return render(request, whole["part"] if wants_part(request) else "measured/page.html", whole)
