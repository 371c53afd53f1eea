"""Write the baseline, the holdouts and the domains that exist as documents, so that a plan of them finds nothing."""

from typing import Any

import msgspec
import yaml

from counterpoint.control.configuring import Configuring
from counterpoint.control.declared.parts import BaselinePart, DomainPart, HoldoutPart, Part, kind_of
from counterpoint.control.declared.standing import Standing


def adopt_parts(configuring: Configuring, surface: str, source: str) -> None:
    """Make a folder the one that declares the holdouts and domains of a surface; a baseline belongs to nobody."""
    state, standing = configuring.desk.live(surface).state, Standing(configuring=configuring, source=source)
    for kind, present in (("holdout", state.holdouts), ("domain", state.domains)):
        for key in sorted(present):
            standing.adopt(surface, f"{kind}s/{key}")


def exported_parts(configuring: Configuring, surface: str) -> dict[str, str]:
    """Return path -> YAML of the baseline with its rules, of every holdout and of every domain of a surface.

    Each says by `as_of` which release last changed it, so that what is done by hand later is told from it.

    Raises:
        NotFound: Code `unknown_surface`.
    """
    state, releases = configuring.desk.live(surface).state, configuring.desk.releases

    def as_of(*paths: str) -> int:
        notes = [releases.history(surface, path=path, limit=1) for path in paths]
        return max((found[0].number for found in notes if found), default=0)

    parts: list[Part] = [
        BaselinePart(
            surface=surface,
            values=dict(state.baseline),
            rules=state.rules,
            as_of=as_of("rules", *(f"baseline/{key}" for key in state.baseline)),
        )
    ]
    parts += [
        HoldoutPart(
            key=key,
            surface=surface,
            owner=held.owner,
            share=held.share,
            ends_at=held.ends_at,
            unit=held.unit,
            layers=held.layers,
            owners=held.owners,
            as_of=as_of(f"holdouts/{key}"),
        )
        for key, held in sorted(state.holdouts.items())
    ]
    parts += [
        DomainPart(
            key=key,
            surface=surface,
            owner=domain.owner,
            share=len(domain.buckets) / 10_000,
            as_of=as_of(f"domains/{key}"),
        )
        for key, domain in sorted(state.domains.items())
    ]
    return {_path(part): _text(part) for part in parts}


def _path(part: Part) -> str:
    # In a folder of their own: an experiment may be called `baseline`.
    kind = kind_of(part)
    return f"{part.surface}/config/{kind if kind == part.key else f'{kind}-{part.key}'}.yaml"


def _text(part: Part) -> str:
    said: dict[str, Any] = msgspec.to_builtins(part)
    kept = {name: value for name, value in said.items() if value is not None and (value != [] or name == "rules")}
    ordered = {"kind": kept.pop("kind"), **kept}
    text: str = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=120)
    return text
