"""HTTP calls to backends: one request, its answer, and failures in our words."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from counterpoint.errors import DependencyFailure, Forbidden, InvalidInput, NotFound

_SAID = 300


def ask(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    allowed: tuple[int, ...] = (),
) -> httpx.Response:
    """Return the answer to one request.

    Args:
        body: Sent as JSON unless None.
        allowed: Statuses of 400 and above that the caller deals with.

    Raises:
        DependencyFailure: code `backend_down`, when it does not answer, answers 5xx, or asks to wait (408, 425, 429).
        Forbidden: code `backend_token`, when it does not accept the token.
        NotFound: code `backend_lacks`, at 404.
        InvalidInput: code `backend_refused`, at every other 4xx.
    """
    content = None if body is None else json.dumps(body).encode()
    sent = {"Accept": "application/json", **({} if body is None else {"Content-Type": "application/json"})}
    try:
        answer = client.request(method, url, content=content, headers={**sent, **(headers or {})})
    except httpx.HTTPError as error:
        raise down(url, f"{type(error).__name__}: {error}") from error
    status = answer.status_code
    if status < 300 or status in allowed:
        return answer
    said = answer.text[:_SAID].strip()
    if status >= 500 or status in (408, 425, 429):
        raise down(url, f"it answered {status} {said}")
    if status in (401, 403):
        raise Forbidden(
            "backend_token",
            f"it does not accept our token ({status} {said})",
            where=url,
            fix="check the variable that the backend's `token_env` names, and what the token may do",
        )
    if status == 404:
        raise NotFound("backend_lacks", f"it has no such thing ({said})", where=url, fix="check the backend's options")
    raise InvalidInput("backend_refused", f"it answered {status}: {said}", where=url, fix="check the backend's options")


def parsed_answer(answer: httpx.Response) -> Any:
    """Return the JSON of an answer.

    Raises:
        DependencyFailure: code `backend_unreadable`.
    """
    try:
        return answer.json()
    except ValueError as error:
        raise DependencyFailure(
            "backend_unreadable",
            f"its answer is no JSON ({answer.text[:_SAID]!r})",
            where=str(answer.request.url),
            fix="check the address: a proxy may have answered",
        ) from error


def down(url: str, why: str) -> DependencyFailure:
    """Return the failure of a backend that does not answer as it should."""
    return DependencyFailure("backend_down", why, where=url, fix="nothing yet: it is tried again")
