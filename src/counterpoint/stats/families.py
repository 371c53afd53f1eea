"""Correct a family of effects for its size, p-values and intervals together."""

from collections.abc import Sequence
from dataclasses import replace

from counterpoint.errors import InvalidInput
from counterpoint.stats.corrections import Correction, adjust_p_values, agreeing_level
from counterpoint.stats.effects import Effect, at_level


def correct_family(effects: Sequence[Effect], correction: Correction) -> tuple[Effect, ...]:
    """Return the effects with corrected p-values and intervals that agree with them, each saying how.

    Args:
        effects: The whole family, all at one level; their relative intervals must be symmetric (delta).
        correction: How.

    Raises:
        InvalidInput: `levels_differ`; `interval_not_rescalable` for logarithmic or Fieller intervals.

    Estimand:
        As each effect's; one look at the whole family. Intervals under step-wise corrections follow the decisions of
        this family and are not a simultaneous confidence set.
    """
    if not effects:
        return ()
    alpha = effects[0].alpha
    if any(e.alpha != alpha for e in effects):
        raise InvalidInput("levels_differ", "a family with different levels", where="effects", fix="use one level")
    ps = [e.p_value for e in effects]
    adjusted = adjust_p_values(ps, correction)
    name = f"{correction}({len(effects)})"
    out = []
    for i, (effect, p) in enumerate(zip(effects, adjusted, strict=True)):
        moved = at_level(effect, agreeing_level(ps, i, alpha, correction), correction=name)
        out.append(replace(moved, p_value=p, alpha=alpha))
    return tuple(out)
