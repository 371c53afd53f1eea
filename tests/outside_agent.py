"""An outside agent with nothing but MCP tools: it finds them by their words, and fills them from schemas and answers.

It imports nothing of Counterpoint. What it knows beforehand is what it wants, in its own words.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from mcp import Client

STOP_WORDS = frozenset(
    "a an and are as at be by for from how i in into is it my no not of on or so that the to what which with".split()  # noqa: SIM905 - a list of words reads as words
)
REFERENCE = re.compile(r"^(id|key)\b", re.IGNORECASE)
"""How the description of a field begins that takes what an earlier answer named."""


@dataclass
class OutsideAgent:
    """One agent on one connection.

    Attributes:
        memory: The latest value of every named text in the answers so far.
        used: The tools it called, in order.
    """

    client: Client
    memory: dict[str, str] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)

    async def do(self, intention: str, **known: Any) -> dict[str, Any]:
        """Return what the tool answers whose words are nearest to an intention.

        Args:
            known: What the agent itself has to say: a hypothesis, a reason. The rest comes from earlier answers.
        """
        tool = await self._choose(intention)
        properties, required = tool.input_schema["properties"], set(tool.input_schema.get("required", ()))
        arguments = {name: value for name, value in known.items() if name in properties}
        assert len(arguments) == len(known), f"{tool.name} has no place for {set(known) - set(arguments)}"
        for name, schema in properties.items():
            refers = REFERENCE.match(schema.get("description", "")) is not None
            if name not in arguments and name in self.memory and (name in required or refers):
                arguments[name] = self.memory[name]
        assert required <= arguments.keys(), f"nothing says what {required - arguments.keys()} of {tool.name} is"
        self.used.append(tool.name)
        answer = await self.client.call_tool(tool.name, arguments)
        document: dict[str, Any] = answer.structured_content or {}
        if not answer.is_error:
            self._remember(document)
        return document

    async def mend(self) -> dict[str, Any]:
        """Return the judgement of the present draft after every fix that the findings carry was applied."""
        judged = await self.do("check whether a draft could be refused at launch, risk budget included")
        for finding in judged["findings"]:
            if finding["severity"] == "error":
                assert finding["fix"], f"nothing says how to mend: {finding['message']}"
                judged = await self.do("change named fields of a draft", changes=finding["fix"])
        return judged

    async def wait_for_approval(self, told: Callable[[str], Awaitable[None]]) -> None:
        """Tell somebody that a write waits for them, and return when they have approved it."""
        await told(self.memory["write"])
        for _ in range(50):
            parked = await self.do("what a parked write waits for")
            if parked["state"] != "awaiting_approval":
                return
        raise AssertionError("nobody approved it")

    async def _choose(self, intention: str) -> Any:
        tools = (await self.client.list_tools()).tools
        wanted = _words(intention)
        scored = [(_likeness(wanted, tool), tool.name, tool) for tool in tools]
        return max(scored, key=lambda each: each[:2])[2]

    def _remember(self, node: Any) -> None:
        match node:
            case dict():
                for name, value in node.items():
                    if isinstance(value, str) and value:
                        self.memory[name] = value
                    elif name.endswith("s") and isinstance(value, list) and value:
                        self._remember(value[0])
            case _:
                pass


def _likeness(wanted: set[str], tool: Any) -> float:
    names, described = _words(tool.name.replace("_", " ")), _words(tool.description.partition("\n")[0])
    return (2 * len(wanted & names) + len(wanted & described)) / (3 + len(names | described)) ** 0.5


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]+", text.lower()) if word not in STOP_WORDS}
