"""Labels: what a labelled hypothesis says the network should have heard."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from counterpoint.agents.offline.goals import Reading
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.planner import read_hypothesis
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.reader import plain_arms, same_arms, shapes_of, values_by_way
from counterpoint.agents.offline.reader.ways import is_same
from counterpoint.agents.plan import Missing, RejectReason
from counterpoint.config import Parameter, Surface
from counterpoint.vocabulary import ParameterType, Scalar

WAYS = ("set", "up", "down", "times", "pct_up", "pct_down")
_RANK = {"set": 0, "up": 1, "down": 1, "times": 2, "pct_up": 3, "pct_down": 3}
"""Of several ways in which a quantity can give a value, the plainest is the label."""
_OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that the network's scores stand for, group by group, in order."""

    groups: Mapping[str, tuple[str, ...]]
    numeric: tuple[str, ...]

    def place(self, group: str, name: str) -> int:
        """Return the place of a name in its group."""
        return self.groups[group].index(name)


def names_of(surface: Surface) -> Names:
    """Return the names for a surface."""
    dials = sorted(surface.parameters)
    numeric = tuple(k for k in dials if _is_number(surface.parameters[k]))
    values = [f"{k}={v}" for k in dials if k not in numeric for v in _choices(surface.parameters[k])]
    values += [f"{k}={bound}" for k in numeric for bound in ("min", "max")]
    return Names(
        groups={
            "answer": (
                "plan",
                *(f"clarify:{m}" for m in Missing),
                *(f"reject:{r}" for r in RejectReason),
            ),
            "metric": tuple(sorted(surface.metrics)),
            "direction": ("increase", "decrease"),
            "dial": tuple(dials),
            "value": tuple(values),
            "shape": ("each", "joint", "product", "each_and_all", "zip", "base", "split", _OTHER),
            "attribute": tuple(sorted(surface.attributes)),
            "arms": ("1", "2", "3", "4"),
            "anchor": ("max", "min"),
        },
        numeric=numeric,
    )


def _is_number(parameter: Parameter) -> bool:
    return parameter.type in (ParameterType.INT, ParameterType.FLOAT)


def _choices(parameter: Parameter) -> list[Scalar]:
    named: Sequence[Scalar] = (True, False) if parameter.type is ParameterType.BOOL else parameter.values
    return [value for value in named if value != parameter.baseline]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One hypothesis, read, with its labels; what only a plan has is None or empty for the others.

    Attributes:
        words: Its words, as the grammar splits it.
        quantities: As the grammar reads them.
        answers: Places of the accepted answers.
        metrics: Places of the accepted metrics.
        dials: 1 for each parameter that an arm moves.
        values: 1 for each named value, or bound, that an arm has.
        anchors: 1 where some number is set to its upper, or lower, bound without a number saying so.
        attributes: 1 for each attribute of the audience.
        n_arms: Number of arms, less one; 3 for more.
        shape: Place of how several parameters are joined.
        given: Of each quantity, the place of the numeric parameter it gives a value to, or -1.
        ways: Of each quantity, the place of the way it does, or -1.
    """

    id: str
    words: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    answers: tuple[int, ...]
    metrics: tuple[int, ...] = ()
    increases: bool | None = None
    dials: tuple[float, ...] | None = None
    values: tuple[float, ...] = ()
    anchors: tuple[float, ...] = ()
    attributes: tuple[float, ...] = ()
    n_arms: int = 0
    shape: int | None = None
    given: tuple[int, ...] = ()
    ways: tuple[int, ...] = field(default=())


def load_cases(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the cases of files of labelled hypotheses that are about the reference surface, in order."""
    found: list[dict[str, Any]] = []
    for path in paths:
        raw = yaml.safe_load(path.read_text("utf-8"))
        found += raw["cases"] if raw.get("surface", "home") == "home" else []
    return found


def read_case(case: Mapping[str, Any], surface: Surface) -> Reading:
    """Return what the grammar reads in a labelled hypothesis."""
    return read_hypothesis(str(case["text"]), surface, default_lexicon())


