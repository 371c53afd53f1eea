"""Objectives: what share of which events must be good, over which window, and how it is measured."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from counterpoint.errors import InvalidInput

Indicator: TypeAlias = Literal["availability", "latency"]

_API_VERSION = "openslo/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One service level objective.

    Attributes:
        key: Names it in alerts and gates.
        indicator: `availability`: a page is good unless it was the last fallback. `latency`: a page is good
            when it took at most `threshold_ms`.
        target: Share of events that must be good, in (0, 1).
        window_days: Length of the rolling window.
        threshold_ms: For latency only.
        good: PromQL selector of the good events' counter.
        total: PromQL selector of all events' counter.
    """

    key: str
    description: str
    indicator: Indicator
    target: float
    window_days: int
    threshold_ms: float | None
    good: str
    total: str


def parse_objectives(documents: list[Any]) -> tuple[Objective, ...]:
    """Return the objectives of OpenSLO documents, as a YAML reader yields them.

    A subset of OpenSLO v1 is read: `kind: SLO`, one objective each, a rolling window in days, a ratio indicator with
    Prometheus queries, and the annotations `counterpoint/indicator` and `counterpoint/threshold-ms`.

    Raises:
        InvalidInput: `malformed_objective` or `duplicate_objective`, with the path at fault.
    """
    out: dict[str, Objective] = {}
    for index, document in enumerate(documents):
        objective = _objective(document, f"slo[{index}]")
        if objective.key in out:
            raise InvalidInput("duplicate_objective", f"{objective.key!r} is defined twice", where=f"slo[{index}]")
        out[objective.key] = objective
    return tuple(out.values())


def _objective(document: Any, where: str) -> Objective:
    if _get(document, "apiVersion", where) != _API_VERSION or _get(document, "kind", where) != "SLO":
        raise _malformed(f"{where}.kind", f"only {_API_VERSION} documents of the kind SLO are read")
    metadata, spec = _get(document, "metadata", where), _get(document, "spec", where)
    notes = _get(metadata, "annotations", f"{where}.metadata")
    indicator = _get(notes, "counterpoint/indicator", f"{where}.metadata.annotations")
    if indicator not in {"availability", "latency"}:
        raise _malformed(
            f"{where}.metadata.annotations", f"indicator {indicator!r} is neither availability nor latency"
        )
    threshold = None
    if indicator == "latency":
        threshold = _number(notes, "counterpoint/threshold-ms", f"{where}.metadata.annotations")
    objectives, windows = _get(spec, "objectives", f"{where}.spec"), _get(spec, "timeWindow", f"{where}.spec")
    if not isinstance(objectives, list) or len(objectives) != 1 or not isinstance(windows, list) or len(windows) != 1:
        raise _malformed(f"{where}.spec", "exactly one objective and one time window are read")
    target = _number(objectives[0], "target", f"{where}.spec.objectives[0]")
    if not 0 < target < 1:
        raise _malformed(f"{where}.spec.objectives[0].target", f"{target} is not between 0 and 1")
    duration = str(_get(windows[0], "duration", f"{where}.spec.timeWindow[0]"))
    if not (duration.endswith("d") and duration[:-1].isdecimal() and int(duration[:-1]) > 0):
        raise _malformed(f"{where}.spec.timeWindow[0].duration", f"{duration!r} is not a number of days such as 28d")
    ratio = _get(_get(_get(spec, "indicator", where), "spec", where), "ratioMetric", f"{where}.spec.indicator.spec")
    return Objective(
        key=str(_get(metadata, "name", f"{where}.metadata")),
        description=str(_get(spec, "description", f"{where}.spec")),
        indicator=cast("Indicator", indicator),
        target=target,
        window_days=int(duration[:-1]),
        threshold_ms=threshold,
        good=_query(ratio, "good", f"{where}.spec.indicator.spec.ratioMetric"),
        total=_query(ratio, "total", f"{where}.spec.indicator.spec.ratioMetric"),
    )


def _query(ratio: Any, name: str, where: str) -> str:
    source = _get(_get(_get(ratio, name, where), "metricSource", where), "spec", f"{where}.{name}")
    return str(_get(source, "query", f"{where}.{name}.metricSource.spec"))


def _get(document: Any, key: str, where: str) -> Any:
    if not isinstance(document, Mapping) or key not in document:
        raise _malformed(where, f"{key!r} is missing")
    return document[key]


def _number(document: Any, key: str, where: str) -> float:
    value = _get(document, key, where)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
        raise _malformed(f"{where}.{key}", f"{value!r} is not a positive number")
    return float(value)


def _malformed(where: str, what: str) -> InvalidInput:
    return InvalidInput("malformed_objective", what, where=where, fix="see docs/guides/events.md for the form")
