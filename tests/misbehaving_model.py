"""A local server that speaks the chat completions protocol and misbehaves as it is told to, request by request."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "openai:test-model"
KEY = "sk-counterpoint-tests-0123456789"
Behaviour = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


@dataclass
class MisbehavingModel:
    """What the server was asked, and how it will answer: each request takes the next behaviour, the last one stays."""

    behaviours: list[Behaviour]
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def n_requests(self) -> int:
        return len(self.requests)

    @property
    def heard(self) -> str:
        """Everything that it was ever told."""
        return json.dumps(self.requests, ensure_ascii=False)


@contextmanager
def model_server(behaviours: Sequence[Behaviour]) -> Iterator[MisbehavingModel]:
    """Yield a server on a free port of the loopback, and stop it at the end."""
    model = MisbehavingModel(list(behaviours))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            n = len(model.requests)
            model.requests.append(body)
            model.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.stopping = model.closing
            with suppress(BrokenPipeError, ConnectionResetError):
                model.behaviours[min(n, len(model.behaviours) - 1)](self, body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def draft(**changes: Any) -> dict[str, Any]:
    """Return a draft that reads `TEXT` rightly."""
    return {
        "outcome": "plan",
        "arms": [{"settings": [{"parameter": "results.per_page", "value": 30}]}],
        "audience": "true",
        "primary": "result_ctr",
        "direction": "increase",
        "mde": 0.02,
        "guardrails": [],
        "words": {
            "arms": "30 results per page",
            "primary": "result clicks",
            "direction": "raise",
            "effect": "2 %",
        },
        **changes,
    }


TEXT = "30 results per page raise result clicks by 2 %."
"""A hypothesis on the search surface of the planner's tests."""


def replies(
    answer: dict[str, Any] | str, *, usage: dict[str, int] | None = None, model: str = "test-model"
) -> Behaviour:
    """Answer with a tool call; a text stands for its arguments as they are."""
    arguments = answer if isinstance(answer, str) else json.dumps(answer)
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call-1", "type": "function", "function": {"name": "answer", "arguments": arguments}}],
    }
    return _completion(message, "tool_calls", usage or {"prompt_tokens": 1_000, "completion_tokens": 100}, model)


def replies_in_the_newer_protocol(answer: dict[str, Any], *, model: str) -> Behaviour:
    """Answer as a provider's own address does that speaks of responses, not of chat completions."""

    def behave(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        call = {"type": "function_call", "id": "fc-1", "call_id": "call-1", "name": "answer", "status": "completed"}
        document = {
            "id": "resp-1",
            "object": "response",
            "created_at": 1_760_000_000,
            "model": model,
            "status": "completed",
            "output": [{**call, "arguments": json.dumps(answer)}],
            "parallel_tool_calls": True,
            "tool_choice": "required",
            "tools": request["tools"],
            "usage": {
                "input_tokens": 1_000,
                "output_tokens": 100,
                "total_tokens": 1_100,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens_details": {"reasoning_tokens": 0},
            },
        }
        _send(handler, document, 200, None)

    return behave


def says(text: str) -> Behaviour:
    """Answer in prose, which is no plan."""
    return _completion({"role": "assistant", "content": text}, "stop", {"prompt_tokens": 1_000, "completion_tokens": 9})


def refuses() -> Behaviour:
    """Decline, as the safety filter of a provider does."""
    message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    return _completion(message, "stop", {"prompt_tokens": 1_000, "completion_tokens": 9})


def fails(status: int, *, headers: dict[str, str] | None = None, body: Any = None) -> Behaviour:
    """Answer with an error status."""

    def behave(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        del request
        _send(
            handler,
            {"error": {"message": "no", "type": "error", "code": None}} if body is None else body,
            status,
            headers,
        )

    return behave


def echoes_the_key(status: int) -> Behaviour:
    """Send back the secret that the request carried."""

    def behave(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        secret = handler.headers["Authorization"]
        if status == 200:
            answer = {"outcome": "clarify", "missing": ["metric"], "question": f"Which metric, {secret}?"}
            replies(answer, model=f"model-{secret}")(handler, request)
        else:
            _send(
                handler, {"error": {"message": f"wrong key: {secret}", "type": "auth", "code": "bad_key"}}, status, None
            )

    return behave


def sends(raw: bytes, *, kind: str = "application/json") -> Behaviour:
    """Answer 200 with these bytes."""

    def behave(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        del request
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return behave


def trickles(pause_s: float) -> Behaviour:
    """Send a byte now and then, for as long as anybody listens."""

    def behave(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        del request
        _begin_endless(handler)
        while not handler.stopping.wait(pause_s):  # type: ignore[attr-defined]
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return behave


def never_ends() -> Behaviour:
    """Send as much as anybody takes."""

    def behave(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        del request
        _begin_endless(handler)
        handler.wfile.write(b'{"choices": [{"message": {"content": "')
        while not handler.stopping.is_set():  # type: ignore[attr-defined]
            handler.wfile.write(b"more " * 20_000)

    return behave


def cuts_the_connection() -> Behaviour:
    """Promise a long reply, begin it, and hang up."""

    def behave(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        del request
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b'{"id": "x", "choices": [')
        handler.wfile.flush()
        handler.close_connection = True

    return behave


def _begin_endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.close_connection = True


def _completion(
    message: dict[str, Any], reason: str, usage: dict[str, int] | None, model: str = "test-model"
) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        del request
        document: dict[str, Any] = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_760_000_000,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        }
        if usage:
            document["usage"] = {**usage, "total_tokens": sum(usage.values())}
        _send(handler, document, 200, None)

    return behave


def _send(handler: BaseHTTPRequestHandler, document: Any, status: int, headers: dict[str, str] | None) -> None:
    raw = json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(raw)))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(raw)
