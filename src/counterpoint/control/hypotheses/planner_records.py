"""Records of what a language model was asked: kept by the platform, cited by plans, taken from nobody else."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from counterpoint.agents import Planned
from counterpoint.errors import Conflict, NotFound
from counterpoint.storage.sql import SqlDocuments
from counterpoint.vocabulary import digest

_KIND = "planner_record"
Document = dict[str, Any]


class PlannerRecords:
    """Every prompt and reply behind a plan, found by the id in the plan's `planner` part."""

    def __init__(self, documents: SqlDocuments) -> None:
        self._documents = documents

    def keep(self, planned: Planned, now: datetime) -> Document:
        """Keep a record, and return the part of it that goes with the plan."""
        body: Document = {"planner": dict(planned.planner or {}), "calls": [dict(call) for call in planned.calls]}
        record = digest({**body, "at": now.isoformat()})[:16]
        # The same conversation in the same moment is the same record.
        with suppress(Conflict):
            self._documents.put(_KIND, record, body, expected_version=0, at=now)
        return {**body["planner"], "record": record}

    def calls(self, plan: Mapping[str, Any] | None) -> list[Document]:
        """Return the prompts and replies behind a plan, in order; none for a plan that no model was asked about."""
        kept = self._of(plan)
        return [] if kept is None else list(kept["calls"])

    def vouched(self, plan: Mapping[str, Any]) -> Document:
        """Return a plan that came from outside with its record as it is kept here, and without one that is not."""
        rest = {name: value for name, value in plan.items() if name != "planner"}
        kept = self._of(plan)
        return rest if kept is None else {**rest, "planner": {**kept["planner"], "record": plan["planner"]["record"]}}

    def _of(self, plan: Mapping[str, Any] | None) -> Document | None:
        planner = plan.get("planner") if plan is not None else None
        record = planner.get("record") if isinstance(planner, Mapping) else None
        if not isinstance(record, str):
            return None
        try:
            body: Document = self._documents.get(_KIND, record).body
        except NotFound:
            return None
        return body
