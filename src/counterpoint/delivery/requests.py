"""Requests to try a change on: those that were recorded, or synthetic ones while a surface has none."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from counterpoint.config import Surface
from counterpoint.content import LiveCatalogue
from counterpoint.events import EventLog, Served
from counterpoint.pages import Request
from counterpoint.simulation import Listener, Population
from counterpoint.storage.histories import MemoryHistories
from counterpoint.vocabulary import Scalar

Matches = Callable[[Mapping[str, Scalar]], bool]
RECENT = timedelta(days=14)
_N_SYNTHETIC = 600
_ENOUGH = 30
_N_SAMPLES = 12
_SEED = 11


class RequestSamples:
    """Samples of requests per surface.

    Args:
        log: Where served pages are recorded.
        catalogue: What synthetic listeners listened to.
        histories: Told what synthetic listeners played, so that their pages are like anybody's.
    """

    def __init__(self, log: EventLog, catalogue: LiveCatalogue, histories: MemoryHistories) -> None:
        self._log = log
        self._catalogue = catalogue
        self._histories = histories
        self._population: tuple[str, Population] | None = None

    def requests(
        self, surface: Surface, *, n: int, now: datetime, matches: Matches | None = None
    ) -> tuple[tuple[Request, ...], str]:
        """Return up to `n` requests, and "recorded" or "synthetic", which is what they are.

        Args:
            matches: Whether a request's context is wanted; every one is when None.
        """
        wanted = matches or _anybody
        recorded = tuple(islice((each for each in self._recorded(surface.key, now) if wanted(each.context)), n))
        if len(recorded) >= min(n, _ENOUGH):
            return recorded, "recorded"
        return tuple(islice(self._synthetic(surface, now, wanted), n)), "synthetic"

    def sample_units(self, surface: Surface, now: datetime) -> list[dict[str, Any]]:
        """Return some units with their contexts and a label in words, to look at the page with their eyes."""
        requests, _ = self.requests(surface, n=4 * _N_SAMPLES, now=now)
        units = {request.unit: request for request in requests}
        return [
            {"unit": unit, "context": dict(request.context), "label": _label(unit, request)}
            for unit, request in islice(units.items(), _N_SAMPLES)
        ]

    def _listeners(self, surface: Surface) -> Iterable[Listener]:
        catalogue = self._catalogue.current
        if len(catalogue) == 0:
            return ()
        made_of = f"{surface.key}@{catalogue.version}"
        if self._population is None or self._population[0] != made_of:
            self._population = made_of, Population.generate(catalogue, surface, _N_SYNTHETIC, _SEED)
        return self._population[1]

    def _recorded(self, surface: str, now: datetime) -> Iterator[Request]:
        for served in self._log.read(Served, since=now - RECENT, until=now):
            if served.surface == surface and not served.forced:
                yield Request(
                    request_id=served.request_id,
                    surface=surface,
                    unit=served.unit,
                    now=served.at,
                    context=served.attributes,
                    purpose="preview",
                )

    def _synthetic(self, surface: Surface, now: datetime, wanted: Matches) -> Iterator[Request]:
        for number, listener in enumerate(self._listeners(surface)):
            visit = next(iter(listener.visit_times(now - timedelta(days=1), 7, _SEED)), None)
            context = listener.attributes if visit is None else listener.context(visit)
            if not wanted(context):
                continue
            plays = [(item, at.timestamp()) for item, at in reversed(listener.plays_before(now))]
            self._histories.seed(listener.unit, plays)
            yield Request(
                request_id=f"synthetic-{number}",
                surface=surface.key,
                unit=listener.unit,
                now=now,
                seed=number,
                context=context,
                purpose="preview",
            )


def _anybody(_: Mapping[str, Scalar]) -> bool:
    return True


def _label(unit: str, request: Request) -> str:
    said = [str(request.context[key]) for key in ("country", "plan", "platform", "top_genre") if key in request.context]
    return f"{unit} ({', '.join(said)})" if said else unit
