"""Type-checks a parsed audience against the declared attributes, and turns it into a formula."""

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Protocol, TypeAlias

from counterpoint.assignment.audience import leaves
from counterpoint.assignment.audience.formula import (
    Both,
    Choice,
    Const,
    Either,
    Formula,
    Inverse,
    fails,
    holds,
    keys_of,
)
from counterpoint.assignment.audience.semver import version_key
from counterpoint.assignment.audience.syntax import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Choose,
    Compare,
    ListOf,
    Literal,
    Name,
    Negate,
    Node,
    Not,
)
from counterpoint.assignment.audience.terms import (
    Term,
    Undefined,
    arithmetic,
    attribute,
    chosen,
    constant,
    negated,
    size,
)
from counterpoint.vocabulary import Scalar

_NUMBERS = ("int", "float")
_NOUNS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "semver": "a version",
}


class Declared(Protocol):
    """An attribute (or a parameter, in an invariant) as far as its type goes."""

    @property
    def type(self) -> str:
        """One of `AttributeType` or `ParameterType`."""

    @property
    def values(self) -> tuple[str, ...]:
        """What an enumeration allows."""


class TypeProblem(Exception):
    """One part of the expression does not type-check."""

    def __init__(self, code: str, message: str, at: int) -> None:
        self.code = code
        self.message = message
        self.at = at
        super().__init__(message)


Known: TypeAlias = dict[tuple[str, str, tuple[type, ...], tuple[Scalar, ...]], Formula]
"""Comparisons bound before: of many audiences over one set of attributes, most say the same few things."""


def bind(tree: Node, declared: Mapping[str, Declared], known: Known) -> tuple[Formula | None, list[TypeProblem]]:
    """Return the formula of `tree`, or None, and everything that does not type-check.

    Args:
        tree: What `parse` returned.
        declared: Attribute -> its type.
        known: Filled and read here; give one and the same to all audiences over `declared`.
    """
    binder = _Binder(declared, known)
    formula = binder.formula(tree)
    return (None if binder.problems else formula), binder.problems


