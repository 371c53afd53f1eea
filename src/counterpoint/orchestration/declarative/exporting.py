"""Write what exists as a folder of specs, so that a plan of that folder finds nothing to do."""

from collections.abc import Iterable

import msgspec
import yaml

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.declarative.planning import NEVER_LIVE, present_launches
from counterpoint.orchestration.launch import Launch
from counterpoint.orchestration.recording import spec_of, write
from counterpoint.orchestration.world import LaunchWorld


def exported(launches: Iterable[Launch], *, surface: str | None = None) -> dict[str, str]:
    """Return path -> YAML of every experiment that was launched and not refused, in any state, ended ones too.

    Args:
        launches: Newest first.
        surface: Only of this surface.
    """
    texts = {}
    for (where, key), launch in sorted(present_launches(launches).items()):
        if launch.state not in NEVER_LIVE and surface in (None, where):
            texts[f"{where}/{key}.yaml"] = spec_text(spec_of(launch))
    return texts


def spec_text(spec: ExperimentSpec) -> str:
    """Return a spec as YAML with every default written out: what is reviewed does not change with a later default."""
    document = spec.model_dump(mode="json", exclude_none=True)
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return text


def adopt(world: LaunchWorld, launch_id: str, source: str) -> Launch:
    """Return the launch as one that the folder `source` declares: dropped from it, it may be pruned."""

    def change(launch: Launch) -> Launch:
        return launch if launch.origin == source else msgspec.structs.replace(launch, origin=source)

    return write(world, launch_id, change)
