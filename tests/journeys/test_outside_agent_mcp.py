"""An outside agent with only the MCP tools goes from a hypothesis to a running experiment, to stop and to ship."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client.streamable_http import streamable_http_client

from live_platform import prepared_settings
from mcp import Client, StdioServerParameters
from outside_agent import OutsideAgent
from served_platform import HYPOTHESIS, MARIA, TOKEN, served, until_the_platform_names_a_winner


async def to_running(agent: OutsideAgent, told: Any) -> dict[str, Any]:
    await agent.do("list the places in the product where experiments run")
    found = await agent.do("search catalogue for what an experiment may change", query="podcast shelf")
    assert found["n_found"]
    drafted = await agent.do("turn a hypothesis into a draft", hypothesis=HYPOTHESIS, owner="podcasts")
    assert drafted["outcome"] == "plan"
    assert (await agent.mend())["launchable"]
    assert (await agent.do("try every variant on recorded requests, preview"))["known"]
    await agent.do("say when the experiment would be ready, its power")
    parked = await agent.do("ask to launch a draft")
    assert parked["state"] == "awaiting_approval"
    assert (await agent.do("confirm a parked write"))["error"]["code"] == "approval_missing"
    await agent.wait_for_approval(told)
    done = await agent.do("confirm a parked write and carry it out")
    assert done["state"] == "executed", done
    return await agent.do("in which state an experiment is, its status")


async def to_stopped(agent: OutsideAgent) -> dict[str, Any]:
    explained = await agent.do("explain how an experiment came to where it stands")
    assert explained["timeline"]
    parked = await agent.do("ask to stop an experiment", reason="the idea was withdrawn")
    assert parked["state"] == "awaiting_confirmation"
    await agent.do("confirm a parked write and carry it out")
    return await agent.do("in which state an experiment is, its status")


def test_over_standard_streams_from_a_hypothesis_to_running_and_to_stopped(tmp_path: Path) -> None:
    prepared_settings(tmp_path)
    command = [sys.executable, "-c", "import sys; from counterpoint.cli import main; sys.exit(main())"]
    command += ["--data", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERPOINT_")}

    async def approved_on_the_command_line(write: str) -> None:
        words = [*command, "approve", write, "--by", MARIA]
        done = await asyncio.to_thread(
            subprocess.run, words, capture_output=True, text=True, env=environment, timeout=90, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "awaiting_confirmation" in done.stdout

    async def journey() -> tuple[dict[str, Any], dict[str, Any]]:
        server = StdioServerParameters(command=command[0], args=[*command[1:], "mcp", "--as", "scout"], env=environment)
        async with Client(server) as client:
            agent = OutsideAgent(client)
            return await to_running(agent, approved_on_the_command_line), await to_stopped(agent)

    running, stopped = asyncio.run(journey())
    assert running.get("state") == "running", running
    assert 0 < running["share"] <= 0.1
    assert stopped["state"] == "archived"


def test_over_http_with_a_token_from_a_hypothesis_to_running_and_to_stopped(tmp_path: Path) -> None:
    with served(tmp_path) as (url, _, _):

        async def approved_over_http(write: str) -> None:
            async with httpx.AsyncClient(base_url=url, trust_env=False) as person:
                answer = await person.post(
                    f"/v1/parked-writes/{write}/approvals", json={}, headers={"X-Counterpoint-Actor": MARIA}
                )
                assert answer.status_code == 200, answer.text

        async def journey(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
            agent = OutsideAgent(client)
            return await to_running(agent, approved_over_http), await to_stopped(agent)

        running, stopped = asyncio.run(connected(url, journey))
    assert running.get("state") == "running", running
    assert running["share"] <= 0.8
    assert stopped["state"] == "archived"


@pytest.mark.slow
def test_over_http_the_winner_ships_when_the_platform_names_one_and_a_person_agrees(tmp_path: Path) -> None:
    with served(tmp_path) as (url, platform, clock):

        async def approved(write: str) -> None:
            await asyncio.to_thread(platform.agency.parking.approve, write, by=MARIA)

        async def begin(client: Client) -> OutsideAgent:
            agent = OutsideAgent(client)
            await to_running(agent, approved)
            refused = await agent.do(
                "ask to ship: conclude an experiment and give everybody its winner", reason="hurry"
            )
            assert refused["error"]["code"] == "nothing_to_ship"
            return agent

        memory = asyncio.run(connected(url, begin)).memory
        until_the_platform_names_a_winner(platform, clock, memory["experiment"])

        async def ship(client: Client) -> dict[str, Any]:
            agent = OutsideAgent(client, memory=memory)
            results = await agent.do("read the scorecard and results of an experiment")
            assert results["decision"]["ship"] == "treatment"
            parked = await agent.do(
                "ask to ship: conclude an experiment and give everybody its winner", reason="it won"
            )
            assert parked["state"] == "awaiting_approval"
            await agent.wait_for_approval(approved)
            assert (await agent.do("confirm a parked write and carry it out"))["state"] == "executed"
            return await agent.do("in which state an experiment is, its status")

        assert asyncio.run(connected(url, ship))["state"] == "shipped"
        assert platform.control.surface("home")["parameters"]["podcasts.shelf_position"]["value"] == 2


async def connected(url: str, journey: Any) -> Any:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
    ):
        return await journey(client)
