"""A real MCP client on a live platform, in this process, for the tests of the tools."""

import asyncio
import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoint.bootstrap import Platform
from counterpoint.mcp import create_mcp
from mcp import Client

HYPOTHESIS = (
    "Moving the podcast shelf to second place gets at least 10 % more listeners to play a podcast. "
    "The 95th percentile of load time may get worse by 200 ms, no more. Two weeks, on 10 % of the traffic."
)

_numbers = itertools.count()


@dataclass
class Tools:
    """Calls tools as one agent, each over a connection of its own."""

    platform: Platform
    actor: str = "agent:scout"

    @functools.cached_property
    def server(self) -> Any:
        return create_mcp(self.platform.agency, actor=self.actor)

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Return what a tool answers, or its error document under `error`."""
        answer = asyncio.run(self._call(name, arguments))
        assert answer.structured_content is not None, answer
        assert answer.is_error == ("error" in answer.structured_content)
        return dict(answer.structured_content)

    def refused(self, name: str, **arguments: Any) -> str:
        """Return the code with which a tool refuses; its sentence must be there too."""
        error = self.call(name, **arguments)["error"]
        assert error["message"].endswith(".")
        assert error["blame"] == "caller", error
        return str(error["code"])

    def drafted(self, **changes: Any) -> str:
        """Return a draft that may be launched, of an experiment with a key of its own."""
        draft = self.call("draft_experiment", hypothesis=HYPOTHESIS, surface="home", owner="podcasts")["draft"]
        own = {"key": f"{self.actor.partition(':')[2]}-{next(_numbers)}", "allocation": 0.02, "schedule.ramp": []}
        self.call("revise_draft", draft=draft, changes={**own, **changes})
        return str(draft)

    def parked(self, **changes: Any) -> str:
        """Return a launch that was parked."""
        return str(self.call("launch_experiment", draft=self.drafted(**changes))["write"])

    def launches(self) -> list[dict[str, Any]]:
        """Return the agent's own launches."""
        return [each for each in self.platform.control.launches() if each["author"] == self.actor]

    def launched(self, **changes: Any) -> str:
        """Return an experiment that was parked, approved by a person, and confirmed."""
        write = self.parked(**changes)
        self.platform.agency.parking.approve(write, by="maria@example.org")
        done = self.call("confirm_write", write=write)
        assert done["result"]["state"] == "running", done
        return str(done["experiment"])

    def tools(self) -> list[Any]:
        return asyncio.run(self._tools())

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        async with Client(self.server) as client:
            return await client.call_tool(name, dict(arguments))

    async def _tools(self) -> list[Any]:
        async with Client(self.server) as client:
            return list((await client.list_tools()).tools)
