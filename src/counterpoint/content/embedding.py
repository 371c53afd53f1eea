"""Where items stand in space: music by how it sounds and its genres, talk by the words that describe it.

Both are deterministic. Music depends on nothing but the item, so that two imports agree; talk depends on the whole set
of podcasts (its axes are theirs), so an import places all of them anew.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh64_intdigest

AUDIO_FEATURES = (
    "acousticness",
    "danceability",
    "energy",
    "instrumentalness",
    "liveness",
    "speechiness",
    "tempo",
    "valence",
)
# Mean and standard deviation over the 13,129 tracks of the FMA audio feature table. Constants, not fitted to each
# import: a track must stand in the same place whichever other tracks it arrives with.
_POPULATION: Mapping[str, tuple[float, float]] = {
    "acousticness": (0.5247, 0.3837),
    "danceability": (0.4873, 0.1901),
    "energy": (0.5375, 0.278),
    "instrumentalness": (0.6405, 0.3614),
    "liveness": (0.1878, 0.158),
    "speechiness": (0.0992, 0.1374),
    "tempo": (123.0801, 35.0138),
    "valence": (0.4398, 0.276),
}
N_GENRE_SLOTS = 24
SOUND_SPACE = "sound-and-genres.1"
WORD_SPACE = "words.1"
MUSIC_DIMENSIONS = len(AUDIO_FEATURES) + N_GENRE_SLOTS
TALK_DIMENSIONS = 16
_N_WORD_SLOTS = 512
_LIMIT = 3.0
_WORD = re.compile(r"[a-z][a-z0-9+#.]+")
# Words that describe every podcast, and so none.
_STOP_WORDS = frozenset(
    """
    an and are as at be but by can each every for from has have how in into is it its more not of on one or other our
    that the their they this to we what when where which who will with you your about all
    episode episodes host hosted hosts podcast podcasts show week weekly
    """.split()  # noqa: SIM905  sixty quoted words would be less readable than a paragraph
)


def music_embedding(genres: Sequence[str], features: Mapping[str, float] | None) -> tuple[float, ...]:
    """Return where a track stands: standardised audio features, then one slot per genre, in equal shares.

    Args:
        genres: Genre names; each lights one of `N_GENRE_SLOTS` slots chosen by hashing (two genres may share one).
        features: Audio features by name, as in `AUDIO_FEATURES`; None stands at the mean of every feature.

    Returns:
        `MUSIC_DIMENSIONS` numbers; empty when neither genres nor features are known.
    """
    if not genres and features is None:
        return ()
    vector = np.zeros(MUSIC_DIMENSIONS)
    if features is not None:
        for position, name in enumerate(AUDIO_FEATURES):
            mean, deviation = _POPULATION[name]
            # Cut at three deviations: one odd tempo must not outweigh all else.
            vector[position] = np.clip((features[name] - mean) / deviation, -_LIMIT, _LIMIT)
        vector /= np.sqrt(len(AUDIO_FEATURES))
    if genres:
        slots = {len(AUDIO_FEATURES) + _slot(genre.casefold(), N_GENRE_SLOTS) for genre in genres}
        vector[list(slots)] = 1.0 / np.sqrt(len(slots))
    return _rounded(vector)


def talk_embeddings(texts: Sequence[str]) -> list[tuple[float, ...]]:
    """Return where each text stands among all of `texts`: hashed TF-IDF, then the leading axes of variation.

    Args:
        texts: Title, categories and description of each podcast.

    Returns:
        For each text `TALK_DIMENSIONS` numbers, or none when it holds no word that distinguishes it.
        Equal texts in equal order give equal numbers.

    Source:
        Deerwester et al. 1990 (latent semantic analysis); hashing: Weinberger et al. 2009, arXiv:0902.2206.
    """
    if not texts:
        return []
    counts = np.zeros((len(texts), _N_WORD_SLOTS))
    for row, text in enumerate(texts):
        for word in _WORD.findall(text.casefold()):
            if word not in _STOP_WORDS:
                counts[row, _slot(word.rstrip("."), _N_WORD_SLOTS)] += 1.0
    n_texts_with = np.count_nonzero(counts, axis=0)
    weights = np.log1p(counts) * np.log((1.0 + len(texts)) / (1.0 + n_texts_with))
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    np.divide(weights, norms, out=weights, where=norms > 0)
    placed = weights @ _leading_axes(weights)
    # On a page only likeness counts, so short and long descriptions stand at one distance.
    lengths = np.linalg.norm(placed, axis=1)
    return [_rounded(row / length) if length > 1e-9 else () for row, length in zip(placed, lengths, strict=True)]


def _leading_axes(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    # Right singular vectors, from the smaller of the two square matrices: few texts are quick, many do not explode.
    leading = slice(None, -TALK_DIMENSIONS - 1, -1)
    if weights.shape[0] < weights.shape[1]:
        values, left = np.linalg.eigh(weights @ weights.T)
        found = values[leading] > 1e-9  # fewer texts than axes leave the rest at zero
        axes = np.zeros((weights.shape[1], TALK_DIMENSIONS))
        axes[:, : found.size][:, found] = weights.T @ left[:, leading][:, found] / np.sqrt(values[leading][found])
    else:
        axes = np.linalg.eigh(weights.T @ weights)[1][:, leading]
    # An eigenvector's sign is arbitrary; its largest component is made positive so that every machine agrees.
    peaks = axes[np.argmax(np.abs(axes), axis=0), np.arange(axes.shape[1])]
    return np.asarray(axes * np.where(peaks < 0, -1.0, 1.0), dtype=np.float64)


def _slot(word: str, n_slots: int) -> int:
    return xxh64_intdigest(word.encode()) % n_slots


def _rounded(vector: NDArray[np.float64]) -> tuple[float, ...]:
    # Five decimals are far finer than any model's noise, and make files smaller and equal across machines.
    return tuple(float(value) for value in np.round(vector, 5))
