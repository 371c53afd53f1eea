"""The tools that ask for a write: each parks it and says what it would do; one confirms what was parked."""

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from counterpoint.bootstrap import Agency
from counterpoint.mcp import documents
from counterpoint.mcp.callers import Who, allowed
from counterpoint.mcp.looking import LOOK, Draft, Experiment, Spec

PARK = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
CARRY_OUT = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)

Reason = Annotated[
    str, Field(description="Why; people read it, and the audit log keeps it.", min_length=1, max_length=2_000)
]
Write = Annotated[str, Field(description="Id of a parked write, from the tool that parked it.", max_length=256)]


def add_asking(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    """Add the tools that park writes, follow them and confirm them."""
    _add_launching(server, agency, who)
    _add_moving(server, agency, who)
    _add_confirming(server, agency, who)


def _add_launching(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    @server.tool(annotations=PARK)
    def launch_experiment(draft: Draft = None, spec: Spec = None) -> documents.Parked:
        """Ask to launch a draft or a spec. It is parked: a person must approve it, then confirm_write launches it.

        The answer says exactly what would change, for whom, and who has to do what next: tell a person what `next`
        says, and ask write_status until it is awaiting_confirmation. Refused at once when it is over your risk budget
        or the validator refuses it.
        """
        actor = allowed(who, "write")
        meant, plan = agency.drafts.spec_of(draft, spec, actor)
        return _parked(agency.parking.launch(meant.model_dump(mode="json", exclude_none=True), actor=actor, plan=plan))


def _add_moving(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    @server.tool(annotations=PARK)
    def stop_experiment(experiment: Experiment, reason: Reason) -> documents.Parked:
        """Ask to end an experiment of yours without a decision: everybody gets the baseline, nothing ships.

        Parked until confirm_write; no approval is needed. To end it with a decision, use ship_experiment.
        """
        return _parked(agency.parking.move("stop", experiment, actor=allowed(who, "write"), reason=reason))

    @server.tool(annotations=PARK)
    def pause_experiment(experiment: Experiment, reason: Reason) -> documents.Parked:
        """Ask to pause an experiment of yours: the baseline for everybody until it is resumed.

        Parked until confirm_write; no approval is needed.
        """
        return _parked(agency.parking.move("pause", experiment, actor=allowed(who, "write"), reason=reason))

    @server.tool(annotations=PARK)
    def resume_experiment(experiment: Experiment, reason: Reason) -> documents.Parked:
        """Ask to resume a paused experiment of yours. A person must approve it, then confirm_write resumes it."""
        return _parked(agency.parking.move("resume", experiment, actor=allowed(who, "write"), reason=reason))

    @server.tool(annotations=PARK)
    def ship_experiment(experiment: Experiment, reason: Reason) -> documents.Parked:
        """Ask to conclude an experiment of yours now and give everybody its winner.

        The platform decides on what was measured; this is refused while it would ship nothing. A person must approve
        it, then confirm_write does it. At its planned end an experiment is concluded without being asked.
        """
        return _parked(agency.parking.move("ship", experiment, actor=allowed(who, "write"), reason=reason))


def _add_confirming(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    @server.tool(annotations=LOOK)
    def write_status(write: Write) -> documents.Parked:
        """Say what a parked write waits for, or what became of it. Ask again after a person was told.

        People take minutes or days; there is no need to ask more than once a minute.
        """
        allowed(who, "read")
        return _parked(agency.parking.read(write))

    @server.tool(annotations=LOOK)
    def list_writes() -> documents.Writes:
        """List what you have parked, the last written first."""
        mine = agency.parking.list(actor=allowed(who, "read"))
        return documents.Writes(writes=[_parked(each) for each in mine[:100]])

    @server.tool(annotations=CARRY_OUT)
    def confirm_write(write: Write) -> documents.Parked:
        """Carry out a parked write of yours, exactly as it is stored. Safe to repeat when no answer came.

        `result.state` says how it went: running, or why not under `result.reason`. What was approved and has meanwhile
        become impossible is refused, and nothing is done.
        """
        return _parked(agency.parking.confirm(write, actor=allowed(who, "write")))

    @server.tool(annotations=PARK)
    def withdraw_write(write: Write, reason: Reason) -> documents.Parked:
        """Take back a parked write of yours that was not confirmed."""
        return _parked(agency.parking.reject(write, by=allowed(who, "write"), reason=reason))


def _parked(write: documents.Json) -> documents.Parked:
    shown = {name: write[name] for name in documents.Parked.model_fields if name in write}
    return documents.Parked.model_validate({**shown, "write": write["id"]})
