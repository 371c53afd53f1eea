"""Builds the leaves of a formula: fast tests of one attribute against constants, and the general comparison."""

import operator
from collections.abc import Callable
from typing import Any

import re2  # type: ignore[import-untyped]  # linear in the text, so that no pattern can stall a page

from counterpoint.assignment.audience.formula import Const, Formula, Leaf, Test
from counterpoint.assignment.audience.semver import version_key
from counterpoint.assignment.audience.terms import Term, Undefined, reader
from counterpoint.vocabulary import Scalar

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRROR = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": operator.contains,
}
TEXT_FUNCTIONS = (*_TEXT, "matches")


def compare(op: str, left: Term, right: Term) -> Formula:
    """Return `left op right` with op one of == < <= > >=; the kinds of both sides are known to fit."""
    if left.constant is not None and right.constant is None:
        op, left, right = _MIRROR[op], right, left
    if left.key is not None and right.constant is not None:
        return _one_attribute(op, left, (right.constant,))
    relation, a, b = _ORDER[op], left.compute, right.compute
    return _general((left, right), lambda c: relation(a(c), b(c)))


def contained(item: Term, options: tuple[Term, ...]) -> Formula:
    """Return `item in [options]`."""
    constants = tuple(option.constant for option in options if option.constant is not None)
    if item.key is not None and len(constants) == len(options):
        return _one_attribute("in", item, constants)
    value, choices = item.compute, tuple(option.compute for option in options)
    return _general((item, *options), lambda c: value(c) in [choice(c) for choice in choices])


def text_test(function: str, target: Term, argument: Term) -> Formula:
    """Return `target.function(argument)`; the pattern of `matches` is known to be a valid constant."""
    if target.key is not None and argument.constant is not None:
        return _one_attribute(function, target, (argument.constant,))
    a, b = target.compute, argument.compute
    test = _TEXT.get(function) or _pattern(str(argument.constant))
    return _general((target, argument), lambda c: test(str(a(c)), str(b(c))))


def truth(term: Term) -> Formula:
    """Return the formula of a term of kind bool."""
    if term.constant is not None:
        return Const(bool(term.constant))
    if term.key is not None:
        key = term.key
        return Leaf((key,), lambda c: c.get(key) is True, lambda c: c.get(key) is False, key, "bool", "==", (True,))
    compute = term.compute
    return _general((term,), lambda c: bool(compute(c)))


def is_valid_pattern(pattern: str) -> bool:
    """Return whether RE2 reads `pattern`."""
    try:
        _compile(pattern)
    except (re2.error, ValueError, UnicodeError):
        return False
    return True


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _pattern(pattern: str) -> Callable[[str, str], bool]:
    search = _compile(pattern).search

    def found(text: str, _: str) -> bool:
        try:
            return search(text) is not None
        except UnicodeError:  # half a surrogate pair is no text
            return False

    return found


def _general(terms: tuple[Term, ...], compute: Callable[[Any], bool]) -> Leaf:
    def holds(context: Any) -> bool:
        try:
            return compute(context)
        except Undefined:
            return False

    def fails(context: Any) -> bool:
        try:
            return not compute(context)
        except Undefined:
            return False

    return Leaf(tuple(dict.fromkeys(key for term in terms for key in term.keys)), holds, fails)


def _one_attribute(op: str, term: Term, constants: tuple[Scalar, ...]) -> Leaf:
    key = term.key or ""
    kind = "enum" if term.domain else term.kind
    if op == "==" and kind == "bool":
        wanted = bool(constants[0])
        return Leaf(
            (key,), lambda c: c.get(key) is wanted, lambda c: c.get(key) is (not wanted), key, kind, op, constants
        )
    accepts = _accepts(op, kind, constants)
    if term.domain:
        holds, fails = _over_domain(key, op, term.domain, constants, accepts)
        return Leaf((key,), holds, fails, key, kind, op, constants)
    read = reader(kind)
    if kind == "string" and op == "==":
        (value,) = constants
        return Leaf(
            (key,),
            lambda c: c.get(key) == value,
            lambda c: isinstance(raw := c.get(key), str) and raw != value,
            key,
            kind,
            op,
            constants,
        )
    holds = _whole_number(key, op, constants[0]) if kind == "int" and op in _ORDER else _accepted(key, read, accepts)
    return Leaf((key,), holds, _rejected(key, read, accepts), key, kind, op, constants)


def _accepts(op: str, kind: str, constants: tuple[Scalar, ...]) -> Callable[[Any], bool]:
    values: list[Any] = [version_key(str(value)) if kind == "semver" else value for value in constants]
    if op == "in":
        options = frozenset(values)
        return lambda value: value in options
    only = values[0]
    if op in _ORDER:
        relation = _ORDER[op]
        return lambda value: relation(value, only)
    test = _TEXT.get(op) or _pattern(str(only))
    return lambda value: test(value, only)


def _over_domain(
    key: str, op: str, domain: tuple[str, ...], constants: tuple[Scalar, ...], accepts: Callable[[Any], bool]
) -> tuple[Test, Test]:
    # An enumeration is finite: ask once per value, now.
    yes = frozenset(value for value in domain if accepts(value))
    no = frozenset(domain) - yes
    if op == "==":
        (value,) = constants
        return lambda c: c.get(key) == value, lambda c: isinstance(raw := c.get(key), str) and raw in no
    return (
        lambda c: isinstance(raw := c.get(key), str) and raw in yes,
        lambda c: isinstance(raw := c.get(key), str) and raw in no,
    )


def _whole_number(key: str, op: str, value: Any) -> Test:
    # Spelled out: an operator call would double the cost of the commonest comparison.
    tests: dict[str, Test] = {
        "==": lambda c: type(raw := c.get(key)) is int and raw == value,
        "<": lambda c: type(raw := c.get(key)) is int and raw < value,
        "<=": lambda c: type(raw := c.get(key)) is int and raw <= value,
        ">": lambda c: type(raw := c.get(key)) is int and raw > value,
        ">=": lambda c: type(raw := c.get(key)) is int and raw >= value,
    }
    return tests[op]


def _accepted(key: str, read: Callable[[Any], Any], accepts: Callable[[Any], bool]) -> Test:
    return lambda c: (value := read(c.get(key))) is not None and accepts(value)


def _rejected(key: str, read: Callable[[Any], Any], accepts: Callable[[Any], bool]) -> Test:
    return lambda c: (value := read(c.get(key))) is not None and not accepts(value)
