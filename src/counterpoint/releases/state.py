"""The whole state of a surface at one release, and how it falls into parts that are stored and compared by digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from counterpoint.config import BaselineRule, Surface
from counterpoint.errors import PlatformFault
from counterpoint.experiments import Domain, Experiment, Holdout, Territory
from counterpoint.releases.codec import decode, encode
from counterpoint.releases.stages import Rollout
from counterpoint.vocabulary import Scalar, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceState:
    """Everything a release says about one surface.

    Attributes:
        baseline: The live value of every parameter of the surface.
        rules: Ordered targeted rules; the first that matches a parameter wins.
        experiments: By key; archived ones are not here but in `retired`.
        retired: Keys that were used once and never may be again, with when they were archived: results hang on them.
        rollouts: Baseline changes that some buckets have already, by key.
    """

    surface: Surface
    baseline: Mapping[str, Scalar]
    rules: tuple[BaselineRule, ...] = ()
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    holdouts: Mapping[str, Holdout] = field(default_factory=dict)
    domains: Mapping[str, Domain] = field(default_factory=dict)
    retired: Mapping[str, datetime] = field(default_factory=dict)
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)


def territory_of(state: SurfaceState) -> Territory:
    """Return what holds buckets in `state`."""
    return Territory(
        surface=state.surface, experiments=state.experiments, holdouts=state.holdouts, domains=state.domains
    )


def fresh_state(surface: Surface) -> SurfaceState:
    """Return the state of a surface that nobody has changed yet."""
    return SurfaceState(
        surface=surface, baseline={key: parameter.baseline for key, parameter in surface.parameters.items()}
    )


# Every part of a state has a path; what is stored, compared, blamed and restored is a part.
_COLLECTIONS: Mapping[str, Any] = {
    "baseline": Scalar,
    "experiments": Experiment,
    "holdouts": Holdout,
    "domains": Domain,
    "retired": datetime,
    "rollouts": Rollout,
}
_SINGLES: Mapping[str, Any] = {"surface": Surface, "rules": tuple[BaselineRule, ...]}


def parts_of(state: SurfaceState) -> dict[str, bytes]:
    """Return the canonical bytes of every part of `state`, by its path (`baseline/<key>`, `experiments/<key>`, ...)."""
    parts = {path: encode(getattr(state, path)) for path in _SINGLES}
    for name in _COLLECTIONS:
        for key, value in getattr(state, name).items():
            parts[f"{name}/{key}"] = encode(value)
    return parts


def part_of(state: SurfaceState, path: str) -> bytes | None:
    """Return the canonical bytes of the part of `state` at `path`, or None when it is not there."""
    name, _, key = path.partition("/")
    if name in _SINGLES:
        return encode(getattr(state, name))
    table = getattr(state, name) if name in _COLLECTIONS else {}
    return encode(table[key]) if key in table else None


def changed_parts(before: SurfaceState | None, after: SurfaceState) -> dict[str, bytes | None]:
    """Return the parts of `after` that `before` lacks or has otherwise, and None for those that are gone.

    Costs work for what changed, not for what is there: a part that is the same object is the same part.
    """
    if before is None:
        return dict(parts_of(after))
    changed: dict[str, bytes | None] = {}
    for name in _SINGLES:
        old, new = getattr(before, name), getattr(after, name)
        if old is not new and (body := encode(new)) != encode(old):
            changed[name] = body
    for name in _COLLECTIONS:
        old, new = getattr(before, name), getattr(after, name)
        if old is new:
            continue
        for key, value in new.items():
            if key not in old or (old[key] is not value and encode(old[key]) != encode(value)):
                changed[f"{name}/{key}"] = encode(value)
        changed |= {f"{name}/{key}": None for key in old if key not in new}
    return changed


def state_from(parts: Mapping[str, bytes]) -> SurfaceState:
    """Return the state that `parts_of` took apart.

    Raises:
        PlatformFault: `corrupt_release`, when a part cannot be read.
    """
    try:
        fields: dict[str, Any] = {name: {} for name in _COLLECTIONS}
        for path in sorted(parts):
            name, _, key = path.partition("/")
            if name in _SINGLES:
                fields[name] = decode(parts[path], _SINGLES[name])
            else:
                fields[name][key] = decode(parts[path], _COLLECTIONS[name])
        return SurfaceState(**fields)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise PlatformFault("corrupt_release", f"a stored release cannot be read: {error}") from error


def with_parts(state: SurfaceState, changed: Mapping[str, bytes | None]) -> SurfaceState:
    """Return `state` with the changed parts put in, what `changed_parts` says the other way round."""
    fields: dict[str, Any] = {name: getattr(state, name) for name in (*_SINGLES, *_COLLECTIONS)}
    for path, body in changed.items():
        name, _, key = path.partition("/")
        if name in _SINGLES:
            if body is not None:
                fields[name] = decode(body, _SINGLES[name])
            continue
        if name not in _COLLECTIONS:
            raise PlatformFault("corrupt_release", f"'{path}' is no part of a state")
        rest = {other: value for other, value in fields[name].items() if other != key}
        fields[name] = rest if body is None else {**rest, key: decode(body, _COLLECTIONS[name])}
    return SurfaceState(**fields)


def part_digest(body: bytes) -> str:
    """Return the SHA-256 of one part's bytes."""
    return sha256(body).hexdigest()


def digests_after(before: Mapping[str, str], changed: Mapping[str, bytes | None]) -> dict[str, str]:
    """Return the digest of every part once `changed` is put in."""
    after = {path: part for path, part in before.items() if path not in changed}
    after |= {path: part_digest(body) for path, body in changed.items() if body is not None}
    return after


def state_digest(digests: Mapping[str, str]) -> str:
    """Return the digest of a state: of the digests of its parts, so that equal states are equal wherever they are."""
    return digest(dict(digests))
