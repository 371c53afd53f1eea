"""Where launches spend their time: machine steps, backends, and how long they waited for people."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from counterpoint.web.ports import Document
from counterpoint.web.rendering import render

_BAR_FROM = 0.005
"""Shares below this draw no bar: it would be narrower than its border."""


async def show_timings(request: Request) -> Response:
    """Show the report over all launches, or those of one surface."""
    platform: Any = request.app.state.platform
    surface = request.query_params.get("surface") or None
    found = await run_in_threadpool(platform.control.timings, surface)
    context: dict[str, Any] = {
        "surface": surface,
        "timings": found,
        "tables": _tables(found),
        "waits": [row for row in (*found["waiting"].values(), found["approved_to_running"]) if row["n"]],
        "bar_from": _BAR_FROM,
    }
    return render(request, "timings.html", context)


def _tables(found: Document) -> list[Document]:
    tables = ({"head": "Step", "rows": found["steps"]}, {"head": "Backend", "rows": found["backends"]})
    return [table for table in tables if table["rows"]]
