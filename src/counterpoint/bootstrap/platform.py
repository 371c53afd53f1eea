"""The platform put together: what the edges (HTTP, HTML, command line, MCP) call, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from counterpoint.content import LiveCatalogue
from counterpoint.control import Configuring, Control, Declaring, Doctor, Registry
from counterpoint.control.agency import Agency
from counterpoint.control.live import Drift, Live
from counterpoint.delivery import Delivery, Fleet, Forcing
from counterpoint.settings import Settings
from counterpoint.storage.histories import MemoryHistories
from counterpoint.storage.snapshots import LastGood
from counterpoint.telemetry import Meters


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One process's parts.

    Attributes:
        delivery: The serving path: resolve, page, events.
        control: The control plane: plan, validate, launch, results, releases.
        configuring: Home Config: baseline changes, rollouts, holdouts, surfaces.
        doctor: Contradictions between configuration and data, with what would end them.
        declaring: Desired state in files: plan, apply, sync, export.
        refresh: Takes over what other processes published, imported or left unfinished; to be called every so often.
        snapshots: What is served of each surface, for those that follow this process's feed.
        registry: Every experiment that was ever in a release.
        forcing: Permits to see variants without being assigned to them.
        fleet: What the processes that follow it serve.
        drift: Whether every backend still holds what it should, and what a person decides about it.
        live: What is live where.
        agency: What outside agents can do, within their risk budgets.
    """

    settings: Settings
    meters: Meters
    delivery: Delivery
    control: Control
    configuring: Configuring
    doctor: Doctor
    declaring: Declaring
    catalogue: LiveCatalogue
    histories: MemoryHistories
    refresh: Callable[[], None]
    clock: Callable[[], datetime]
    snapshots: LastGood
    forcing: Forcing
    registry: Registry
    fleet: Fleet
    drift: Drift
    live: Live
    agency: Agency
