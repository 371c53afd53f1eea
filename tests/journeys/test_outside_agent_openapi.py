"""An outside agent with only the OpenAPI document: hypothesis to running experiment, to stop and to ship."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from openapi_agent import OpenApiAgent
from served_platform import HYPOTHESIS, MARIA, TOKEN, served, until_the_platform_names_a_winner


def to_running(agent: OpenApiAgent, url: str) -> dict[str, Any]:
    agent.read_the_document()
    agent.do("list surfaces")
    agent.memory["surface"] = agent.memory["surfaces"][0]
    found = agent.do("search what can be changed, measured and selected by", query="podcast shelf")
    assert found["n_found"]
    planned = agent.do("plan a hypothesis", hypothesis=HYPOTHESIS, owner="podcasts")
    assert planned["plan"]["outcome"] == "plan"
    assert agent.mend()["launchable"]
    assert agent.do("try a spec on recorded requests, preview")["known"]
    agent.do("when would a spec be ready, power")
    parked = agent.do("ask to launch a spec as an agent, park")
    assert parked["state"] == "awaiting_approval", parked
    assert agent.do("confirm a parked write as the agent")["error"]["code"] == "approval_missing"
    approved_by_a_person(agent, url)
    assert agent.do("read a parked write")["state"] == "awaiting_confirmation"
    assert agent.do("confirm a parked write as the agent")["state"] == "executed"
    return agent.do("read an experiment")


def approved_by_a_person(agent: OpenApiAgent, url: str) -> None:
    refused = agent.do("approve what an agent wants to do, parked write", note="I like it")
    assert refused["error"]["code"] == "agents_do_not_approve"
    with httpx.Client(base_url=url, trust_env=False) as http:
        person = OpenApiAgent(http, MARIA, memory={"write": agent.memory["write"]})
        person.read_the_document()
        waiting = person.do("list parked writes")["writes"]
        assert [each["id"] for each in waiting if each["state"] == "awaiting_approval"] == [agent.memory["write"]]
        person.do("approve what an agent wants to do, parked write", note="read the blast radius; fine")


def test_with_a_token_from_a_hypothesis_to_running_and_to_stopped(tmp_path: Path) -> None:
    authorization = {"Authorization": f"Bearer {TOKEN}"}
    with served(tmp_path) as (url, _, _), httpx.Client(base_url=url, trust_env=False, headers=authorization) as http:
        agent = OpenApiAgent(http, "agent:scout")
        assert to_running(agent, url)["state"] == "running"
        explained = agent.do("explain an experiment")
        assert explained["timeline"]
        parked = agent.do("ask to pause resume stop or ship, park move", action="stop", reason="it was withdrawn")
        assert parked["state"] == "awaiting_confirmation", parked
        agent.do("confirm a parked write as the agent")
        assert agent.do("read an experiment")["state"] == "archived"


@pytest.mark.slow
def test_the_winner_ships_when_the_platform_names_one_and_a_person_agrees(tmp_path: Path) -> None:
    with (
        served(tmp_path, token=False) as (url, platform, clock),
        httpx.Client(base_url=url, trust_env=False, timeout=60.0) as http,
    ):
        agent = OpenApiAgent(http, "agent:scout")
        experiment = to_running(agent, url)["key"]
        ship = {"action": "ship", "reason": "it won"}
        refused = agent.do("ask to pause resume stop or ship, park move", **ship)
        assert refused["error"]["code"] == "nothing_to_ship"
        until_the_platform_names_a_winner(platform, clock, experiment)
        assert agent.do("read the scorecard of an experiment, results")["decision"]["ship"] == "treatment"
        parked = agent.do("ask to pause resume stop or ship, park move", **ship)
        assert parked["state"] == "awaiting_approval", parked
        approved_by_a_person(agent, url)
        assert agent.do("confirm a parked write as the agent")["state"] == "executed"
        assert agent.do("read an experiment")["state"] == "shipped"
        assert platform.control.surface("home")["parameters"]["podcasts.shelf_position"]["value"] == 2
