"""A population of simulated listeners: generated whole from one seed, looked at one listener at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from counterpoint.config import Surface, outcome_names
from counterpoint.content import Catalogue
from counterpoint.errors import InvalidInput
from counterpoint.simulation.attributes import draw_attributes, request_attributes
from counterpoint.simulation.taste import Shelfware, Tastes, draw_tastes
from counterpoint.simulation.visits import Visit, draw_visits
from counterpoint.vocabulary import Scalar

ID_PREFIX = "sim-"
_N_CONSIDERED = 200
_MEAN_AGE_DAYS = 12.0


def is_simulated(unit: str) -> bool:
    """Return whether `unit` is one of ours, so that a result from simulated listeners can say so."""
    return unit.startswith(ID_PREFIX)


def chance(seed: int, *words: str) -> np.random.Generator:
    """Return the random numbers that belong to `words` under `seed`: the same in whatever order they are asked for."""
    # The digest is uniform already, so it goes in as the key: stretching it once more costs as much as a visit's draws.
    key = xxh3_64_intdigest("\x1f".join(words).encode(), seed=seed & (2**64 - 1))
    return np.random.Generator(np.random.Philox(key=key))


@dataclass(frozen=True, kw_only=True)  # no slots: history is a cached property
class Listener:
    """One simulated listener.

    Attributes:
        unit: Starts with "sim-".
        attributes: What requests of this listener say about it, those of the request itself excepted.
        taste: Where in the catalogue's spaces this listener is at home.
        plays_talk: Whether podcasts are part of this listener's life.
        patience: Probability of scrolling on to the next shelf, in (0, 1).
        n_visible: Cards of a shelf that fit on this listener's screen.
        visits_per_day: Expected openings of the surface.
    """

    unit: str
    attributes: dict[str, Scalar]
    taste: NDArray[np.float32]
    plays_talk: bool
    patience: float
    n_visible: int
    visits_per_day: float
    surface: Surface
    ware: Shelfware
    outcomes: frozenset[str]
    seed: int

    def visit_times(self, start: datetime, days: int, seed: int) -> tuple[Visit, ...]:
        """Return this listener's visits in a run, in time order; see `draw_visits`."""
        return draw_visits(start, days, self.visits_per_day, chance(seed, "visits", self.unit))

    def context(self, visit: Visit) -> dict[str, Scalar]:
        """Return all attributes of the request of `visit`."""
        return self.attributes | request_attributes(
            self.surface, self.attributes.get("platform"), visit.at.hour, visit.luck
        )

    def relevance(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return how well each row of the catalogue suits this listener, in standard deviations of likeness."""
        likeness = self.ware.catalogue.embeddings[rows] @ self.taste
        family = self.ware.is_talk[rows].astype(np.intp)
        return np.asarray(
            (likeness - self.ware.likeness_mean[family]) / self.ware.likeness_sd[family], dtype=np.float64
        )

    @cached_property
    def history(self) -> tuple[tuple[int, float], ...]:
        """Rows played before the run, and how many days before; most recent first, a favourite more than once."""
        rng = chance(self.seed, "history", self.unit)
        n_plays = int(min(rng.poisson(28 * self.visits_per_day) + 3, 150))
        considered = np.flatnonzero(self.ware.weight)
        if not self.plays_talk:
            considered = considered[~self.ware.is_talk[considered]]
        if considered.size > _N_CONSIDERED:
            odds = self.ware.weight[considered]
            drawn = np.searchsorted(np.cumsum(odds), rng.random(_N_CONSIDERED) * odds.sum(), side="right")
            considered = considered[np.unique(drawn.clip(max=considered.size - 1))]
        # What one plays of one's own accord is chosen with more care than what a page happens to offer.
        liking = np.exp(2.0 * self.relevance(considered) - 3.3 * self.ware.is_talk[considered])
        rows = considered[rng.choice(considered.size, size=n_plays, p=liking / liking.sum())]
        ages = np.sort(rng.exponential(_MEAN_AGE_DAYS, n_plays))
        return tuple(zip(rows.tolist(), ages.tolist(), strict=True))

    @cached_property
    def familiar(self) -> frozenset[int]:
        """Rows of the history."""
        return frozenset(row for row, _ in self.history)

    @cached_property
    def familiar_artists(self) -> frozenset[str]:
        """Artists of the history, where the catalogue knows them."""
        items = self.ware.catalogue.items
        return frozenset(artist for row in self.familiar if (artist := items[row].artist) is not None)

    def plays_before(self, start: datetime) -> tuple[tuple[str, datetime], ...]:
        """Return the history as item ids and instants for a run that begins at `start`, most recent first."""
        items = self.ware.catalogue.items
        return tuple((items[row].id, start - timedelta(days=age)) for row, age in self.history)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Simulated listeners of one catalogue and one surface; make one with `Population.generate`.

    Attributes:
        units: Ids, in the order of every other column.
        attributes: Attribute -> one value per listener; None where the surface has no value for it.
    """

    units: tuple[str, ...]
    attributes: dict[str, list[Scalar | None]]
    tastes: Tastes
    ware: Shelfware
    surface: Surface
    patience: NDArray[np.float64]
    visits_per_day: NDArray[np.float64]
    outcomes: frozenset[str]
    seed: int

    @classmethod
    def generate(cls, catalogue: Catalogue, surface: Surface, n: int, seed: int) -> "Population":
        """Return `n` listeners; the same arguments give the same listeners.

        Args:
            catalogue: What there is to listen to; tastes are mixtures of its items.
            surface: Whose attributes they have and whose metrics' outcomes they produce.
            n: How many, at least 1.
            seed: Part of every id: two seeds give different people.

        Raises:
            InvalidInput: `n` is not positive, or the catalogue has nothing to like.
        """
        if n < 1:
            raise InvalidInput(
                "out_of_range", f"a population of {n} has nobody in it", where="n", fix="ask for 1 or more"
            )
        rng = chance(seed, "population")
        ware, tastes = draw_tastes(catalogue, n, rng)
        visits_per_day = rng.gamma(6.0, 0.2, n) + 0.05
        attributes = draw_attributes(surface, tastes, visits_per_day, rng)
        names = {name for metric in surface.metrics.values() for name in outcome_names(metric) if name}
        return cls(
            units=tuple(f"{ID_PREFIX}{seed}-{index:06d}" for index in range(n)),
            attributes=attributes,
            tastes=tastes,
            ware=ware,
            surface=surface,
            patience=rng.beta(14, 5, n),
            visits_per_day=visits_per_day,
            outcomes=frozenset(names),
            seed=seed,
        )

    def __len__(self) -> int:
        return len(self.units)

    def __iter__(self) -> Iterator[Listener]:
        return (self.listener(index) for index in range(len(self)))

    def listener(self, index: int) -> Listener:
        """Return the listener at `index`; keep it for all its visits, its history is drawn once per object."""
        attributes = {key: value for key, column in self.attributes.items() if (value := column[index]) is not None}
        return Listener(
            unit=self.units[index],
            attributes=attributes,
            taste=self.tastes.vectors[index],
            plays_talk=bool(self.tastes.plays_talk[index]),
            patience=float(self.patience[index]),
            n_visible=6 if attributes.get("platform") in ("web", "desktop") else 3,
            visits_per_day=float(self.visits_per_day[index]),
            surface=self.surface,
            ware=self.ware,
            outcomes=self.outcomes,
            seed=self.seed,
        )

    def timeline(self, start: datetime, days: int, seed: int) -> Iterator[tuple[Listener, Visit]]:
        """Return every visit of everybody, in time order."""
        visits = ((visit, listener) for listener in self for visit in listener.visit_times(start, days, seed))
        return ((listener, visit) for visit, listener in sorted(visits, key=lambda pair: (pair[0].at, pair[1].unit)))
