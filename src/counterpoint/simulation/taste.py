"""What simulated listeners like: mixtures of real items, drawn by how often people really listened to them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.content import Catalogue, family_of
from counterpoint.errors import InvalidInput

N_LIKED = 5
TALK_SHARE = 0.35
N_CALIBRATION = 256


@dataclass(frozen=True, kw_only=True)
class Shelfware:
    """The catalogue as a listener's eye meets it: one entry per row.

    Attributes:
        is_talk: Whether it is a podcast or an episode.
        appeal: Standardised popularity within its family; 0, the average, where no listening is known.
        minutes: Length in minutes, or the family's middle where it is unknown.
        weight: Probability that listening, within its family, is to this row.
        likeness_mean: Mean cosine of a listener's taste with an item, by family (music, talk).
        likeness_sd: Standard deviation of the same.
    """

    catalogue: Catalogue
    is_talk: NDArray[np.bool_]
    appeal: NDArray[np.float64]
    minutes: NDArray[np.float64]
    weight: NDArray[np.float64]
    likeness_mean: NDArray[np.float64]
    likeness_sd: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Tastes:
    """What each of n listeners likes.

    Attributes:
        vectors: Shape (n, dimensions): unit taste in music plus unit taste in talk, which share no column.
        plays_talk: Whether podcasts are part of this listener's life.
        top_genre: Broadest genre of the item liked most.
    """

    vectors: NDArray[np.float32]
    plays_talk: NDArray[np.bool_]
    top_genre: tuple[str, ...]


def draw_tastes(catalogue: Catalogue, n: int, rng: np.random.Generator) -> tuple[Shelfware, Tastes]:
    """Return how the catalogue meets the eye, and the tastes of `n` listeners.

    Raises:
        InvalidInput: The catalogue has no music that is placed by an embedding (`nothing_to_like`).
    """
    is_talk = np.array([family_of(item.kind) == "talk" for item in catalogue.items], dtype=np.bool_)
    placed = np.linalg.norm(catalogue.embeddings, axis=1) > 0
    if not np.any(placed & ~is_talk):
        raise InvalidInput(
            "nothing_to_like",
            "simulated listeners need music with embeddings, and the catalogue has none",
            fix="import tracks with audio features or genres",
        )
    weight, appeal, minutes = _by_family(catalogue, is_talk)
    music, liked = _mixtures(catalogue, np.where(placed & ~is_talk, weight, 0.0), n, rng)
    plays_talk = rng.random(n) < TALK_SHARE
    vectors = music
    if np.any(placed & is_talk):
        # People who do not play podcasts have a taste in them all the same: that is how one may win them.
        talk, _ = _mixtures(catalogue, np.where(placed & is_talk, weight, 0.0), n, rng)
        vectors = music + talk
    mean, deviation = _calibrate(catalogue, vectors, is_talk)
    ware = Shelfware(
        catalogue=catalogue,
        is_talk=is_talk,
        appeal=appeal,
        minutes=minutes,
        weight=weight,
        likeness_mean=mean,
        likeness_sd=deviation,
    )
    genres = tuple((catalogue.items[row].genres or ("",))[-1] for row in liked)
    return ware, Tastes(vectors=vectors, plays_talk=plays_talk, top_genre=genres)


def _by_family(
    catalogue: Catalogue, is_talk: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    n = len(catalogue)
    weight, appeal, minutes = np.zeros(n), np.zeros(n), np.zeros(n)
    lengths = np.array([item.duration_s or np.nan for item in catalogue.items], dtype=np.float64) / 60.0
    for family, usual in ((~is_talk, 4.0), (is_talk, 40.0)):
        if not family.any():
            continue
        popularity = catalogue.popularity[family]
        known = popularity[~np.isnan(popularity)]
        # A percentile is even by construction; real listening is not. A Pareto tail gives it back its head.
        share = np.where(np.isnan(popularity), 1.0, (1.0 - np.nan_to_num(popularity, nan=0.0) / 100.5) ** -0.7)
        weight[family] = share / share.sum()
        if known.size and known.std() > 0:
            appeal[family] = np.nan_to_num((popularity - known.mean()) / known.std(), nan=0.0)
        minutes[family] = np.where(np.isnan(lengths[family]), usual, lengths[family])
    return weight, appeal, minutes


def _mixtures(
    catalogue: Catalogue, weight: NDArray[np.float64], n: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    total = np.cumsum(weight)
    liked = np.searchsorted(total, rng.random((n, N_LIKED)) * total[-1], side="right").clip(max=len(weight) - 1)
    shares = rng.dirichlet(np.full(N_LIKED, 0.6), size=n).astype(np.float32)
    mixed = np.einsum("nk,nkd->nd", shares, catalogue.embeddings[liked])
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    favourite = liked[np.arange(n), np.argmax(shares, axis=1)]
    return np.asarray(mixed / np.maximum(norms, 1e-9), dtype=np.float32), favourite.astype(np.intp)


def _calibrate(
    catalogue: Catalogue, vectors: NDArray[np.float32], is_talk: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # Likeness is read against what is usual in this catalogue, so that a homogeneous one still has favourites.
    likeness = vectors[:N_CALIBRATION] @ catalogue.embeddings.T
    mean, deviation = np.zeros(2), np.ones(2)
    for family, mask in enumerate((~is_talk, is_talk)):
        if mask.any():
            mean[family] = likeness[:, mask].mean()
            deviation[family] = max(float(likeness[:, mask].std()), 1e-6)
    return mean, deviation
