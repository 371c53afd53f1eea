"""An HTTP client that reads no more of a reply than a plan could ever need."""

from collections.abc import AsyncIterator

import httpx2

MOST_BYTES = 1_000_000
"""Longest reply that is read; an endless one must not fill the memory before its time is up."""


class ReplyTooLong(httpx2.ReadError):
    """The reply is longer than any plan."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        n_read = 0
        async for chunk in self._stream:
            n_read += len(chunk)
            if n_read > self._most:
                raise ReplyTooLong(f"the reply is longer than {self._most:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: httpx2.Response) -> None:
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream, MOST_BYTES)


def bounded_client(connect_s: float) -> httpx2.AsyncClient:
    """Return a client that follows no redirect, so that no key travels to an address that nobody has set.

    Args:
        connect_s: Seconds until a connection must stand; the time for a whole reply is bounded by who asks.
    """
    return httpx2.AsyncClient(
        follow_redirects=False,
        timeout=httpx2.Timeout(None, connect=connect_s),
        event_hooks={"response": [_bound]},
    )
