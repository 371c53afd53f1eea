"""A request for one page: everything the page may depend on besides content, models and config."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from counterpoint.vocabulary import Scalar

Purpose = Literal["live", "preview", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One ask for one page of one unit.

    Attributes:
        request_id: Unique per request; records and capsules carry it.
        unit: Identifier of the randomisation unit.
        context: What the request says about its unit and itself, attribute -> value; absent means unknown.
        now: The moment the page is made for, aware UTC; the page knows no other clock.
        seed: Settles every random choice of the page.
        forced: Experiment -> variant that somebody asked to see; such a page leaves no records.
        purpose: Only a live page leaves records.
    """

    request_id: str
    surface: str
    unit: str
    now: datetime
    seed: int = 0
    context: Mapping[str, Scalar] = field(default_factory=dict)
    forced: Mapping[str, str] = field(default_factory=dict)
    purpose: Purpose = "live"

    @property
    def leaves_records(self) -> bool:
        """Whether serving it counts: exposures, impressions and history are written."""
        return self.purpose == "live" and not self.forced
