"""Templates and what they may call: how a page becomes a response."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from counterpoint.delivery import PAGED
from counterpoint.web import numbers
from counterpoint.web.artwork import artwork
from counterpoint.web.visitor import visitor

# Everything is served from here; forms go here; nobody may frame the pages.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "HX-Request",
}


def render(request: Request, template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
    """Return a page, or the part of it that htmx asked for."""
    surfaces = request.app.state.platform.delivery.surfaces()
    text = (
        _environment()
        .get_template(template)
        .render({"path": request.url.path, "surfaces": surfaces, "paged": PAGED, "me": visitor(request), **context})
    )
    return HTMLResponse(text, status_code=status, headers=_HEADERS)


def wants_part(request: Request) -> bool:
    """Return whether htmx asks for a part to swap in, not for a whole page."""
    headers: Mapping[str, str] = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("counterpoint.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=numbers.percent,
        signed_percent=numbers.signed_percent,
        whole=numbers.whole,
        duration=numbers.duration,
        moment=numbers.moment,
        day=numbers.day,
        value=numbers.value,
        p_value=numbers.p_value,
        words=_words,
        upfirst=lambda text: text[:1].upper() + text[1:],
    )
    environment.globals["span"] = numbers.span
    # Drawn by pure functions that escape what they are given.
    environment.globals["artwork"] = lambda item, kind: Markup(artwork(item, kind))  # noqa: S704 - see above
    return environment


def _words(key: str) -> str:
    return key.replace("_", " ").replace("-", " ")
