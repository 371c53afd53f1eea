"""Runs a document of reference cases through the methods that answer them; unknown methods are left out."""

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
from counterpoint.stats.conformance.answers import Answer, Method

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
        if not isinstance(case, dict) or not {"id", "method", "inputs"} <= case.keys():
            raise InvalidInput("malformed_cases", "a case needs id, method and inputs", where=f"cases.{number}")
        method = _find(case["method"])
        if method is None:
            reasons[case["id"]] = f"no method {case['method']}"
            continue
        try:
            answers[case["id"]] = method(case["inputs"])
        except CounterpointError as error:
            reasons[case["id"]] = str(error)
        except (KeyError, TypeError, IndexError, ValueError, ZeroDivisionError) as error:
            reasons[case["id"]] = f"the inputs do not fit {case['method']}: {error!r}"
    return answers, reasons


def _find(name: str) -> Method | None:
    if name in _METHODS:
        return _METHODS[name]
    return next((method for pattern, method in _FAMILIES.items() if fnmatchcase(name, pattern)), None)
