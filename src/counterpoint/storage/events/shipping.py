"""Ships a process's event records to the control plane: at least once over HTTP, which by their ids is exactly once."""

import threading
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

import httpx
import msgspec

from counterpoint.errors import CounterpointError
from counterpoint.telemetry import logger

MAX_RECORDS = 1_000
MAX_BYTES = 800_000
"""Below what one request may hold."""
EVERY_S = 1.0
LONGEST_WAIT_S = 30.0
Standing: TypeAlias = Literal["shipping", "waiting", "not let in"]


class Outbox(Protocol):
    """Records that have not arrived elsewhere; `FileEventLog` opened with an outbox is one."""

    def outgoing(self, limit: int) -> list[tuple[int, bytes]]:
        """Return numbered records as JSON, the oldest first."""
        ...

    def shipped(self, upto: int) -> None:
        """Note that everything up to this number has arrived."""
        ...


class Shipper:
    """Sends what is outgoing in the background, and forgets it only when the other side says that it has it on disk.

    A process that is killed between the two sends again; the ids of the records tell, so nothing is counted twice.

    Args:
        url: Address of the control plane.
        token: The fleet's token, when it has one.
        transport: What carries the requests; the network when None.
    """

    def __init__(
        self,
        url: str,
        outbox: Outbox,
        *,
        token: str | None = None,
        every_s: float = EVERY_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.standing: Standing = "shipping"
        self.n_refused = 0
        self._outbox = outbox
        self._every_s = every_s
        self._stopped = threading.Event()
        # The way to the control plane is internal: a proxy for the outer world has no part in it.
        self._client = httpx.Client(
            base_url=url, headers=fleet_headers(token), trust_env=False, transport=transport, timeout=10.0
        )
        self._thread = threading.Thread(target=self._run, name="event-shipper", daemon=True)

    def start(self) -> None:
        """Begin to ship."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what was not shipped stays in the outbox for the next life of this process."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(15.0)
        self._client.close()

    def ship(self) -> int:
        """Send one batch and return how many records it had, 0 when nothing is outgoing.

        Raises:
            httpx.HTTPError: It did not arrive, or nobody knows whether it did; the batch stays in the outbox.
        """
        rows = _fitting(self._outbox.outgoing(MAX_RECORDS))
        if not rows:
            return 0
        body = b'{"events":[' + b",".join(record for _, record in rows) + b"]}"
        answer = self._client.post("/v1/events", content=body, headers={"content-type": "application/json"})
        answer.raise_for_status()
        self._note_refused(msgspec.json.decode(answer.content)["refused"])
        self._outbox.shipped(rows[-1][0])
        return len(rows)

    def _run(self) -> None:
        n_failed = 0
        while not self._stopped.is_set():
            try:
                while self.ship() and not self._stopped.is_set():
                    self.standing = "shipping"
                n_failed = 0
            except httpx.HTTPStatusError as error:
                n_failed += 1
                self.standing = "not let in" if error.response.status_code in (401, 403) else "waiting"
                logger("events").warning("records not taken", extra={"answer": error.response.text[:300]})
            except (httpx.HTTPError, msgspec.DecodeError, CounterpointError) as error:
                n_failed, self.standing = n_failed + 1, "waiting"
                logger("events").info("records not sent", extra={"reason": type(error).__name__})
            except Exception:
                # The boundary of this thread: what is in the outbox must be tried again, whatever went wrong.
                n_failed, self.standing = n_failed + 1, "waiting"
                logger("events").exception("shipping failed unexpectedly")
            self._stopped.wait(min(LONGEST_WAIT_S, self._every_s * 2.0 ** min(n_failed, 8)))

    def _note_refused(self, refused: list[Mapping[str, Any]]) -> None:
        # Refused for good (too old, malformed): sending them again would hold up all that come after them.
        self.n_refused += len(refused)
        for each in refused[:10]:
            logger("events").error("record refused by the control plane", extra={"refusal": dict(each)})


def fleet_headers(token: str | None) -> dict[str, str]:
    """Return the header by which a process shows that it belongs to the fleet; none without a token."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _fitting(rows: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    size = 0
    fitting: list[tuple[int, bytes]] = []
    for row in rows:
        size += len(row[1]) + 1
        if fitting and size > MAX_BYTES:
            break
        fitting.append(row)
    return fitting
