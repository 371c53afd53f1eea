"""How the MCP endpoint is reached: who is let in, under which names, and what stands on standard output."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterpoint.bootstrap import Platform, opened
from counterpoint.errors import Forbidden, InvalidInput
from counterpoint.mcp import PATH, actor_named, open_endpoint
from live_platform import prepared_settings

TOKEN, READER = "the token of scout", "the token of reader"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("transport")
    agents = folder / "agents.yaml"
    digests = [sha256(each.encode()).hexdigest() for each in (TOKEN, READER)]
    agents.write_text(
        f"hosts: [counterpoint.example.org]\nagents:\n  scout: {{token_sha256: {digests[0]}}}\n"
        f"  reader: {{token_sha256: {digests[1]}, scopes: [read]}}\n"
    )
    with opened(prepared_settings(folder / "data", agents=agents)) as platform:
        yield platform


def posted(
    platform: Platform, *messages: dict[str, Any], base: str = "http://127.0.0.1:8321", **headers: str
) -> list[httpx.Response]:
    async def exchange() -> list[httpx.Response]:
        endpoint = open_endpoint(platform.agency, host="127.0.0.1")
        transport = httpx.ASGITransport(app=endpoint.app)
        answers = []
        async with endpoint.running(), httpx.AsyncClient(transport=transport, base_url=base) as client:
            session: dict[str, str] = {}
            for message in messages:
                answer = await client.post(PATH, json=message, headers={**HEADERS, **session, **headers})
                answers.append(answer)
                if "mcp-session-id" in answer.headers:
                    session = {"mcp-session-id": answer.headers["mcp-session-id"]}
        return answers

    return asyncio.run(exchange())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_asked_for_and_a_wrong_one_is_no_token(platform: Platform) -> None:
    assert posted(platform, INITIALIZE)[0].status_code == 401
    assert posted(platform, INITIALIZE, **bearer("wrong"))[0].status_code == 401
    assert posted(platform, INITIALIZE, **bearer(TOKEN))[0].status_code == 200


@pytest.mark.parametrize(
    ("base", "origin", "status"),
    [
        ("http://127.0.0.1:8321", None, 200),
        ("http://localhost:9999", "http://localhost:9999", 200),
        ("https://counterpoint.example.org", "https://counterpoint.example.org", 200),
        ("http://evil.example.org", None, 421),
        ("http://127.0.0.1.evil.example.org:8321", None, 421),
        ("http://127.0.0.1:8321", "http://evil.example.org", 403),
    ],
)
def test_no_other_sites_page_reaches_it_through_a_browser(
    platform: Platform, base: str, origin: str | None, status: int
) -> None:
    origins = {} if origin is None else {"Origin": origin}
    assert posted(platform, INITIALIZE, base=base, **bearer(TOKEN), **origins)[0].status_code == status


def test_a_token_that_may_only_read_asks_for_no_write(platform: Platform) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        for name, arguments in (
            ("my_budget", {}),
            ("launch_experiment", {"spec": "key: x"}),
            ("confirm_write", {"write": "parked-1"}),
        )
    ]
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    *_, budget, launch, confirm = posted(platform, INITIALIZE, ready, *calls, **bearer(READER))
    assert '"agent:reader"' in budget.text
    assert "[scope_missing]" in launch.text
    assert "[scope_missing]" in confirm.text
    assert platform.agency.parking.list() == []


def test_it_stays_closed_where_others_could_reach_it_without_a_token(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from counterpoint.bootstrap import AgentRules

    trusting = replace(platform.agency, rules=AgentRules())
    with pytest.raises(Forbidden) as caught:
        open_endpoint(trusting, host="0.0.0.0")
    assert caught.value.code == "tokens_needed"
    assert open_endpoint(platform.agency, host="0.0.0.0") is not None


@pytest.mark.parametrize("name", ["", "Scout Two", "agent:", "a\nb", "x" * 200])
def test_a_name_that_no_agent_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        actor_named(name)
    assert caught.value.code == "bad_actor"


def test_nothing_but_the_protocol_stands_on_standard_output(tmp_path: Path) -> None:
    prepared_settings(tmp_path)
    command = [sys.executable, "-c", "from counterpoint.cli import main; raise SystemExit(main())"]
    lines = [INITIALIZE, {"jsonrpc": "2.0", "method": "notifications/initialized"}]
    lines.append({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
    done = subprocess.run(
        [*command, "--data", str(tmp_path), "mcp"],
        input="".join(json.dumps(line) + "\n" for line in lines) + "this is no message\n",
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers
    assert {answer["jsonrpc"] for answer in answers} == {"2.0"}
    assert [answer["id"] for answer in answers if "result" in answer][:1] == [1]
