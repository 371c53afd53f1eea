"""Ships a taught network: weights as eight-bit ONNX, names as JSON."""

import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from counterpoint.agents.offline.reader.wordpieces import MAX_PIECES
from training.planner.encoder import Reader
from training.planner.labels import WAYS, Names

_OUTPUTS = ("scores", "attention", "is_value", "dial_of", "way_of")


class _OneText(nn.Module):
    """The network asked about one text."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, ids: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, ...]:
        """Return what the network says of one text (1 x pieces)."""
        answer: tuple[Tensor, ...] = self.reader(
            ids, torch.ones_like(ids, dtype=torch.float32), torch.zeros_like(starts), starts, ends
        )
        return answer


def ship(
    reader: Reader, pieces: Sequence[str], names: Names, to: Path, weights: Mapping[str, Sequence[float]] | None = None
) -> None:
    """Write `reader.onnx` and `reader.json`.

    Args:
        weights: How the grammar is weighed against it; comes later (`weigh`) when None.
    """
    reader.eval()
    reader.encoder.pos.weight.data = reader.encoder.pos.weight.data[:MAX_PIECES]
    to.mkdir(parents=True, exist_ok=True)
    example = (torch.randint(100, len(pieces), (1, 40)), torch.tensor([3, 7]), torch.tensor([4, 9]))
    pieces_axis, quantities_axis = {1: "pieces"}, {0: "quantities"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter by tracing tells that there is another one
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            _OneText(reader),
            example,
            str(whole),
            input_names=["ids", "starts", "ends"],
            output_names=list(_OUTPUTS),
            dynamic_axes={
                "ids": pieces_axis,
                "attention": pieces_axis,
                **dict.fromkeys(("starts", "ends", *_OUTPUTS[2:]), quantities_axis),
            },
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(str(whole), str(to / "reader.onnx"), weight_type=QuantType.QInt8, per_channel=True)
    document = {
        "groups": names.groups,
        "numeric": names.numeric,
        "ways": WAYS,
        "weights": weights or {"plan": [], "arms": [], "metric": [], "direction": [], "audience": [], "whole": []},
        "pieces": list(pieces),
    }
    (to / "reader.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
