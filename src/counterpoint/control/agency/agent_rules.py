"""Reads the agents file: which agents and people there are, the tokens that prove them, and agents' risk budgets."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from counterpoint.agents import AGENT_PREFIX, RiskBudget, is_agent
from counterpoint.errors import InvalidInput

Scope = Literal["read", "write"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Words = Annotated[str, Field(min_length=1, max_length=256)]
_MAX_PERSON = 128
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody whom the file names, and who may hold a token.

    Attributes:
        actor: The name among actors; an agent's with the prefix.
        token_sha256: Digest of the token that proves it, in hexadecimal; None for one that is taken on trust.
        scopes: `read` to look, `write` to change, or for an agent to ask for changes.
        speaks_for_others: Whether it is a proxy that has authenticated whom it names.
    """

    actor: str
    token_sha256: str | None
    scopes: tuple[Scope, ...]
    speaks_for_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgent(Holder):
    """One agent that the file names."""

    budget: RiskBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRules:
    """What is settled about agents.

    Attributes:
        default: Budget of an agent that the file does not name.
        agents: Actor -> agent.
        people: Actor -> person or proxy; as soon as there is one, nobody writes without a token.
        parked_hours: For how long a parked write may be confirmed.
        hosts: Names under which the MCP endpoint may be reached, beside those of the loopback interface.
    """

    default: RiskBudget = field(default_factory=RiskBudget)
    agents: Mapping[str, KnownAgent] = field(default_factory=dict)
    people: Mapping[str, Holder] = field(default_factory=dict)
    parked_hours: float = 24.0
    hosts: tuple[str, ...] = ()

    @property
    def asks_for_tokens(self) -> bool:
        """Whether somebody has a token, so that no agent is let in over a network without one."""
        return self.knows_people or any(agent.token_sha256 is not None for agent in self.agents.values())

    @property
    def knows_people(self) -> bool:
        """Whether people have tokens too, so that no name is believed without one."""
        return bool(self.people)

    def budget_of(self, actor: str) -> RiskBudget:
        """Return the risk budget of an agent."""
        known = self.agents.get(actor)
        return self.default if known is None else known.budget

    def holder_of(self, token: str) -> Holder | None:
        """Return whom a token proves; None when it proves nobody."""
        given = hashlib.sha256(token.encode()).hexdigest()
        found = None
        for holder in (*self.agents.values(), *self.people.values()):
            # All are compared, so that the time taken says nothing about which.
            if holder.token_sha256 is not None and hmac.compare_digest(holder.token_sha256, given):
                found = holder
        return found

    def agent_with(self, token: str) -> KnownAgent | None:
        """Return the agent that a token proves; None when it proves none."""
        holder = self.holder_of(token)
        return holder if isinstance(holder, KnownAgent) else None


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


def _no_agent(name: str) -> str:
    if is_agent(name) or len(name) > _MAX_PERSON or not name.isprintable() or name != name.strip():
        raise ValueError(f"a person is named by up to {_MAX_PERSON} printable characters, not as an agent is")
    return name


def new_token(name: str, *, reads_only: bool = False, is_proxy: bool = False) -> tuple[str, str, str, dict[str, Any]]:
    """Return a new token, and the section, the name and the entry by which the agents file knows it.

    Raises:
        InvalidInput: code `bad_actor`, when the file could not name somebody so; `bad_option` for an agent as a proxy.
    """
    token = secrets.token_urlsafe(32)
    section = "agents" if is_agent(name) else "people"
    if is_proxy and section == "agents":
        raise InvalidInput("bad_option", "an agent speaks for itself", where="--proxy", fix="name the proxy otherwise")
    plain = name.partition(":")[2] if section == "agents" else name
    entry: dict[str, Any] = {"token_sha256": hashlib.sha256(token.encode()).hexdigest()}
    entry |= ({"scopes": ["read"]} if reads_only else {}) | ({"proxy": True} if is_proxy else {})
    try:
        _File.model_validate({section: {plain: entry}})
    except ValidationError as error:
        raise InvalidInput(
            "bad_actor", f"{name[:60]!r} names nobody", where="name", fix="an e-mail address, or agent:NAME"
        ) from error
    return token, section, plain, entry


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    largest_share: Annotated[float, Field(gt=0, le=1)] | None = None
    concurrent_launches: Annotated[int, Field(ge=0, le=1000)] | None = None
    required_guardrails: list[Words] | None = None
    approvals: Annotated[int, Field(ge=1, le=10)] | None = None
    approvers: list[Words] | None = None
    surfaces: list[Words] | None = None


class _Agent(_Entry):
    token_sha256: Digest | None = None
    scopes: Annotated[list[Scope], Field(min_length=1)] = ["read", "write"]


class _Person(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token_sha256: Digest
    scopes: Annotated[list[Scope], Field(min_length=1)] = ["read", "write"]
    proxy: bool = False


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    default: _Entry = _Entry()
    agents: dict[Name, _Agent] = {}
    people: dict[Annotated[Words, AfterValidator(_no_agent)], _Person] = {}
    parked_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 24.0
    hosts: list[Words] = []

    @model_validator(mode="after")
    def _tell_apart(self) -> Self:
        held = [agent.token_sha256 for agent in self.agents.values() if agent.token_sha256 is not None]
        held += [person.token_sha256 for person in self.people.values()]
        if len(held) != len(set(held)):
            raise ValueError("two have the same token_sha256, so it proves neither")
        return self


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
        people={
            name: Holder(
                actor=name,
                token_sha256=person.token_sha256,
                scopes=tuple(person.scopes),
                speaks_for_others=person.proxy,
            )
            for name, person in file.people.items()
        },
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
