"""Writes an audience as JsonLogic with flagd's operators, or says what of it has no such form.

JsonLogic knows true and false; an audience knows a third: an attribute is missing. So what holds and what certainly
fails are written apart, and `!` exchanges them, exactly as the audience itself is evaluated.
"""

from typing import Any, TypeAlias

from counterpoint.assignment.audience import Both, Choice, Const, Either, Formula, Inverse, Leaf

Logic: TypeAlias = Any
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!="}
_VERSIONS = {"==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class NoJsonLogic(Exception):
    """The audience has a part that JsonLogic cannot say; the message names it."""


def holds(formula: Formula) -> Logic:
    """Return the JsonLogic of "`formula` is true".

    Raises:
        NoJsonLogic: It cannot be said.
    """
    match formula:
        case Const(value):
            return value
        case Both(items):
            return {"and": [holds(item) for item in items]}
        case Either(items):
            return {"or": [holds(item) for item in items]}
        case Inverse(item):
            return fails(item)
        case Choice(condition, then, otherwise):
            return {"or": [_both(holds(condition), holds(then)), _both(fails(condition), holds(otherwise))]}
        case Leaf():
            return _leaf(formula)


def fails(formula: Formula) -> Logic:
    """Return the JsonLogic of "`formula` is false", which a missing attribute does not make it.

    Raises:
        NoJsonLogic: It cannot be said.
    """
    match formula:
        case Const(value):
            return not value
        case Both(items):
            return {"or": [fails(item) for item in items]}
        case Either(items):
            return {"and": [fails(item) for item in items]}
        case Inverse(item):
            return holds(item)
        case Choice(condition, then, otherwise):
            return {"or": [_both(holds(condition), fails(then)), _both(fails(condition), fails(otherwise))]}
        case Leaf():
            return _failed_leaf(formula)


def _leaf(leaf: Leaf) -> Logic:
    attribute, constants = _attribute(leaf), leaf.constants
    if leaf.kind == "semver":
        return _version(leaf, negated=False)
    match leaf.op:
        case "==":
            return {"===": [attribute, constants[0]]}
        case "in":
            return {"in": [attribute, list(constants)]}
        case "<" | "<=" | ">" | ">=":
            return _both(_given(leaf), {leaf.op: [attribute, constants[0]]})
        case "startsWith":
            return _both(_given(leaf), {"starts_with": [attribute, constants[0]]})
        case "endsWith":
            return _both(_given(leaf), {"ends_with": [attribute, constants[0]]})
        case "contains":
            return _both(_given(leaf), {"in": [constants[0], attribute]})
        case _:
            raise NoJsonLogic(f"`{leaf.op}` of {leaf.key}")


def _failed_leaf(leaf: Leaf) -> Logic:
    if leaf.kind == "semver":
        return _version(leaf, negated=True)
    if leaf.kind == "bool" and leaf.op == "==":
        return {"===": [_attribute(leaf), not leaf.constants[0]]}
    return _both(_given(leaf), {"!": [_leaf(leaf)]})


def _version(leaf: Leaf, *, negated: bool) -> Logic:
    attribute = _attribute(leaf)
    if leaf.op == "in":
        each = [{"sem_ver": [attribute, "!=" if negated else "=", str(value)]} for value in leaf.constants]
        return {"and" if negated else "or": each}
    if leaf.op not in _OPPOSITE:
        raise NoJsonLogic(f"`{leaf.op}` of the version {leaf.key}")
    op = _OPPOSITE[leaf.op] if negated else leaf.op
    return {"sem_ver": [attribute, _VERSIONS[op], str(leaf.constants[0])]}


def _attribute(leaf: Leaf) -> Logic:
    if leaf.key is None:
        raise NoJsonLogic(f"arithmetic or a comparison between attributes ({', '.join(leaf.keys)})")
    if "." in leaf.key:
        raise NoJsonLogic(f"the attribute {leaf.key}: JsonLogic reads its dot as a level")
    return {"var": leaf.key}


def _given(leaf: Leaf) -> Logic:
    # null < 5 is true in JsonLogic.
    return {"!==": [_attribute(leaf), None]}


def _both(first: Logic, second: Logic) -> Logic:
    return {"and": [first, second]}