def example_of(case: Mapping[str, Any], reading: Reading, surface: Surface, names: Names) -> Example:
    """Return a labelled hypothesis as the network is taught it.

    Args:
        reading: What the grammar reads in it.
    """
    text = reading.text
    expect = case["expect"]
    words, quantities = tuple(t.text for t in text.tokens), tuple(text.quantities)
    answers = tuple(names.place("answer", name) for name in _answers(expect))
    arms = plain_arms(_first(expect, "arms") or (), surface) if expect["outcome"] == "plan" else ()
    if not arms:
        return Example(id=str(case["id"]), words=words, quantities=quantities, answers=answers)
    said = _values(arms)
    # Of a mixture it is known which sentence is the other plan's: no number of it is a value here.
    aside = {t.index for t in text.tokens if t.sentence == case.get("goal_sentence")}
    given, named, anchors = _explained(said, quantities, surface, text.audience | aside)
    shape = None
    if len(said) > 1:
        made = shapes_of(said)
        name = next((n for n, each in made.items() if same_arms(each, arms)), _OTHER)
        shape = names.place("shape", name.partition(":")[0])
    audience = str(_first(expect, "audience") or "true")
    return Example(
        id=str(case["id"]),
        words=words,
        quantities=quantities,
        answers=answers,
        metrics=tuple(names.place("metric", m) for m in _every(expect, "primary") if m in names.groups["metric"]),
        increases=_first(expect, "direction") == "increase",
        dials=tuple(float(k in said) for k in names.groups["dial"]),
        values=tuple(float(name in named) for name in names.groups["value"]),
        anchors=tuple(float(name in anchors) for name in names.groups["anchor"]),
        attributes=tuple(float(bool(re.search(rf"\b{a}\b", audience))) for a in names.groups["attribute"]),
        n_arms=min(len(arms), 4) - 1,
        shape=shape,
        given=tuple(names.numeric.index(given[n][0]) if n in given else -1 for n in range(len(quantities))),
        ways=tuple(WAYS.index(given[n][1]) if n in given else -1 for n in range(len(quantities))),
    )


def _first(expect: Mapping[str, Any], name: str) -> Any:
    every = _every(expect, name)
    return every[0] if every else None


def _every(expect: Mapping[str, Any], name: str) -> list[Any]:
    if f"{name}_any" in expect:
        return list(expect[f"{name}_any"])
    return [expect[name]] if name in expect else []


def _answers(expect: Mapping[str, Any]) -> list[str]:
    if expect["outcome"] == "clarify":
        return sorted({f"clarify:{m}" for missing in _every(expect, "missing") for m in missing})
    return [f"reject:{r}" for r in _every(expect, "reason")] if expect["outcome"] == "reject" else ["plan"]


def _values(arms: Sequence[Mapping[str, Scalar]]) -> dict[str, list[Scalar]]:
    said: dict[str, list[Scalar]] = {}
    for arm in arms:
        for key, value in arm.items():
            if value not in said.setdefault(key, []):
                said[key].append(value)
    return said


def _explained(
    said: Mapping[str, Sequence[Scalar]], quantities: Sequence[Quantity], surface: Surface, people: set[int]
) -> tuple[dict[int, tuple[str, str]], set[str], set[str]]:
    """Return which quantity gives which parameter its value and how, which named values there are, and which bounds."""
    given: dict[int, tuple[str, str]] = {}
    named, anchors = set[str](), set[str]()
    units = {q.value / q.bare for q in quantities if q.kind is Kind.TIME and q.bare}
    for key, values in said.items():
        parameter = surface.parameters[key]
        for value in values:
            if isinstance(value, (bool, str)):
                named.add(f"{key}={value}")
                continue
            hits = _hits(value, quantities, parameter, [None]) or _hits(value, quantities, parameter, sorted(units))
            hits = [hit for hit in hits if not people & set(range(*quantities[hit[0]].span))] or hits
            plainest = min((_RANK[way] for _, way in hits), default=0)
            for n, way in hits:
                if _RANK[way] == plainest and n not in given:
                    given[n] = (key, way)
            if not hits and value in (parameter.min, parameter.max):
                bound = "max" if value == parameter.max else "min"
                named.add(f"{key}={bound}")
                anchors.add(bound)
    return given, named, anchors


def _hits(
    value: float, quantities: Sequence[Quantity], parameter: Parameter, units: Sequence[float | None]
) -> list[tuple[int, str]]:
    return [
        (n, way)
        for n, quantity in enumerate(quantities)
        for unit in units
        for way, made in values_by_way(quantity, parameter, unit).items()
        if is_same(made, value)
    ]
