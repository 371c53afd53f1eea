"""What replaces a surface by its edited file: the declaration at once, values of the baseline by stages."""

from dataclasses import replace
from typing import Any

from counterpoint.config import Surface
from counterpoint.releases import (
    DEFAULT_STAGES,
    Operation,
    ReplaceSurface,
    SetBaseline,
    SurfaceState,
    stage_operation,
)


def replaced(state: SurfaceState, surface: Surface, change_id: str, **who: Any) -> tuple[Operation, ...]:
    """Return the operations that put `surface` in place of what is declared.

    Args:
        who: `author`, `reason` and `acknowledges` of the stages.
    """
    edited = {
        key: parameter.baseline
        for key, parameter in surface.parameters.items()
        if key in state.surface.parameters
        and state.surface.parameters[key].baseline != parameter.baseline
        and state.baseline[key] != parameter.baseline
    }
    replacing = ReplaceSurface(surface=surface)
    if not edited:
        return (replacing,)
    staged = stage_operation(
        replace(state, surface=surface),
        change_id,
        values=edited,
        stages=DEFAULT_STAGES,
        **who,
    )
    return (replacing, SetBaseline(values=dict(staged.before)), staged)
