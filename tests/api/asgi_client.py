"""A synchronous client of an ASGI application in this process (starlette's own asks for a package we do not have)."""

import asyncio
from typing import Any

import httpx


class AsgiClient:
    """Sends requests to `app` without a socket."""

    def __init__(self, app: Any, *, raise_server_exceptions: bool = False) -> None:
        self._app = app
        self._raise = raise_server_exceptions

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=self._raise)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)
