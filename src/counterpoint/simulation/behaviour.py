"""What a simulated listener does on one visit: look, play, skip, save; reported as events a client would send."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from counterpoint.events import Impression, Outcome
from counterpoint.simulation.attention import Attention, ShownPage, attend, shown_page
from counterpoint.simulation.population import Listener, chance
from counterpoint.simulation.visits import Visit

_LOOK_S = 0.7  # seconds per card looked at
_NETWORK_MS = {"wifi": 45.0, "cellular": 140.0}
_CRASH_RATE = 0.0012
_SUBSCRIBE_RATE = 0.004
_SKIPPED_BEFORE_MIN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One play that started from the page."""

    item: str
    kind: str
    at: datetime
    minutes: float
    is_skip: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one visit left behind.

    Attributes:
        events: Impressions and outcomes, for ingest.
        plays: The plays by item, for the listener's history and for training.
    """

    events: tuple[Outcome | Impression, ...]
    plays: tuple[Play, ...]


def behave(
    listener: Listener, page_document: Mapping[str, Any], visit: Visit, seed: int, *, latency_ms: float | None = None
) -> Behaviour:
    """Return what `listener` does with the page.

    Depends on the listener, on the shelves and cards of the page, on the visit, on the seed, and on nothing else: not
    on exposures, config values, variants or experiments, which are not even read.

    The mechanism answers to which items are shown, on which shelf, and where. It does not answer to looks (`visual.*`),
    to what would make people come back (visits are drawn beforehand), or to delivery beyond its latency.

    Args:
        page_document: The page, as served.
        visit: One of the listener's visits; its instant is that of the events.
        seed: Of the run.
        latency_ms: How long the page took to be served; None when nobody measured it, and no load time is reported.
    """
    rng = chance(seed, listener.unit, visit.at.isoformat())
    page = shown_page(page_document, listener.ware.catalogue.row_of)
    attention = attend(listener, page, rng)
    load_ms = None
    if latency_ms is not None:
        network = str(listener.context(visit).get("network", "wifi"))
        load_ms = latency_ms + _NETWORK_MS.get(network, 0.0) * float(rng.gamma(4.0, 0.25))
    waited_s = _LOOK_S * attention.n_looked_at_before_first + (load_ms or 0.0) / 1000.0
    plays = _listen(listener, page, attention, visit.at + timedelta(seconds=waited_s), rng)
    sums = _outcomes(listener, page, attention, plays, visit, rng)
    if load_ms is not None:
        sums["page_load_ms_p95"] = load_ms
    if plays:
        sums["time_to_first_play_s"] = waited_s
    return Behaviour(events=_events(listener, page, attention, visit.at, sums), plays=plays)


def _listen(
    listener: Listener, page: ShownPage, attention: Attention, at: datetime, rng: np.random.Generator
) -> tuple[Play, ...]:
    plays: list[Play] = []
    ware = listener.ware
    for card in attention.clicked.tolist():
        row = int(page.row[card])
        is_talk = row >= 0 and bool(ware.is_talk[row])
        length = float(ware.minutes[row]) if row >= 0 else 4.0
        suits = 1.0 / (1.0 + np.exp(-(attention.liking[card] + 3.0)))  # 1/2 for an average card, more for a favourite
        luck = rng.random()
        if luck < 0.45 * (1.0 - suits):
            minutes = float(_SKIPPED_BEFORE_MIN * rng.random())
        elif is_talk:
            minutes = length * float(rng.beta(1.0 + 3.0 * suits, 1.6))
        else:
            # A track that suits is followed by more like it.
            minutes = length * (1.0 + float(rng.gamma(0.8, 1.0 + 5.0 * suits)))
        is_skip = minutes < _SKIPPED_BEFORE_MIN
        kind = ware.catalogue.items[row].kind if row >= 0 else "unknown"
        plays.append(Play(item=page.items[card], kind=kind, at=at, minutes=minutes, is_skip=is_skip))
        at += timedelta(minutes=minutes)
    return tuple(plays)


def _outcomes(
    listener: Listener,
    page: ShownPage,
    attention: Attention,
    plays: tuple[Play, ...],
    visit: Visit,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return every sum of this visit by outcome name; a name with nothing to report may be absent or 0."""
    heard = [play for play in plays if not play.is_skip]
    minutes = sum(play.minutes for play in plays)
    talk_minutes = sum(play.minutes for play in plays if play.kind in ("podcast", "episode"))
    saved = [play.item for play in heard if rng.random() < 0.08]
    shelves = [page.shelf_keys[page.shelf[card]] for card in attention.shown.tolist()]
    clicked = [page.shelf_keys[page.shelf[card]] for card in attention.clicked.tolist()]
    generated = {page.items[card] for card in attention.shown.tolist() if page.shelf_keys[page.shelf[card]] == "genrec"}
    catalogue = listener.ware.catalogue
    artists = {item.artist for play in heard if (item := catalogue.get(play.item)) and item.kind == "track"}
    subscribes = listener.attributes.get("plan") == "free" and rng.random() < _SUBSCRIBE_RATE * len(heard)
    return {
        "pages": 1.0,
        "sessions": 1.0,
        "empty_or_fallback_pages": float(page.is_last_resort),
        "crashes": float(rng.random() < _CRASH_RATE),
        "scroll_depth": float(attention.n_shelves_seen),
        "days_active": float(visit.is_first_of_day),
        # Active on the seventh day; the window of the metric closes with it.
        "retention": float(visit.day == 6),
        "home_impressions": float(attention.shown.size),
        "home_clicks": float(attention.clicked.size),
        "not_interested_clicks": float(attention.disliked.size),
        "jump_back_in_impressions": float(shelves.count("jump_back_in")),
        "jump_back_in_clicks": float(clicked.count("jump_back_in")),
        "generated_items_shown": float(len(generated)),
        "generated_items_saved": float(len(generated.intersection(saved))),
        "plays": float(len(plays)),
        "skips": float(len(plays) - len(heard)),
        "home_stream_rate": float(bool(heard)),
        "minutes_played": minutes,
        "listening_minutes": minutes,
        "podcast_minutes": talk_minutes,
        "music_minutes": minutes - talk_minutes,
        "podcast_starters": float(any(play.kind in ("podcast", "episode") for play in heard)),
        "saves": float(len(saved)),
        "playlist_adds": float(sum(rng.random() < 0.05 for _ in heard)),
        "new_artists": float(len({artist for artist in artists if artist} - listener.familiar_artists)),
        "premium_conversion": float(subscribes),
    }


def _events(
    listener: Listener, page: ShownPage, attention: Attention, at: datetime, sums: Mapping[str, float]
) -> tuple[Outcome | Impression, ...]:
    surface, unit, request_id = listener.surface.key, listener.unit, page.request_id
    events: list[Outcome | Impression] = [
        Impression(
            id=f"{request_id}/i{card}",
            at=at,
            surface=surface,
            unit=unit,
            request_id=request_id,
            shelf=page.shelf_keys[shelf],
            shelf_position=page.shelf_positions[shelf],
            item=page.items[card],
            position=position,
        )
        for card, shelf, position in zip(
            attention.shown.tolist(),
            page.shelf[attention.shown].tolist(),
            page.position[attention.shown].tolist(),
            strict=True,
        )
    ]
    events.extend(
        Outcome(
            id=f"{request_id}/{name}", at=at, surface=surface, unit=unit, name=name, value=value, request_id=request_id
        )
        for name, value in sums.items()
        if value and name in listener.outcomes
    )
    return tuple(events)
