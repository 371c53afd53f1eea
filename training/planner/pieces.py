"""Pieces: which word pieces of the pretrained vocabulary the network keeps."""

from collections.abc import Collection, Sequence
from pathlib import Path

from counterpoint.agents.offline.reader.wordpieces import pieces_of

N_COMMON = 14_000
"""The vocabulary is sorted by how common a piece is; rarer ones are kept only where a text has them."""


def kept_pieces(vocabulary: Path, texts: Sequence[Sequence[str]], known: Collection[str] = ()) -> list[str]:
    """Return the pieces to keep, in the order of the vocabulary.

    Args:
        vocabulary: The pretrained encoder's, a piece a line.
        texts: The words of every text it is taught.
        known: Pieces that it keeps whatever it is taught.
    """
    every = vocabulary.read_text("utf-8").split("\n")
    place = {piece: n for n, piece in enumerate(every) if piece}
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    kept = set(known)
    seen = {n for words in texts for word in words for n in pieces_of(word, place)}
    return [
        piece
        for piece, n in place.items()
        if piece in special
        or piece in kept
        or n in seen
        or (piece.isascii() and not piece.startswith("[") and (n < N_COMMON or len(piece.removeprefix("##")) == 1))
    ]
