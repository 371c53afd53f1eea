"""The surface as a listener sees it, one variant or two side by side, and the parameters behind it."""

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from counterpoint.errors import InvalidInput, NotFound
from counterpoint.web.ports import Document, Platform
from counterpoint.web.rendering import render, wants_part
from counterpoint.web.side_by_side import differences

_LIVE = frozenset({"running"})
_UNDER_WAY = frozenset({"running", "paused", "shipping"})
_SEPARATOR = ":"
_MAX_ID = 256
_N_RELEASES = 10
"""How many releases the page shows; the command line shows them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to look at the page.

    Attributes:
        value: What the address says; empty for the page as it is assigned.
        label: What a person reads.
        forced: Experiment -> variant; empty for the page as it is assigned.
    """

    value: str
    label: str
    forced: dict[str, str]


AS_ASSIGNED = View(value="", label="As assigned", forced={})


async def show_surface(request: Request) -> Response:
    """Show the page of one listener under one view, beside another when asked."""
    platform: Platform = request.app.state.platform
    surface = request.path_params["surface"]
    about = await run_in_threadpool(platform.control.surface, surface)
    listeners = await run_in_threadpool(platform.control.listeners, surface)
    experiments = await run_in_threadpool(platform.control.experiments, surface)
    views = _views(experiments)
    query = request.query_params
    listener = _listener(listeners, query.get("listener"))
    seen = _view(views, query.get("view", ""))
    beside = _view(views, query["beside"]) if query.get("beside") not in (None, "none") else None
    pages: list[Document] = [
        {"view": view, "page": await _page(platform, surface, listener, view)}
        for view in (seen, beside)
        if view is not None
    ]
    found = differences(pages[0]["page"], pages[1]["page"]) if len(pages) == 2 else ()
    context: dict[str, Any] = {
        "surface": surface,
        "about": about,
        "listeners": listeners,
        "listener": listener,
        "views": views,
        "seen": seen,
        "beside": beside,
        "pages": pages,
        "differences": found,
        "marks": {difference.shelf: difference.mark for difference in found if difference.shelf},
        "simulated": any(str(each["unit"]).startswith("sim-") for each in listeners),
    }
    return render(request, "surface_part.html" if wants_part(request) else "surface.html", context)


async def show_config(request: Request) -> Response:
    """Show every parameter of a surface with its baseline, and what is about to change it."""
    platform = request.app.state.platform
    surface = request.path_params["surface"]
    about = await run_in_threadpool(platform.control.surface, surface)
    context: dict[str, Any] = {
        "surface": surface,
        "about": about,
        "layers": _layers(about),
        "rules": about.get("rules", ()),
        "tried": _tried(await run_in_threadpool(platform.control.experiments, surface)),
        "rollouts": (),
        "waiting": (),
        "releases": (),
    }
    if hasattr(platform, "configuring"):
        shown = await run_in_threadpool(platform.configuring.show, surface)
        releases = await run_in_threadpool(platform.configuring.history, surface, limit=_N_RELEASES)
        context |= {"rollouts": shown["rollouts"], "waiting": shown["waiting"], "releases": releases}
    return render(request, "config.html", context)


async def _page(platform: Platform, surface: str, listener: Document, view: View) -> Document:
    # Whoever looks with a listener's eyes must not expose that listener; and every view is asked for under one request
    # id, which settles what is left to chance, so that two views differ by their variant alone.
    return await platform.delivery.page(
        surface,
        listener["unit"],
        listener["context"],
        forced=view.forced,
        request_id=f"look-{listener['unit']}"[:_MAX_ID],
        counted=False,
    )


def _views(experiments: list[Document]) -> list[View]:
    live = [experiment for experiment in experiments if experiment["state"] in _LIVE]
    views = [AS_ASSIGNED]
    for experiment in live:
        for variant in experiment["variants"]:
            key = variant["key"]
            views.append(
                View(
                    value=f"{experiment['key']}{_SEPARATOR}{key}",
                    label=key if len(live) == 1 else f"{experiment['key']}: {key}",
                    forced={experiment["key"]: key},
                )
            )
    return views


def _view(views: list[View], value: str) -> View:
    found = next((view for view in views if view.value == value), None)
    if found is None:
        raise InvalidInput(
            "unknown_view",
            f"no running experiment has {value!r}",
            where="view",
            fix="choose one of the variants on the page",
        )
    return found


def _listener(listeners: list[Document], unit: str | None) -> Document:
    if not listeners:
        raise NotFound(
            "no_listeners", "this surface has no sample listeners", fix="load a catalogue with listeners first"
        )
    found = listeners[0] if unit is None else next((each for each in listeners if each["unit"] == unit), None)
    if found is None:
        raise NotFound(
            "unknown_listener", f"there is no sample listener {unit!r}", fix="choose one of those on the page"
        )
    return found


def _tried(experiments: list[Document]) -> dict[str, list[str]]:
    """Return which live experiments set each parameter, so that nobody changes a value under one unawares."""
    tried: dict[str, list[str]] = {}
    for experiment in experiments:
        if experiment["state"] in _UNDER_WAY:
            for key in sorted({key for variant in experiment["variants"] for key in variant["set"]}):
                tried.setdefault(key, []).append(experiment["key"])
    return tried


def _layers(about: Document) -> dict[str, list[Document]]:
    layers: dict[str, list[Document]] = {}
    for key, parameter in about["parameters"].items():
        entry = parameter | {"key": key, "bounds": _bounds(parameter)}
        layers.setdefault(parameter["layer"], []).append(entry)
    return layers


def _bounds(parameter: Document) -> str:
    if parameter.get("values"):
        return ", ".join(str(each) for each in parameter["values"])
    lower, upper = parameter.get("min"), parameter.get("max")
    if lower is None and upper is None:
        return "on or off" if parameter.get("type") == "bool" else "any"
    ends = [f"{end:g}" if end is not None else "no bound" for end in (lower, upper)]
    return f"{ends[0]} to {ends[1]} {parameter.get('unit') or ''}".strip()
