"""Answers only under the names that this process has, so that no page of another site reaches it through a browser.

A browser lets a page read from the host it came from, and whoever owns that name may point it at any address, this
process's too (DNS rebinding). What gives it away is the name in the Host header.
"""

from collections.abc import Collection
from fnmatch import fnmatchcase
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from counterpoint.api.refusals import refusal
from counterpoint.errors import Forbidden

_MAX_SHOWN = 80


class Hosts:
    """Refuses requests for a host that this process is not, with 421 and the code `host_not_allowed`.

    An address is nobody's to point elsewhere, and so is always allowed; so are `localhost` and what ends in it. A
    process that listens beyond its own machine answers to names without a dot as well (`http://control:8321`): nobody
    outside can own one.

    Args:
        app: What answers otherwise.
        bound: The address or name that the process listens on.
        allowed: Further names, such as `counterpoint.example.org` or `*.example.org`.
    """

    def __init__(self, app: ASGIApp, *, bound: str, allowed: Collection[str] = ()) -> None:
        self._app = app
        self._is_local = _is_local(bound)
        self._allowed = tuple(name.lower() for name in (bound, *allowed))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"host" and not self._answers_to(value.decode("latin-1")):
                    await refusal(_not_allowed(value.decode("latin-1")))(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _answers_to(self, header: str) -> bool:
        name = _name_of(header)
        if _is_local(name) or _is_address(name) or any(fnmatchcase(name, each) for each in self._allowed):
            return True
        return bool(name) and not self._is_local and "." not in name and name.replace("-", "").isalnum()


def _name_of(header: str) -> str:
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].removesuffix(".")


def _is_local(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost") or (_is_address(name) and ip_address(name).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _not_allowed(host: str) -> Forbidden:
    return Forbidden(
        "host_not_allowed",
        f"this process is not {host[:_MAX_SHOWN]!r}",
        where="Host",
        fix="ask it by its address or by localhost, or list the name in its COUNTERPOINT_ALLOWED_HOSTS",
    )
