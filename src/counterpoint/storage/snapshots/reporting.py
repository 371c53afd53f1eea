"""What a process says of itself: which snapshots it serves, how old they are, and who it is."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from counterpoint.storage.snapshots.last_good import Live


class Feed(Protocol):
    """What the serving path asks for: the last good snapshot of each surface."""

    def live(self, surface: str) -> Live:
        """Return what is served for `surface`."""
        ...

    def surfaces(self) -> tuple[str, ...]:
        """Return the surfaces that are served."""
        ...

    @property
    def problems(self) -> Any:
        """The newest refusal of each surface."""
        ...


def standing(feed: Feed, now: datetime) -> dict[str, Any]:
    """Return what is served of each surface, how old it is, and whether the process may get traffic.

    It may while it has a snapshot and none is stale under the policy `refuse`; `stale` says that one is, whatever its
    policy.
    """
    surfaces: dict[str, dict[str, Any]] = {}
    for key in feed.surfaces():
        live = feed.live(key)
        staleness, limit = live.compiled.staleness, live.compiled.stale_after
        surfaces[key] = {
            "snapshot": live.compiled.id,
            "release": live.release,
            "age_s": round(live.compiled.age_s(now), 3),
            "stale": limit is not None and now > limit,
            "max_age_s": staleness.max_age_s,
            "stale_policy": staleness.policy,
            "origin": live.origin,
        }
    stale = [each for each in surfaces.values() if each["stale"]]
    refusing = any(each["stale_policy"] == "refuse" for each in stale)
    return {
        "surfaces": surfaces,
        "ready": bool(surfaces) and not refusing,
        "stale": bool(stale),
        "problems": dict(feed.problems),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a process is.

    Attributes:
        process: Unique among the processes of the fleet.
        role: `all`, `delivery`, `control` or `worker`.
    """

    process: str
    role: str
    started_at: datetime


def own_identity(role: str, *, new_id: Callable[[], str], now: datetime) -> Identity:
    """Return the identity of this process: its machine, its number there, and what tells it from earlier ones."""
    return Identity(process=f"{socket.gethostname()}/{os.getpid()}/{new_id()[:6]}", role=role, started_at=now)


def report_of(identity: Identity, status: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a process tells the control plane: who it is and what it serves."""
    surfaces = {
        key: {name: each[name] for name in ("release", "snapshot", "age_s", "stale")}
        for key, each in status["surfaces"].items()
    }
    return {
        "process": identity.process,
        "role": identity.role,
        "started_at": identity.started_at.isoformat(),
        "surfaces": surfaces,
    }
