"""Values inside an audience: how an attribute is read, and CEL's arithmetic with its errors."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct

from counterpoint.assignment.audience.formula import Context
from counterpoint.assignment.audience.semver import VersionKey, version_key
from counterpoint.vocabulary import Scalar

Value: TypeAlias = Scalar | VersionKey
Compute: TypeAlias = Callable[[Context], Value]

_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1


class Undefined(Exception):
    """The value cannot be told: missing, of a wrong type, or out of range."""


class Term(Struct, frozen=True, gc=False):
    """A typed value.

    Attributes:
        kind: `bool`, `int`, `float`, `string` or `semver`.
        compute: Its value on a context; raises `Undefined`.
        keys: The attributes it reads.
        at: Where it stands in the text.
        key: The attribute, when it is nothing but one.
        domain: What that attribute, an enumeration, may be.
        constant: Its value when it is a constant, else None.
    """

    kind: str
    compute: Compute
    keys: tuple[str, ...]
    at: int
    key: str | None = None
    domain: tuple[str, ...] = ()
    constant: Scalar | None = None


def reader(kind: str, domain: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """Return a function that gives an attribute's value as its declared type, or None when it is not of that type."""
    if domain:
        allowed = frozenset(domain)
        return lambda raw: raw if isinstance(raw, str) and raw in allowed else None
    return _READERS[kind]


def attribute(key: str, kind: str, domain: tuple[str, ...], at: int) -> Term:
    """Return the term that reads one attribute."""
    read = reader(kind, domain)

    def compute(context: Context) -> Value:
        value: Value | None = read(context.get(key))
        if value is None:
            raise Undefined
        return value

    return Term(kind, compute, (key,), at, key=key, domain=domain)


def constant(value: Scalar, kind: str, at: int) -> Term:
    """Return the term of a constant; a version is given as text."""
    inner: Value | None = version_key(str(value)) if kind == "semver" else value
    if inner is None:
        raise Undefined
    fixed: Value = inner
    return Term(kind, lambda _: fixed, (), at, constant=value)


def arithmetic(op: str, left: Term, right: Term, at: int) -> Term:
    """Return `left op right`, both of one numeric kind."""
    a, b, combine = left.compute, right.compute, (_INT_OPS if left.kind == "int" else _FLOAT_OPS)[op]
    return Term(left.kind, lambda c: combine(a(c), b(c)), _joined(left, right), at)


def negated(operand: Term, at: int) -> Term:
    """Return `-operand`."""
    zero = constant(0 if operand.kind == "int" else -0.0, operand.kind, at)
    return arithmetic("-", zero, operand, at)


def size(operand: Term, at: int) -> Term:
    """Return the number of characters (code points) of a text."""
    inner = operand.compute
    return Term("int", lambda c: len(str(inner(c))), operand.keys, at)


def chosen(condition: Term, then: Term, otherwise: Term) -> Term:
    """Return `condition ? then : otherwise` of two values of one kind."""
    test, yes, no = condition.compute, then.compute, otherwise.compute
    return Term(then.kind, lambda c: yes(c) if test(c) else no(c), _joined(condition, then, otherwise), condition.at)


def _joined(*terms: Term) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for term in terms for key in term.keys))


def _in_range(value: int) -> int:
    if not _INT_MIN <= value <= _INT_MAX:
        raise Undefined
    return value


def _int_divide(a: int, b: int) -> int:
    if b == 0:
        raise Undefined
    # CEL truncates towards zero; Python floors.
    return _in_range(abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))


def _int_remainder(a: int, b: int) -> int:
    return a - b * _int_divide(a, b)


def _float_divide(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)


_INT_OPS: dict[str, Callable[[Any, Any], int]] = {
    "+": lambda a, b: _in_range(a + b),
    "-": lambda a, b: _in_range(a - b),
    "*": lambda a, b: _in_range(a * b),
    "/": _int_divide,
    "%": _int_remainder,
}
_FLOAT_OPS: dict[str, Callable[[Any, Any], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _float_divide,
}


def _read_float(raw: Any) -> float | None:
    if type(raw) is float:
        return raw
    return float(raw) if type(raw) is int and _INT_MIN <= raw <= _INT_MAX else None


_READERS: dict[str, Callable[[Any], Any]] = {
    "bool": lambda raw: raw if raw is True or raw is False else None,
    "int": lambda raw: raw if type(raw) is int else None,
    "float": _read_float,
    "string": lambda raw: raw if isinstance(raw, str) else None,
    "semver": lambda raw: version_key(raw) if isinstance(raw, str) else None,
}