class _Binder:
    """Collects problems and goes on, so that one reading finds every mistake."""

    def __init__(self, declared: Mapping[str, Declared], known: Known) -> None:
        self.declared = declared
        self.known = known
        self.problems: list[TypeProblem] = []

    def formula(self, node: Node) -> Formula:
        """Return `node` as a truth value."""
        if isinstance(node, Compare):
            return self._remembered(node) if isinstance(node.left, Name) else self._compare(node)
        if isinstance(node, AllOf):
            return Both(tuple([self.formula(item) for item in node.items]))
        if isinstance(node, AnyOf):
            return Either(tuple([self.formula(item) for item in node.items]))
        if isinstance(node, Not):
            return Inverse(self.formula(node.operand))
        if isinstance(node, Choose):
            return Choice(self.formula(node.condition), self.formula(node.then), self.formula(node.otherwise))
        if isinstance(node, Call) and node.function in leaves.TEXT_FUNCTIONS:
            return self._text_test(node)
        term = self.term(node)
        if term is None:
            return Const(False)
        if term.kind != "bool":
            self._bad("type_error", f"true or false is expected here, not {_NOUNS[term.kind]}", term.at)
            return Const(False)
        return leaves.truth(term)

    def term(self, node: Node) -> Term | None:
        """Return `node` as a value; None after a problem."""
        if isinstance(node, Name):
            return self._name(node)
        if isinstance(node, Literal):
            return self._literal(node)
        if isinstance(node, Negate):
            return self._negate(node)
        if isinstance(node, Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, Call) and node.function not in leaves.TEXT_FUNCTIONS:
            return self._size(node)
        if isinstance(node, ListOf):
            return self._bad("type_error", "a list can only stand on the right of `in`", node.at)
        if isinstance(node, Choose):
            return self._choose(node)
        formula = self.formula(node)
        yes, no = holds(formula), fails(formula)

        def compute(context: Mapping[str, bool | int | float | str]) -> bool:
            if yes(context):
                return True
            if no(context):
                return False
            raise Undefined

        return Term("bool", compute, keys_of(formula), node.at)

    def _name(self, node: Name) -> Term | None:
        found = self.declared.get(node.key)
        if found is None:
            near = get_close_matches(node.key, list(self.declared), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return self._bad("unknown_attribute", f"{node.key!r} is not declared{hint}", node.at)
        if found.type == "enum":
            return attribute(node.key, "string", tuple(found.values), node.at)
        return attribute(node.key, str(found.type), (), node.at)

    def _literal(self, node: Literal) -> Term | None:
        value = node.value
        if isinstance(value, bool):
            return constant(value, "bool", node.at)
        if isinstance(value, float) and not math.isfinite(value):
            return self._bad("type_error", "this number is too large", node.at)
        kind = "string" if isinstance(value, str) else "int" if isinstance(value, int) else "float"
        return constant(value, kind, node.at)

    def _negate(self, node: Negate) -> Term | None:
        operand = self.term(node.operand)
        if operand is None:
            return None
        if operand.kind not in _NUMBERS:
            return self._bad("type_error", f"only a number can be negated, not {_NOUNS[operand.kind]}", node.at)
        return negated(operand, node.at)

    def _arithmetic(self, node: Arithmetic) -> Term | None:
        left, right = self.term(node.left), self.term(node.right)
        if left is None or right is None:
            return None
        for side in (left, right):
            if side.kind not in _NUMBERS:
                return self._bad("type_error", f"{node.op} takes numbers, not {_NOUNS[side.kind]}", side.at)
        if left.kind != right.kind:
            return self._bad(
                "type_error", f"{node.op} takes two whole numbers or two decimals; write 2.0 for 2", node.at
            )
        if node.op == "%" and left.kind == "float":
            return self._bad("type_error", "% takes whole numbers", node.at)
        return arithmetic(node.op, left, right, node.at)

    def _size(self, node: Call) -> Term | None:
        if node.function != "size":
            known = ", ".join((*leaves.TEXT_FUNCTIONS, "size"))
            return self._bad(
                "unknown_function", f"{node.function.rstrip('(')} is not a function here; there are {known}", node.at
            )
        operand = self.term(node.target)
        if operand is None:
            return None
        if operand.kind != "string" or node.arguments:
            return self._bad("type_error", "size takes one text", node.at)
        return size(operand, node.at)

    def _choose(self, node: Choose) -> Term | None:
        parts = [self.term(part) for part in (node.condition, node.then, node.otherwise)]
        condition, then, otherwise = parts
        if condition is None or then is None or otherwise is None:
            return None
        if condition.kind != "bool" or then.kind != otherwise.kind:
            return self._bad("type_error", "? : takes a condition and two values of one type", node.at)
        return chosen(condition, then, otherwise)

    def _remembered(self, node: Compare) -> Formula:
        if isinstance(node.right, Literal):
            said: tuple[Scalar, ...] = (node.right.value,)
        elif isinstance(node.right, ListOf):
            said = tuple([item.value for item in node.right.items if isinstance(item, Literal)])
            if len(said) != len(node.right.items):
                return self._compare(node)
        else:
            return self._compare(node)
        # 1, 1.0 and true are equal to Python, so their types are part of what is remembered.
        same = (node.op, node.left.key if isinstance(node.left, Name) else "", tuple(map(type, said)), said)
        found = self.known.get(same)
        if found is None:
            n_before = len(self.problems)
            found = self._compare(node)
            if len(self.problems) == n_before:
                self.known[same] = found
        return found

    def _compare(self, node: Compare) -> Formula:
        if node.op == "in":
            return self._contained(node)
        left, right = self.term(node.left), self.term(node.right)
        if left is None or right is None:
            return Const(False)
        fitted_left, fitted_right = self._fit(left, right), self._fit(right, left)
        if fitted_left is None or fitted_right is None:
            return Const(False)
        left, right = fitted_left, fitted_right
        if not _comparable(left, right):
            message = f"{_NOUNS[left.kind]} cannot be compared with {_NOUNS[right.kind]}"
            self._bad("type_error", message, right.at)
            return Const(False)
        if left.kind == "bool" and node.op not in ("==", "!="):
            self._bad("type_error", f"true and false have no order; {node.op} cannot compare them", node.at)
            return Const(False)
        if node.op == "!=":
            return Inverse(leaves.compare("==", left, right))
        return leaves.compare(node.op, left, right)

    def _contained(self, node: Compare) -> Formula:
        item = self.term(node.left)
        if not isinstance(node.right, ListOf):
            self._bad("type_error", "`in` takes a list on its right", node.right.at)
            return Const(False)
        options = []
        for part in node.right.items:
            option = self.term(part)
            if item is None or option is None:
                continue
            fitted = self._fit(option, item)
            if fitted is not None and not _comparable(item, fitted):
                self._bad("type_error", f"{_NOUNS[item.kind]} is never {_NOUNS[fitted.kind]}", option.at)
            elif fitted is not None:
                options.append(fitted)
        return Const(False) if item is None else leaves.contained(item, tuple(options))

    def _text_test(self, node: Call) -> Formula:
        target = self.term(node.target)
        if len(node.arguments) != 1:
            self._bad("type_error", f"{node.function} takes one argument", node.at)
            return Const(False)
        argument = self.term(node.arguments[0])
        if target is None or argument is None:
            return Const(False)
        for side in (target, argument):
            if side.kind != "string":
                self._bad("type_error", f"{node.function} takes text, not {_NOUNS[side.kind]}", side.at)
                return Const(False)
        if node.function == "matches" and (
            argument.constant is None or not leaves.is_valid_pattern(str(argument.constant))
        ):
            self._bad("bad_pattern", "matches takes a constant regular expression that RE2 can read", argument.at)
            return Const(False)
        return leaves.text_test(node.function, target, argument)

    def _fit(self, term: Term, other: Term) -> Term | None:
        """Return `term` as the type of `other` wants it: a text beside a version is a version."""
        if other.kind == "semver" and term.kind == "string" and term.constant is not None:
            if version_key(str(term.constant)) is None:
                return self._bad("type_error", f"{str(term.constant)[:80]!r} is no version such as 8.10.0", term.at)
            return constant(term.constant, "semver", term.at)
        if other.domain and term.constant is not None and term.kind == "string" and term.constant not in other.domain:
            near = get_close_matches(str(term.constant), other.domain, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it is one of {', '.join(other.domain)}"
            return self._bad("unknown_value", f"{other.key} is never {str(term.constant)[:80]!r}; {hint}", term.at)
        return term

    def _bad(self, code: str, message: str, at: int) -> Term | None:
        self.problems.append(TypeProblem(code, message, at))
        return None


def _comparable(left: Term, right: Term) -> bool:
    return left.kind == right.kind or (left.kind in _NUMBERS and right.kind in _NUMBERS)
