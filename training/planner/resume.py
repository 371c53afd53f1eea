"""Reads a network back from the file that ships, so that new hypotheses are taught to it and not to a new one."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from training.planner.encoder import N_LAYERS, Reader

_LINEAR = "qkvoif"
"""Linear parts of a layer, in the order in which it uses them and the export numbers their weights."""


def resume(reader: Reader, shipped: Path) -> None:
    """Give a reader the weights of a `reader.onnx`, in place; those of the word pieces stay as they are pretrained.

    Eight bits a weight are enough to begin from: what is lost is less than a step of teaching.

    Args:
        shipped: As `ship` wrote it, of a network with the same names; it may know other word pieces.
    """
    found = _weights_of(shipped)
    weights = reader.state_dict()
    for name, theirs in found.items():
        if name.startswith("encoder.pos"):
            weights[name][: len(theirs)] = theirs  # the places behind them were never used
        elif weights[name].shape != theirs.shape:
            raise SystemExit(f"{shipped} was taught other names: {name} is {tuple(theirs.shape)} there")
        else:
            weights[name] = theirs
    reader.load_state_dict(weights)


def _weights_of(shipped: Path) -> dict[str, Tensor]:
    held = {each.name: numpy_helper.to_array(each) for each in onnx.load(str(shipped)).graph.initializer}
    found = {
        name.removeprefix("reader."): torch.tensor(values.copy())
        for name, values in held.items()
        if name.startswith("reader.") and values.dtype == np.float32 and not name.endswith("_scale")
    }
    # The exporter numbers what it transposes, in the order in which it is used.
    numbered = sorted(
        (name.removesuffix("_quantized") for name in held if name.startswith("onnx::MatMul_") and "quantized" in name),
        key=lambda name: int(name.rpartition("_")[2]),
    )
    order = [f"encoder.layers.{n}.{part}.weight" for n in range(N_LAYERS) for part in _LINEAR] + ["query"]
    for name, exported in zip(order, numbered, strict=True):
        found[name] = _restored(held, exported)
    for part in ("whole", "is_value", "dial_of", "way_of"):
        found[f"{part}.weight"] = _restored(held, f"reader.{part}.weight_Transposed")
    return found


def _restored(held: Mapping[str, NDArray[np.float32]], name: str) -> Tensor:
    """Return a matrix from its eight bits, its scale and its zero, transposed back."""
    whole = held[f"{name}_quantized"].astype(np.float32) - held[f"{name}_zero_point"].astype(np.float32)
    return torch.tensor(whole * held[f"{name}_scale"]).T.contiguous()
