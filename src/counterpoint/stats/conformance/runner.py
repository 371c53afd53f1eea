"""Runs a document of reference cases through the methods that answer them; unknown methods are left out."""

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from counterpoint.errors import CounterpointError, InvalidInput
from counterpoint.stats.conformance import (
    adjusted,
    decisions,
    designs,
    differences,
    plans,
    samples,
    sequences,
    shares,
    verdicts,
)
from counterpoint.stats.conformance.answers import Answer, Method, worded
from counterpoint.stats.tails import check_share

_METHODS: dict[str, Method] = {
    **differences.METHODS,
    **shares.METHODS,
    **samples.METHODS,
    **adjusted.METHODS,
    **verdicts.METHODS,
    **decisions.METHODS,
    **designs.METHODS,
    **plans.METHODS,
    **sequences.METHODS,
}
# Families whose members differ only in what they are given.
_FAMILIES: dict[str, Method] = {**adjusted.PATTERNS, **designs.PATTERNS}


def supported_methods() -> tuple[str, ...]:
    """Return the names of the methods that cases may ask for; a star stands for any words."""
    return tuple(sorted([*_METHODS, *_FAMILIES]))


def answer_cases(document: Mapping[str, Any]) -> tuple[dict[str, Answer], dict[str, str]]:
    """Return what `run_cases` and `unanswered_cases` return, computed once.

    Raises:
        InvalidInput: `malformed_cases` when there is no list of cases.
    """
    return _run(document)


def run_cases(document: Mapping[str, Any]) -> dict[str, Answer]:
    """Return {case id: {field: value}} for every case that this engine can answer.

    Args:
        document: {"cases": [{"id", "method", "inputs", ...}]}. Expected values, if present, are not read.

    Raises:
        InvalidInput: `malformed_cases` when there is no list of cases.
    """
    return _run(document)[0]


def unanswered_cases(document: Mapping[str, Any]) -> dict[str, str]:
    """Return {case id: why} for every case that `run_cases` leaves out."""
    return _run(document)[1]


def _run(document: Mapping[str, Any]) -> tuple[dict[str, Answer], dict[str, str]]:
    cases = document.get("cases")
    if not isinstance(cases, list):
        raise InvalidInput("malformed_cases", "no list of cases", where="cases")
    answers: dict[str, Answer] = {}
    reasons: dict[str, str] = {}
    for number, case in enumerate(cases):
        name, inputs = (case.get("method"), case.get("inputs")) if isinstance(case, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(inputs, dict) or not isinstance(case.get("id"), str):
            reasons[f"cases.{number}"] = "a case needs id and method in words, and named inputs"
            continue
        method = _find(name)
        if method is None:
            reasons[case["id"]] = f"no method {name}"
            continue
        try:
            _check(inputs, "inputs")
            # What cannot be said as a number or in words of JSON is left out like a whole case would be.
            found = {k: worded(v) for k, v in method(inputs).items()}
            answers[case["id"]] = {k: v for k, v in found.items() if v != "nan"}
        except CounterpointError as error:
            reasons[case["id"]] = f"{error.sentence} [{error.code}]"
        except Exception as error:
            # Inputs are anybody's JSON, and one case must not silence the others.
            reasons[case["id"]] = f"the inputs do not fit {name}: {error!r}"
    return answers, reasons


def _check(given: Any, where: str) -> None:
    """Refuse numbers that are none, and levels and powers that no test can have, before any method sees them."""
    if isinstance(given, dict):
        for key, value in given.items():
            # Deeper down, alpha may be a parameter of a prior.
            if key in {"alpha", "power"} and where == "inputs" and isinstance(value, (int, float)):
                check_share(float(value), f"{where}.{key}")
            _check(value, f"{where}.{key}")
    elif isinstance(given, list):
        for i, value in enumerate(given):
            _check(value, f"{where}.{i}")
    elif isinstance(given, float) and not math.isfinite(given):
        raise InvalidInput("not_finite", "a number that is NaN or infinite", where=where)


def _find(name: str) -> Method | None:
    if name in _METHODS:
        return _METHODS[name]
    return next((method for pattern, method in _FAMILIES.items() if fnmatchcase(name, pattern)), None)
