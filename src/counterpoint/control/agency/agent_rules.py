"""Reads the agents file: which agents there are, the tokens that prove them, and the risk budget of each."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from counterpoint.agents import AGENT_PREFIX, RiskBudget
from counterpoint.errors import InvalidInput

Scope = Literal["read", "write"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Words = Annotated[str, Field(min_length=1, max_length=256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgent:
    """One agent that the file names.

    Attributes:
        actor: Its name among actors, with the prefix.
        token_sha256: Digest of the token that proves it, in hexadecimal; None for one that is taken on trust.
        scopes: `read` to look, `write` to ask for changes.
    """

    actor: str
    token_sha256: str | None
    scopes: tuple[Scope, ...]
    budget: RiskBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRules:
    """What is settled about agents.

    Attributes:
        default: Budget of an agent that the file does not name.
        agents: Actor -> agent.
        parked_hours: For how long a parked write may be confirmed.
        hosts: Names under which the MCP endpoint may be reached, beside those of the loopback interface.
    """

    default: RiskBudget = field(default_factory=RiskBudget)
    agents: Mapping[str, KnownAgent] = field(default_factory=dict)
    parked_hours: float = 24.0
    hosts: tuple[str, ...] = ()

    @property
    def asks_for_tokens(self) -> bool:
        """Whether some agent has a token, so that nobody is let in over a network without one."""
        return any(agent.token_sha256 is not None for agent in self.agents.values())

    def budget_of(self, actor: str) -> RiskBudget:
        """Return the risk budget of an agent."""
        known = self.agents.get(actor)
        return self.default if known is None else known.budget

    def agent_with(self, token: str) -> KnownAgent | None:
        """Return the agent that a token proves; None when it proves nobody."""
        given = hashlib.sha256(token.encode()).hexdigest()
        found = None
        for agent in self.agents.values():
            # All are compared, so that the time taken says nothing about which.
            if agent.token_sha256 is not None and hmac.compare_digest(agent.token_sha256, given):
                found = agent
        return found


def read_agents(path: Path | None) -> AgentRules:
    """Return the rules in a file; those that hold without one when `path` is None.

    Raises:
        InvalidInput: code `unreadable_file` or `bad_agents_file`, with every field at fault.
    """
    if path is None:
        return AgentRules()
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "unreadable_file", f"it cannot be read ({error})", where=str(path), fix="name a text file"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput("bad_agents_file", f"it is no YAML ({error})", where=str(path)) from error
    try:
        return _rules(_File.model_validate({} if written is None else written))
    except ValidationError as error:
        faults = [{"path": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in error.errors()]
        first, more = faults[0], f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InvalidInput(
            "bad_agents_file",
            f"{first['path'] or 'the whole'}: {first['message']}{more}",
            where=str(path),
            fix="see docs/guides/agents.md for its form",
            facts={"fields": faults},
        ) from error


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    largest_share: Annotated[float, Field(gt=0, le=1)] | None = None
    concurrent_launches: Annotated[int, Field(ge=0, le=1000)] | None = None
    required_guardrails: list[Words] | None = None
    approvals: Annotated[int, Field(ge=1, le=10)] | None = None
    approvers: list[Words] | None = None
    surfaces: list[Words] | None = None


class _Agent(_Entry):
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    scopes: Annotated[list[Scope], Field(min_length=1)] = ["read", "write"]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    default: _Entry = _Entry()
    agents: dict[Name, _Agent] = {}
    parked_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 24.0
    hosts: list[Words] = []


def _rules(file: _File) -> AgentRules:
    default = _budget(file.default, RiskBudget())
    agents = [
        KnownAgent(
            actor=f"{AGENT_PREFIX}{name}",
            token_sha256=agent.token_sha256,
            scopes=tuple(agent.scopes),
            budget=_budget(agent, default),
        )
        for name, agent in file.agents.items()
    ]
    return AgentRules(
        default=default,
        agents={agent.actor: agent for agent in agents},
        parked_hours=file.parked_hours,
        hosts=tuple(file.hosts),
    )


def _budget(entry: _Entry, otherwise: RiskBudget) -> RiskBudget:
    """Return what an entry says; what it leaves out is as in `otherwise`."""

    def given(name: str) -> object:
        value = getattr(entry, name)
        kept = getattr(otherwise, name) if value is None else value
        return tuple(kept) if isinstance(kept, list) else kept

    return RiskBudget(**{name: given(name) for name in _Entry.model_fields})  # type: ignore[arg-type] # same fields
