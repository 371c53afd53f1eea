"""The holdouts of a surface: where each stands, what its owner should do, and what was read of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from counterpoint.web.ports import Document
from counterpoint.web.rendering import render

_A_QUARTER = timedelta(days=91)
PHASES = {
    "running": "runs",
    "due": "ends soon",
    "expired": "has ended: blocks launches",
    "read": "was read",
}
VERDICTS = {
    "better": "better",
    "worse": "worse",
    "mixed": "better for some metrics, worse for others",
    "no_difference_shown": "no difference shown",
    "not_known": "not known",
    "not_trusted": "not trusted",
}


async def show_holdouts(request: Request) -> Response:
    """Show the holdouts of one surface, and every read-out that was taken on it."""
    platform: Any = request.app.state.platform
    surface = request.path_params["surface"]
    aside = platform.configuring.aside
    holdouts = await run_in_threadpool(aside.holdouts, surface)
    readouts = await run_in_threadpool(aside.holdout_readouts, surface)
    context: dict[str, Any] = {
        "surface": surface,
        "holdouts": holdouts,
        "readouts": [_readout(each) for each in readouts],
        "phases": PHASES,
        "verdicts": VERDICTS,
        "until": (datetime.now(UTC) + _A_QUARTER).date().isoformat(),
    }
    return render(request, "holdouts.html", context)


def _readout(taken: Document) -> Document:
    """Return a read-out with its metrics parted into those that were found and those that were not, with why."""
    rows = taken["readout"]["metrics"]
    return {
        **taken,
        "found": [row for row in rows if row["reason"] is None],
        "missing": [row for row in rows if row["reason"] is not None],
    }
