"""A receiver of Counterpoint's signed webhook, standard library only: it keeps which variants are live, in memory.

    WEBHOOK_SECRET=... python examples/webhook_receiver.py 9000

Declare it in the file that COUNTERPOINT_BACKENDS names; see docs/guides/backends.md:

    backends:
      - {name: register, kind: webhook, url: "http://127.0.0.1:9000/", secret_env: WEBHOOK_SECRET}
"""

import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

REPLAY_WINDOW_S = 300
LIVE = {"start", "stage", "resume", "restart"}


def is_signed(header: str, body: bytes, key: bytes, now_s: float) -> bool:
    """Return whether `Counterpoint-Signature` signs these very bytes, not longer ago than the replay window."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    stamp = parts.get("t", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 16) or abs(now_s - int(stamp)) > REPLAY_WINDOW_S:
        return False
    wanted = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(parts.get("v1", "").encode(), wanted.encode())


class Register:
    """Which variants are live: one line for each, so that a half-done change can be seen."""

    def __init__(self) -> None:
        self.lines: dict[str, object] = {}
        self.done: dict[str, dict] = {}
        self.reverted: set[str] = set()
        self._lock = Lock()

    def answer(self, call: dict) -> dict:
        """Return the answer to one call; `plan` and `verify` change nothing."""
        with self._lock:
            return getattr(self, f"_{call['call']}")(call)

    def _plan(self, call: dict) -> dict:
        wanted = _wanted(call["desired"])
        edits = [
            {"path": line, "before": self.lines.get(line), "after": value}
            for line, value in wanted.items()
            if self.lines.get(line) != value
        ]
        return {"edits": edits}

    def _apply(self, call: dict) -> dict:
        key, wanted = call["idempotency_key"], _wanted(call["desired"])
        # A call that was answered once is answered the same again, and a reverted one is not done again.
        if key not in self.done:
            self.done[key] = {"before": {line: self.lines.get(line) for line in wanted}, "after": wanted}
            self._write(wanted)
        return {"detail": {"lines": wanted}}

    def _verify(self, call: dict) -> dict:
        wanted = call["receipt"]["detail"]["answered"]["lines"]
        wrong = [line for line, value in wanted.items() if self.lines.get(line) != value]
        return {"differs": f"{', '.join(wrong)} is otherwise" if wrong else None}

    def _revert(self, call: dict) -> dict:
        key = call["receipt"]["idempotency_key"]
        if key in self.done and key not in self.reverted:
            self.reverted.add(key)
            self._write(self.done[key]["before"])
        return {}

    def _write(self, lines: dict) -> None:
        for line, value in lines.items():
            if value is None:
                self.lines.pop(line, None)
            else:
                self.lines[line] = value


def _wanted(desired: dict) -> dict:
    live = desired["goal"] in LIVE
    return {
        f"{desired['experiment']}/{variant['key']}": variant.get("set", {}) if live else None
        for variant in desired["spec"]["variants"]
    }


def respond(register: Register, key: bytes, header: str, body: bytes, now_s: float) -> tuple[int, dict]:
    """Return status and document of the answer to one request."""
    if not is_signed(header, body, key, now_s):
        return 401, {"error": "the signature is wrong, or too old"}
    call = json.loads(body)
    if call.get("call") not in ("plan", "apply", "verify", "revert"):
        return 400, {"error": "there is no such call"}
    return 200, register.answer(call)


def main() -> None:
    """Serve until interrupted."""
    register, key = Register(), os.environ["WEBHOOK_SECRET"].encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, document = respond(register, key, self.headers.get("Counterpoint-Signature", ""), body, time.time())
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
