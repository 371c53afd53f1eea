"""Lost exposures in DuckDB: how many units of each variant met it, and how many of them were then shown the page."""

from collections.abc import Mapping
from datetime import timedelta

from counterpoint.events import EventLog, Exposure, Impression
from counterpoint.metrics.engines.records import create_view, micros, records_database, text
from counterpoint.metrics.rollup import RollupQuestion

GRACE = timedelta(hours=1)
"""How long after an exposure its page may still be shown."""


def shown_pages(log: EventLog, question: RollupQuestion) -> Mapping[str, tuple[int, int]]:
    """Return, by variant, exposed units and those of them with an impression of the page of their first exposure.

    Empty where the surface records no impressions: then nothing is known of what was shown. Units of several variants,
    and those exposed within the last hour, are in neither count.
    """
    until = min(question.now, question.ended_at or question.now)
    with records_database() as db:
        columns = ("unit", "surface", "experiment", "variant", "request_id")
        create_view(db, log, Exposure, columns, since=question.started_at, until=until)
        create_view(db, log, Impression, ("surface", "request_id"), since=question.started_at, until=question.now)
        rows = db.execute(
            f"""WITH first AS (
                  SELECT min(variant) AS variant, arg_min(request_id, t) AS request_id, min(t) AS t FROM exposure
                  WHERE surface = {text(question.surface)} AND experiment = {text(question.experiment)}
                  GROUP BY unit HAVING min(variant) = max(variant)),
                shown AS (
                  SELECT DISTINCT request_id FROM impression
                  WHERE surface = {text(question.surface)} AND request_id IN (SELECT request_id FROM first))
                SELECT variant, count(*), count(s.request_id) FROM first LEFT JOIN shown s USING (request_id)
                WHERE t < {micros(question.now - GRACE)} GROUP BY variant"""  # noqa: S608 - quoted
        ).fetchall()
    found = {variant: (n, shown) for variant, n, shown in rows if variant in question.variants}
    return found if any(shown for _, shown in found.values()) else {}
