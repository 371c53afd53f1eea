"""The network in PyTorch: a small pretrained encoder, and heads that say where in the text they listen."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.planner.labels import WAYS, Names

WIDTH, N_HEADS, N_LAYERS, INNER = 384, 12, 6, 1536
_SHARPNESS = 4.0
"""Divides what a head listens for: attention that begins almost even learns faster."""
_THEIRS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "o": "attention.output.dense",
    "ln1": "attention.output.LayerNorm",
    "i": "intermediate.dense",
    "f": "output.dense",
    "ln2": "output.LayerNorm",
}


class Layer(nn.Module):
    """One layer of the encoder: attention, then a step for each word piece alone."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.i, self.f = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, away: Tensor) -> Tensor:
        """Return the next states; `away` is added to the scores of what is no word."""
        n, length, _ = x.shape
        q, k, v = (m(x).view(n, length, N_HEADS, -1).transpose(1, 2) for m in (self.q, self.k, self.v))
        heard = functional.scaled_dot_product_attention(q, k, v, attn_mask=away.to(q.dtype))
        x = self.ln1(x + self.drop(self.o(heard.transpose(1, 2).reshape(n, length, WIDTH))))
        inner: Tensor = self.ln2(x + self.drop(self.f(functional.gelu(self.i(x)))))
        return inner


class Encoder(nn.Module):
    """A BERT encoder; its first weights are those of all-MiniLM-L6-v2 (Apache 2.0)."""

    def __init__(self, n_pieces: int) -> None:
        super().__init__()
        self.word, self.pos, self.typ = (nn.Embedding(n, WIDTH) for n in (n_pieces, 512, 2))
        self.ln, self.drop = nn.LayerNorm(WIDTH, eps=1e-12), nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer() for _ in range(N_LAYERS))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return a state for each word piece."""
        x = self.drop(self.ln(self.word(ids) + self.pos.weight[: ids.shape[1]] + self.typ.weight[0]))
        away = ((1 - mask) * -1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, away)
        return x


class Reader(nn.Module):
    """The encoder with one head for each name, and three for each quantity."""

    def __init__(self, encoder: Encoder, names: Names) -> None:
        super().__init__()
        self.encoder = encoder
        n = sum(len(each) for each in names.groups.values())
        self.query, self.out = (nn.Parameter(torch.randn(n, WIDTH) * 0.02) for _ in range(2))
        self.bias, self.whole = nn.Parameter(torch.zeros(n)), nn.Linear(WIDTH, n)
        self.is_value = nn.Linear(2 * WIDTH, 1)
        self.dial_of = nn.Linear(2 * WIDTH, len(names.numeric))
        self.way_of = nn.Linear(2 * WIDTH, len(WAYS))
        self.drop = nn.Dropout(0.3)

    def forward(
        self, ids: Tensor, mask: Tensor, which: Tensor, starts: Tensor, ends: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return scores (texts x names), attention (texts x pieces x names), and three scores for each quantity.

        Args:
            ids: Word pieces, texts x pieces.
            mask: 1 where there is one.
            which: Of each quantity, its text.
            starts: Of each quantity, its first piece.
            ends: The piece after its last one.
        """
        x = self.encoder(ids, mask)
        kept = self.drop(x)
        attention = (x @ self.query.T / _SHARPNESS + ((1 - mask) * -1e4)[:, :, None]).softmax(1)
        heard = torch.einsum("btn,btd->bnd", attention, kept)
        mean = (kept * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        scores = (heard * self.out).sum(-1) + self.bias + self.whole(mean)
        places = torch.arange(ids.shape[1])[None]
        inside = ((places >= starts[:, None]) & (places < ends[:, None])).float()
        inside = inside / inside.sum(1, keepdim=True).clamp(min=1)
        said = torch.cat([torch.einsum("qt,qtd->qd", inside, kept[which]), kept[which, 0]], -1)
        return scores, attention, self.is_value(said)[:, 0], self.dial_of(said), self.way_of(said)


def pretrained(folder: Path, pieces: Sequence[str]) -> Encoder:
    """Return the encoder with the weights of a folder (`model.safetensors`, `vocab.txt`), for some of its pieces."""
    vocabulary = (folder / "vocab.txt").read_text("utf-8").split("\n")
    place = {piece: n for n, piece in enumerate(vocabulary)}
    theirs = _tensors(folder / "model.safetensors")
    words = theirs["embeddings.word_embeddings.weight"][[place[piece] for piece in pieces]]
    mine = {
        "word.weight": words,
        "pos.weight": theirs["embeddings.position_embeddings.weight"],
        "typ.weight": theirs["embeddings.token_type_embeddings.weight"],
        "ln.weight": theirs["embeddings.LayerNorm.weight"],
        "ln.bias": theirs["embeddings.LayerNorm.bias"],
    }
    for n in range(N_LAYERS):
        for here, there in _THEIRS.items():
            for part in ("weight", "bias"):
                mine[f"layers.{n}.{here}.{part}"] = theirs[f"encoder.layer.{n}.{there}.{part}"]
    encoder = Encoder(len(pieces))
    encoder.load_state_dict(mine)
    return encoder


def _tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file: a length, a JSON head with the places, then the numbers."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    found = {}
    for name, about in json.loads(raw[8 : 8 + length]).items():
        if name == "__metadata__" or about["dtype"] != "F32":
            continue
        start, end = about["data_offsets"]
        numbers = np.frombuffer(raw[8 + length + start : 8 + length + end], dtype=np.float32)
        found[name] = torch.tensor(numbers.reshape(about["shape"]).copy())
    return found
