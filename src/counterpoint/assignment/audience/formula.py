"""A bound audience: a formula of leaves, each of which says on a context that it holds, that it fails, or neither.

Neither is the third truth value: an attribute is missing, has a wrong type, or arithmetic overflowed. `holds` and
`fails` carry it through `&&`, `||`, `!` and `?:` exactly as CEL absorbs errors, without raising anything.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from counterpoint.vocabulary import Scalar

Context: TypeAlias = Mapping[str, Scalar]
Test: TypeAlias = Callable[[Context], bool]


class Leaf(Struct, frozen=True, gc=False):
    """One comparison or call.

    Attributes:
        keys: The attributes it reads.
        holds: Whether it is certainly true on a context.
        fails: Whether it is certainly false.
        key: The attribute, when it compares one attribute with constants; None otherwise.
        kind: Type of that attribute; empty otherwise.
        op: `==`, `in`, `<`, `<=`, `>`, `>=`, or the name of a function; `?` when `key` is None.
        constants: What it is compared with; versions as text.
    """

    keys: tuple[str, ...]
    holds: Test
    fails: Test
    key: str | None = None
    kind: str = ""
    op: str = "?"
    constants: tuple[Scalar, ...] = ()

    @property
    def is_plain_equality(self) -> bool:
        """Whether it holds exactly when the attribute equals one text."""
        return self.op == "==" and self.kind in ("string", "enum")


class Const(Struct, frozen=True, gc=False):
    """True or false for everyone."""

    value: bool


class Both(Struct, frozen=True, gc=False):
    """Every item."""

    items: tuple["Formula", ...]


class Either(Struct, frozen=True, gc=False):
    """Some item."""

    items: tuple["Formula", ...]


class Inverse(Struct, frozen=True, gc=False):
    """Not the item."""

    item: "Formula"


class Choice(Struct, frozen=True, gc=False):
    """`condition ? then : otherwise`; undefined when the condition is, even if both sides agree."""

    condition: "Formula"
    then: "Formula"
    otherwise: "Formula"


Formula: TypeAlias = Leaf | Const | Both | Either | Inverse | Choice


def holds(formula: Formula) -> Test:
    """Return a function that says whether `formula` is certainly true on a context."""
    if isinstance(formula, Leaf):
        return formula.holds
    if isinstance(formula, Inverse):
        return fails(formula.item)
    if isinstance(formula, Const):
        return _true if formula.value else _false
    if isinstance(formula, Both):
        return _every(formula.items)
    if isinstance(formula, Choice):
        return _choose(formula, holds)
    return _some([holds(item) for item in formula.items])


def fails(formula: Formula) -> Test:
    """Return a function that says whether `formula` is certainly false on a context."""
    if isinstance(formula, Leaf):
        return formula.fails
    if isinstance(formula, Inverse):
        return holds(formula.item)
    if isinstance(formula, Const):
        return _false if formula.value else _true
    if isinstance(formula, Both):
        return _some([fails(item) for item in formula.items])
    if isinstance(formula, Choice):
        return _choose(formula, fails)
    return _all([fails(item) for item in formula.items])


def keys_of(formula: Formula) -> tuple[str, ...]:
    """Return the attributes that `formula` reads, in order of first mention."""
    if isinstance(formula, Leaf):
        return formula.keys
    if isinstance(formula, Const):
        return ()
    if isinstance(formula, Inverse):
        return keys_of(formula.item)
    items = (formula.condition, formula.then, formula.otherwise) if isinstance(formula, Choice) else formula.items
    return tuple(dict.fromkeys(key for item in items for key in keys_of(item)))


def _choose(choice: Choice, of: Callable[[Formula], Test]) -> Test:
    yes, no, then, otherwise = holds(choice.condition), fails(choice.condition), of(choice.then), of(choice.otherwise)
    return lambda c: then(c) if yes(c) else no(c) and otherwise(c)


def _every(items: tuple[Formula, ...]) -> Test:
    # Equality with text is the cheapest and the most selective test there is: fused, and asked first.
    equal = [item for item in items if isinstance(item, Leaf) and item.is_plain_equality]
    rest = [holds(item) for item in items if not (isinstance(item, Leaf) and item.is_plain_equality)]
    tests: list[Test] = []
    while equal:
        group, equal = equal[:3], equal[3:]
        tests.append(_fused([(leaf.keys[0], leaf.constants[0]) for leaf in group]))
    return _all(tests + rest)


def _fused(pairs: list[tuple[str, Scalar]]) -> Test:
    if len(pairs) == 1:
        ((k, v),) = pairs
        return lambda c: c.get(k) == v
    if len(pairs) == 2:
        (k, v), (m, w) = pairs
        return lambda c: c.get(k) == v and c.get(m) == w
    (k, v), (m, w), (n, x) = pairs
    return lambda c: c.get(k) == v and c.get(m) == w and c.get(n) == x


def _all(tests: list[Test]) -> Test:
    if not tests:
        return _true
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        a, b = tests
        return lambda c: a(c) and b(c)
    if len(tests) == 3:
        a, b, d = tests
        return lambda c: a(c) and b(c) and d(c)
    return lambda c: all(test(c) for test in tests)


def _some(tests: list[Test]) -> Test:
    if not tests:
        return _false
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        a, b = tests
        return lambda c: a(c) or b(c)
    if len(tests) == 3:
        a, b, d = tests
        return lambda c: a(c) or b(c) or d(c)
    return lambda c: any(test(c) for test in tests)


def _true(context: Context) -> bool:  # noqa: ARG001 - a Test that reads nothing
    return True


def _false(context: Context) -> bool:  # noqa: ARG001 - a Test that reads nothing
    return False
