"""Signals: what the network says of one hypothesis, as probabilities over the surface's own names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from counterpoint.agents.offline.quantities import Quantity
from counterpoint.config import Surface

FAINT = 0.01
"""Probability of what the network was not asked about."""
_HEARD = 0.3
"""Probability from which a text may well speak of a parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantitySignals:
    """What the network says of one quantity of the text.

    Attributes:
        is_value: Probability that an arm gets its value from it.
        dial: Numeric parameter -> probability that it is the one, if it gives a value.
        way: How it gives a value (`set`, `up`, `down`, `times`, `pct_up`, `pct_down`) -> probability.
    """

    quantity: Quantity
    is_value: float
    dial: Mapping[str, float]
    way: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the network says of one hypothesis; every number is a probability.

    Attributes:
        answer: `plan`, `clarify:<missing>` or `reject:<reason>` -> its share; they sum to 1.
        metric: Metric -> that it decides; they sum to 1.
        increase: That the metric goes up.
        dials: Parameter -> that an arm moves it.
        values: (parameter, named value, or `min` or `max` of a numeric one) -> that an arm has it.
        anchors: `max`, `min` -> that some number is set to its bound.
        n_arms: Number of arms, 4 standing for more -> its share; they sum to 1.
        shapes: How the values of several parameters make arms -> its share; they sum to 1.
        attributes: Attribute -> that the audience is told by it.
        quantities: One for each quantity of the text, in order.
        told_by: Answer, metric, parameter or attribute -> indexes of the words that speak of it most, in order.
    """

    answer: Mapping[str, float]
    metric: Mapping[str, float]
    increase: float
    dials: Mapping[str, float]
    values: Mapping[tuple[str, str], float]
    anchors: Mapping[str, float]
    n_arms: Mapping[int, float]
    shapes: Mapping[str, float]
    attributes: Mapping[str, float]
    quantities: Sequence[QuantitySignals]
    told_by: Mapping[str, tuple[int, ...]]

    def among(self, surface: Surface) -> "Signals":
        """Return what is said of names that the surface declares; the shares of what is gone are lost."""
        parameters = surface.parameters.keys()
        return replace(
            self,
            metric={key: share for key, share in self.metric.items() if key in surface.metrics},
            dials={key: share for key, share in self.dials.items() if key in parameters},
            values={(key, value): share for (key, value), share in self.values.items() if key in parameters},
            attributes={key: share for key, share in self.attributes.items() if key in surface.attributes},
            quantities=[
                replace(each, dial={key: share for key, share in each.dial.items() if key in parameters})
                for each in self.quantities
            ],
        )

    def speaks_of_gone(self, surface: Surface) -> bool:
        """Return whether the network hears a metric or a parameter that the surface does not declare any more."""
        gone = (share for key, share in self.dials.items() if key not in surface.parameters)
        return self.likeliest_metric not in surface.metrics or max(gone, default=0.0) > _HEARD

    @property
    def likeliest_answer(self) -> str:
        """The answer with the greatest share."""
        return max(self.answer, key=lambda name: self.answer[name])

    @property
    def likeliest_metric(self) -> str:
        """The metric with the greatest share."""
        return max(self.metric, key=lambda name: self.metric[name])
