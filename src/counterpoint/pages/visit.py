"""One visit: what every stage of one page may look at, with what was already computed for it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from counterpoint.pages.evidence import MISCONFIGURED, Scores
from counterpoint.pages.index import PageIndex
from counterpoint.pages.inputs import Inputs
from counterpoint.pages.listener import Listener, listener_on
from counterpoint.pages.ports import PageConfig
from counterpoint.pages.request import Request
from counterpoint.recommend import NO_PAST, ListenerState, Model, listener_state
from counterpoint.vocabulary import Scalar

POPULARITY = "popularity"
T = TypeVar("T")


class Visit:
    """The arguments of a page, bound together for its stages; lives as long as the page is being made.

    Stages read parameters through `config` at the moment where the value matters and not before: the first read of
    a parameter is the exposure of the experiment that may set it.
    """

    __slots__ = (
        "_listener",
        "_memo",
        "_relevance",
        "config",
        "degradations",
        "index",
        "inputs",
        "market",
        "now_s",
        "rankers",
        "request",
        "value",
    )

    def __init__(
        self, *, request: Request, config: PageConfig, inputs: Inputs, index: PageIndex, rankers: Mapping[str, Model]
    ) -> None:
        self.request = request
        self.config = config
        self.value: Callable[[str], Scalar] = config.value
        self.inputs = inputs
        self.index = index
        self.rankers = rankers
        self._listener: Listener | None = None
        self.now_s = request.now.timestamp()
        country = request.context.get("country")
        self.market = country if isinstance(country, str) else None
        self.degradations: list[str] = []
        self._memo: dict[str, Any] = {}
        self._relevance: dict[str, Scores] = {}

    @property
    def listener(self) -> Listener:
        """The listener on this catalogue, worked out when the first stage asks."""
        if self._listener is None:
            self._listener = listener_on(self.inputs.history, self.index)
        return self._listener

    def once(self, key: str, compute: Callable[["Visit"], T]) -> T:
        """Return what `compute` says of this visit, computed by the first stage that asks.

        Args:
            key: Names the computation; one name, one type.
        """
        if key not in self._memo:
            self._memo[key] = compute(self)
        return cast("T", self._memo[key])

    def truth(self, key: str) -> bool:
        """Read a boolean parameter."""
        return bool(self.config.value(key))

    def whole(self, key: str) -> int:
        """Read an integer parameter."""
        return int(self.config.value(key))

    def number(self, key: str) -> float:
        """Read a numeric parameter."""
        return float(self.config.value(key))

    def text(self, key: str) -> str:
        """Read a textual parameter."""
        return str(self.config.value(key))

    def degrade(self, reason: str) -> None:
        """Note why this page is not complete."""
        if reason not in self.degradations:
            self.degradations.append(reason)

    def relevance(self, model: str) -> Scores:
        """Return how much `model` says this listener likes each row; popularity, marked, where it fails."""
        known = self._relevance.get(model)
        if known is None:
            known = self._relevance[model] = self._compute_relevance(model)
        return known

    def _compute_relevance(self, model: str) -> Scores:
        ranker = self.rankers.get(model)
        if ranker is None:
            if model == POPULARITY:
                return self.index.popularity_scores
            self.degrade(f"ranker_missing:{model}")
            return self.index.popularity_scores
        # Popularity likes the same for everybody, so how fast a past fades cannot matter to it.
        state = NO_PAST if model == POPULARITY else self._state()
        try:
            return ranker.score(state)
        except MISCONFIGURED:
            raise
        except Exception as failure:
            # A model is a dependency of this page: whatever it does wrong, the page is answered and says so.
            self.degrade(f"ranker_failed:{model}:{type(failure).__name__}")
            return self.index.popularity_scores

    def _state(self) -> ListenerState:
        listener = self.listener
        return listener_state(
            listener.played,
            listener.played_at,
            now_s=self.now_s,
            half_life_days=self.number("ranking.recency_half_life_days"),
            follows=listener.history.follows,
        )
