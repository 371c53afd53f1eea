"""The holder of flags at an HTTP address that flagd polls: read with its ETag, written only if that still holds."""

from collections.abc import Mapping
from typing import Any

import httpx

from counterpoint.errors import DependencyFailure
from counterpoint.orchestration.backends.calls import ask
from counterpoint.orchestration.backends.flag_document import merged, ours, parsed

_N_ATTEMPTS = 4


class FlagdHttp:
    """A flagd document behind GET and PUT.

    Args:
        client: Carries the authorization, if any, and the time an answer may take.
        prefix: Stands before each parameter in the name of its flag.
    """

    def __init__(self, client: httpx.Client, url: str, *, prefix: str = "") -> None:
        self._client = client
        self._url = url
        self._prefix = prefix

    def read(self, surface: str) -> Mapping[str, Any]:
        """Return our flags of `surface`."""
        document, _ = self._document()
        return ours(document, surface, self._prefix)

    def write(self, surface: str, changes: Mapping[str, Any], *, before: Mapping[str, Any]) -> None:
        """Change our flags; the document is read and written again when somebody else wrote it in between.

        Raises:
            DependencyFailure: code `no_etag`, when the address answers without an ETag; `backend_down`.
        """
        for _ in range(_N_ATTEMPTS):
            document, etag = self._document()
            after = merged(document, surface, self._prefix, changes, before, where=self._url)
            if after["flags"] == document["flags"]:
                return
            condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
            if ask(self._client, "PUT", self._url, body=after, headers=condition, allowed=(412,)).status_code != 412:
                return
        raise DependencyFailure(
            "backend_contended", f"{_N_ATTEMPTS} writes in a row found it changed", where=self._url, fix="try again"
        )

    def _document(self) -> tuple[dict[str, Any], str | None]:
        answer = ask(self._client, "GET", self._url, allowed=(404,))
        if answer.status_code == 404:
            return parsed("", where=self._url), None
        etag = answer.headers.get("ETag")
        if etag is None:
            raise DependencyFailure(
                "no_etag",
                "it answers without an ETag, so writing could undo what others write",
                where=self._url,
                fix="let it send one, or use a file",
            )
        return parsed(answer.text, where=self._url), etag
