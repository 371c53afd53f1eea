"""An item: one thing that a card can show, with every fact that rules and models may ask of it."""

from datetime import datetime
from typing import Literal, TypeAlias, get_args

import msgspec

Kind: TypeAlias = Literal["track", "podcast", "episode", "album", "playlist", "artist"]
Tier: TypeAlias = Literal["free", "premium"]
Family: TypeAlias = Literal["music", "talk"]

KINDS: tuple[Kind, ...] = get_args(Kind)
TIERS: tuple[Tier, ...] = get_args(Tier)


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One track, podcast, episode, album, playlist or artist. What is not known is None, never a guess.

    Attributes:
        id: `kind:key`, such as "track:123".
        subtitle: Second line of a card; may be empty.
        artist: Who performs or hosts it; None when unknown.
        genres: Names of genres or categories, most specific first.
        markets: ISO 3166-1 alpha-2 codes where it may be shown; empty means everywhere.
        available_from: First instant at which it may be shown (UTC, inclusive); None when unbounded.
        available_until: First instant at which it may no longer be shown (UTC); None when unbounded.
        explicit: True, False, or None when nobody has said.
        tier: Least product that may play it.
        popularity: Percentile among the items of its kind by listening, in [0, 100]; None when no listening is known.
        released_at: When it was released (UTC); None when unknown.
        duration_s: Length in seconds, of a typical episode for a podcast; None when unknown.
        language: BCP 47 tag; None when unknown.
        description: Longer text; a podcast's embedding is made from it.
        embedding: Position in `space`; empty when nothing is known to place it by.
        space: Which model placed it; embeddings of two spaces cannot be compared.
    """

    id: str
    kind: Kind
    title: str
    subtitle: str = ""
    artist: str | None = None
    genres: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    available_from: datetime | None = None
    available_until: datetime | None = None
    explicit: bool | None = None
    tier: Tier = "free"
    popularity: float | None = None
    released_at: datetime | None = None
    duration_s: float | None = None
    language: str | None = None
    description: str = ""
    embedding: tuple[float, ...] = ()
    space: str = ""


def family_of(kind: Kind) -> Family:
    """Return whether listening to `kind` is listening to music or to talk (podcasts and episodes)."""
    return "talk" if kind in ("podcast", "episode") else "music"
