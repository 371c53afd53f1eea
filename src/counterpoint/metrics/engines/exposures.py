"""Exposures in the relations of any engine: who met which variant, when first, and in which segment."""

from counterpoint.metrics.engines.relations import Relations
from counterpoint.metrics.rollup import RollupQuestion

_NO_SEGMENT = ""


def keep_met(on: Relations, question: RollupQuestion) -> None:
    """Name `met`: every exposure to the experiment, of the relation `exposure`."""
    text = on.sql.text
    of_experiment = f"surface = {text(question.surface)} AND experiment = {text(question.experiment)}"
    on.keep("met", f"SELECT unit, variant, t, snapshot FROM exposure WHERE {of_experiment}")  # noqa: S608 - quoted


def keep_units(on: Relations, question: RollupQuestion) -> None:
    """Name `units` of `met`: each unit's variant, its first exposure, and whether it met several variants."""
    segment, join = f"'{_NO_SEGMENT}'", ""
    if question.segment is not None:
        first = on.sql.attribute("attributes", question.segment, "t")
        of_surface = f"surface = {on.sql.text(question.surface)}"
        on.keep("segments", f"SELECT unit, {first} AS segment FROM served WHERE {of_surface} GROUP BY unit")  # noqa: S608 - quoted
        segment, join = "coalesce(s.segment, 'unknown')", "LEFT JOIN segments s ON u.unit = s.unit"
    on.keep(
        "units",
        f"""SELECT u.*, {segment} AS segment FROM (
              SELECT unit, min(variant) AS variant, min(t) AS first_t, min(variant) <> max(variant) AS mixed
              FROM met GROUP BY unit) u {join}""",  # noqa: S608 - quoted
    )
