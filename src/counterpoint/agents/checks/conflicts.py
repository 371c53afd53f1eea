"""What each rival of a design has in common with it, a request that both would meet, and the ways around them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from counterpoint.assignment import Satisfiability, compile_audience, satisfiable
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput
from counterpoint.experiments import ExperimentSpec, FreeSpace, Ground, Rival, Territory, free_space, never_meet

SHOWN = 3
"""Rivals and ways named in a message; the facts hold all."""


def rival_facts(spec: ExperimentSpec, surface: Surface, rivals: Sequence[Rival]) -> list[dict[str, Any]]:
    """Return each rival as JSON: what is shared, what it holds until when, and a request that is in both audiences."""
    return [_facts(rival, _meeting(spec, rival, surface)) for rival in rivals]


def ways_around(spec: ExperimentSpec, territory: Territory, space: FreeSpace, now: datetime) -> list[dict[str, Any]]:
    """Return what would make the draw of `spec` fit, each way with the share of units that it leaves free.

    Ways: `share`, a smaller allocation; `domain`, buckets reserved for a programme; `audience`, leaving out a rival's
    users, where a fixed attribute proves them apart; `wait`, until enough schedules are over; `archive`, rivals that
    have ended and still hold their buckets.
    """
    return [
        *_smaller_share(space),
        *_other_buckets(spec, territory),
        *_other_users(spec, territory, space),
        *_waiting(spec, territory, space, now),
        *_archiving(spec, territory, space),
    ]


def in_words(ways: Sequence[dict[str, Any]]) -> str:
    """Return the ways as advice, the nearest first."""
    said = []
    for way in ways[:SHOWN]:
        if way["way"] == "share":
            said.append(f"ask for at most {way['allocation']:g}")
        elif way["way"] == "domain":
            said.append(f"draw from domain '{way['domain']}'")
        elif way["way"] == "audience":
            said.append(f"leave out the users of '{way['rival']}'")
        elif way["way"] == "wait":
            said.append(f"wait until {way['until'][:10]}")
        else:
            said.append(f"archive {', '.join(way['experiments'])}")
    return "; or ".join(said) or "end a rival first"


def meeting_in_words(facts: dict[str, Any]) -> str:
    """Return who a design and its rival have in common."""
    if facts["proof"] == "unsatisfiable":
        return "no one request is in both, but an attribute of theirs can change for a unit"
    if facts["witness"] is None:
        return "it is not proven that they never meet"
    return f"both meet {facts['witness'] or 'any request'}"


def _facts(rival: Rival, meeting: Satisfiability) -> dict[str, Any]:
    return {
        "key": rival.key,
        "because": rival.because,
        "ground": str(rival.ground),
        "shared": list(rival.shared),
        "n_buckets": len(rival.buckets),
        "free_at": rival.free_at.isoformat() if rival.free_at else None,
        "proof": meeting.proof,
        "witness": None if meeting.witness is None else dict(meeting.witness),
    }


def _meeting(spec: ExperimentSpec, rival: Rival, surface: Surface) -> Satisfiability:
    try:
        both = [compile_audience(text, surface.attributes) for text in (spec.audience, rival.audience)]
    except InvalidInput:
        return Satisfiability(proof="unknown")
    return satisfiable(*both)


def _smaller_share(space: FreeSpace) -> Iterator[dict[str, Any]]:
    share = int(space.share_free * 1000) / 1000
    if share > 0:
        yield {"way": "share", "allocation": share, "share_free": space.share_free}


def _other_buckets(spec: ExperimentSpec, territory: Territory) -> Iterator[dict[str, Any]]:
    for key in sorted(territory.domains):
        if key != spec.domain:
            space = free_space(spec.model_copy(update={"domain": key}), territory)
            if space.fits:
                yield {"way": "domain", "domain": key, "share_free": space.share_free}


def _other_users(spec: ExperimentSpec, territory: Territory, space: FreeSpace) -> Iterator[dict[str, Any]]:
    for rival in space.rivals:
        if rival.ground is Ground.ISOLATED or not rival.buckets:
            continue
        others = f"!({rival.audience})"
        audience = others if spec.audience.strip() == "true" else f"({spec.audience}) && {others}"
        apart = spec.model_copy(update={"audience": audience})
        if not _reaches_somebody(audience, territory.surface):
            continue
        if never_meet(audience, rival.audience, territory.surface) and (found := free_space(apart, territory)).fits:
            yield {"way": "audience", "audience": audience, "rival": rival.key, "share_free": found.share_free}


def _reaches_somebody(audience: str, surface: Surface) -> bool:
    try:
        return satisfiable(compile_audience(audience, surface.attributes)).is_possible
    except InvalidInput:
        return False


def _waiting(spec: ExperimentSpec, territory: Territory, space: FreeSpace, now: datetime) -> Iterator[dict[str, Any]]:
    ahead = sorted((rival.free_at, rival.key) for rival in space.rivals if rival.free_at is not None)
    gone: set[str] = set()
    for free_at, key in ahead:
        gone.add(key)
        found = free_space(spec, _without(territory, gone))
        if found.fits and free_at > now:
            yield {"way": "wait", "until": free_at.isoformat(), "for": sorted(gone), "share_free": found.share_free}
            return


def _archiving(spec: ExperimentSpec, territory: Territory, space: FreeSpace) -> Iterator[dict[str, Any]]:
    ended = {rival.key for rival in space.rivals if territory.experiments[rival.key].ended_at is not None}
    found = free_space(spec, _without(territory, ended)) if ended else None
    if found is not None and found.fits:
        yield {"way": "archive", "experiments": sorted(ended), "share_free": found.share_free}


def _without(territory: Territory, keys: set[str]) -> Territory:
    kept = {key: held for key, held in territory.experiments.items() if key not in keys}
    return replace(territory, experiments=kept)
