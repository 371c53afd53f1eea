"""The network: loads the taught weights once, and asks them about a text; nothing leaves the process."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from counterpoint.agents.offline.quantities import Quantity
from counterpoint.agents.offline.reader.judgement import Weights, weights_of
from counterpoint.agents.offline.reader.signals import QuantitySignals, Signals
from counterpoint.agents.offline.reader.wordpieces import encode
from counterpoint.config import Surface

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ENOUGH = 0.8
"""Share of what it was taught that a surface must declare for the network to be asked about it at all."""
_TOLD = 4
"""Most words quoted for one parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The taught network and the names that its numbers stand for.

    Attributes:
        session: The runtime's session (`onnxruntime.InferenceSession`); safe to ask from several threads.
        vocabulary: Word piece -> id.
        names: Group -> the names of its scores, in order: `answer`, `metric`, `direction`, `dial`, `value`, `shape`,
            `attribute`, `anchor`.
        numeric: Numeric parameters, in the order of the quantities' scores.
        ways: Ways in which a quantity gives a value, in the same order.
        weights: How its word is weighed against the grammar's.
    """

    session: Any
    vocabulary: Mapping[str, int]
    names: Mapping[str, tuple[str, ...]]
    numeric: tuple[str, ...]
    ways: tuple[str, ...]
    weights: Weights

    def knows(self, surface: Surface) -> bool:
        """Return whether the surface declares most of the parameters and metrics that the network was taught.

        Bounds, values and baselines may have changed; what is gone is left out of its `Signals`.
        """
        taught = {*self.names["dial"], *self.names["metric"]}
        return len(taught & {*surface.parameters, *surface.metrics}) >= _ENOUGH * len(taught)

    def strangers(self, surface: Surface) -> frozenset[str]:
        """Return the parameters and metrics that the network was not taught.

        Of these it says nothing, and gives their words to others.
        """
        return frozenset({*surface.parameters, *surface.metrics} - {*self.names["dial"], *self.names["metric"]})

    def listen(self, words: Sequence[str], quantities: Sequence[Quantity]) -> Signals:
        """Return what the network says of a text.

        Args:
            words: The text's words, lower-cased, as the grammar splits it.
            quantities: Its quantities, as the grammar reads them.
        """
        import numpy as np

        ids, first = encode(words, self.vocabulary)
        spans = [(first[q.start], max(first[min(q.end, len(words))], first[q.start] + 1)) for q in quantities]
        starts, ends = zip(*(spans or [(0, 1)]), strict=True)
        scores, attention, is_value, dial_of, way_of = self.session.run(
            ["scores", "attention", "is_value", "dial_of", "way_of"],
            {
                "ids": np.array([ids], np.int64),
                "starts": np.array(starts, np.int64),
                "ends": np.array(ends, np.int64),
            },
        )
        groups, given = self._groups(scores[0]), _sigmoid(is_value)
        named = (name.rpartition("=")[::2] for name in self.names["value"])
        return Signals(
            answer=_shares(self.names["answer"], groups["answer"]),
            metric=_shares(self.names["metric"], groups["metric"]),
            increase=_shares(self.names["direction"], groups["direction"])["increase"],
            dials=dict(zip(self.names["dial"], _sigmoid(groups["dial"]), strict=True)),
            values={(key, value): share for (key, value), share in zip(named, _sigmoid(groups["value"]), strict=True)},
            anchors=dict(zip(self.names["anchor"], _sigmoid(groups["anchor"]), strict=True)),
            n_arms={int(n): share for n, share in _shares(self.names["arms"], groups["arms"]).items()},
            shapes=_shares(self.names["shape"], groups["shape"]),
            attributes=dict(zip(self.names["attribute"], _sigmoid(groups["attribute"]), strict=True)),
            quantities=tuple(
                QuantitySignals(
                    quantity=quantity,
                    is_value=given[n],
                    dial=_shares(self.numeric, dial_of[n]),
                    way=_shares(self.ways, way_of[n]),
                )
                for n, quantity in enumerate(quantities)
            ),
            told_by=self._told_by(attention[0], first),
        )

    def _groups(self, scores: "NDArray[np.float32]") -> "dict[str, NDArray[np.float32]]":
        found, start = {}, 0
        for group, names in self.names.items():
            found[group] = scores[start : start + len(names)]
            start += len(names)
        return found

    def _told_by(self, attention: "NDArray[np.float32]", first: Sequence[int]) -> dict[str, tuple[int, ...]]:
        """Return for each answer, metric, parameter and attribute the words that its score listened to."""
        told, start = {}, 0
        for group, names in self.names.items():
            for n, name in enumerate(names if group in ("answer", "metric", "dial", "attribute") else ()):
                heard = attention[:, start + n]
                by_word = [float(heard[a:b].sum()) for a, b in pairwise(first)]
                best = sorted(range(len(by_word)), key=lambda i: -by_word[i])[:_TOLD]
                told[name] = tuple(sorted(i for i in best if by_word[i] > 0.5 * by_word[best[0]]))
            start += len(names)
        return told


def _sigmoid(scores: "NDArray[np.float32]") -> list[float]:
    import numpy as np

    return [float(share) for share in 1.0 / (1.0 + np.exp(-np.clip(scores, -30.0, 30.0)))]


def _shares(names: Sequence[str], scores: "NDArray[np.float32]") -> dict[str, float]:
    import numpy as np

    raised = np.exp(scores - scores.max())
    return dict(zip(names, (float(share) for share in raised / raised.sum()), strict=True))


def load_network(weights: Traversable, names: Traversable) -> Network:
    """Return the network of a file of weights (ONNX) and a file of names (JSON), both as the training writes them."""
    import onnxruntime as ort

    raw = json.loads(names.read_text("utf-8"))
    options = ort.SessionOptions()
    # One thread that does not spin: a plan is one of many things that a server does at a time.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with as_file(weights) as path:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return Network(
        session=session,
        vocabulary={piece: n for n, piece in enumerate(raw["pieces"])},
        names={group: tuple(each) for group, each in raw["groups"].items()},
        numeric=tuple(raw["numeric"]),
        ways=tuple(raw["ways"]),
        weights=weights_of(raw["weights"]),
    )


@lru_cache(maxsize=1)
def default_network() -> Network:
    """Return the network of the package, which was taught the reference surface."""
    data = files("counterpoint.agents.offline.reader") / "data"
    return load_network(data / "reader.onnx", data / "reader.json")
