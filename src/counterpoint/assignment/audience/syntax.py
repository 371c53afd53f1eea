"""Parses the subset of CEL in which audiences and invariants are written.

`expr = or ['?' or ':' expr]`, then `||`, `&&`, relations and `in`, `+ -`, `* / %`, `! -`, members, primaries: the
precedences of the CEL specification (github.com/google/cel-spec, doc/langdef.md). Left out on purpose, each refused by
name: null, unsigned integers, bytes, maps, indexing, macros and triple-quoted strings.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from counterpoint.vocabulary import Scalar

MAX_CHARS = 10_000
MAX_DEPTH = 32
_INT_MAX = (1 << 63) - 1


class Literal(Struct, frozen=True, gc=False):
    """A constant."""

    value: Scalar
    at: int


class Name(Struct, frozen=True, gc=False):
    """An attribute, or a parameter whose key has dots."""

    key: str
    at: int


class ListOf(Struct, frozen=True, gc=False):
    """A list, the right side of `in`."""

    items: tuple["Node", ...]
    at: int


class Not(Struct, frozen=True, gc=False):
    """`!operand`."""

    operand: "Node"
    at: int


class Negate(Struct, frozen=True, gc=False):
    """`-operand`."""

    operand: "Node"
    at: int


class AllOf(Struct, frozen=True, gc=False):
    """`a && b && ...`, flat."""

    items: tuple["Node", ...]
    at: int


class AnyOf(Struct, frozen=True, gc=False):
    """`a || b || ...`, flat."""

    items: tuple["Node", ...]
    at: int


class Choose(Struct, frozen=True, gc=False):
    """`condition ? then : otherwise`."""

    condition: "Node"
    then: "Node"
    otherwise: "Node"
    at: int


class Compare(Struct, frozen=True, gc=False):
    """`left op right` with op one of == != < <= > >= in."""

    op: str
    left: "Node"
    right: "Node"
    at: int


class Arithmetic(Struct, frozen=True, gc=False):
    """`left op right` with op one of + - * / %."""

    op: str
    left: "Node"
    right: "Node"
    at: int


class Call(Struct, frozen=True, gc=False):
    """`target.function(argument)`, or `size(target)` with no argument."""

    function: str
    target: "Node"
    arguments: tuple["Node", ...]
    at: int


Node: TypeAlias = Literal | Name | ListOf | Not | Negate | AllOf | AnyOf | Choose | Compare | Arithmetic | Call


class SyntaxProblem(Exception):
    """The text is not an expression of the subset."""

    def __init__(self, message: str, at: int) -> None:
        self.message = message
        self.at = at
        super().__init__(message)


_TOKEN = re.compile(
    r"""\s*(?://[^\n]*\s*)*(?:
      (?P<name>[A-Za-z_][A-Za-z0-9_]*(?!["'A-Za-z0-9_]))
    | (?P<op>&&|\|\||[=!<>]=|[<>!?:()\[\],.+*/%-](?!(?<=\.)[0-9]))
    | (?P<string>"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
    | (?P<float>[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    | (?P<int>0[xX][0-9a-fA-F]+|[0-9]+)
    | (?P<raw>[rR](?:"[^"\n\r]*"|'[^'\n\r]*'))
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"`?])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))|\\"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
# A text token keeps its quotes, so none of these can be mistaken for one.
_LEVELS = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3}
_LEVELS |= {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop", "namespace"}
    | {"null", "package", "return", "var", "void", "while"}
)

_Token: TypeAlias = tuple[str, str, int]


def parse(text: str) -> Node:
    """Return the tree of `text`.

    Raises:
        SyntaxProblem: With the place, a character offset.
    """
    if len(text) > MAX_CHARS:
        raise SyntaxProblem(f"it has {len(text)} characters; at most {MAX_CHARS} are read", MAX_CHARS)
    reader = _Reader(list(_tokens(text)))
    tree = reader.expression(0)
    kind, word, at = reader.tokens[reader.place]
    if kind != "end":
        raise SyntaxProblem(f"{word!r} does not belong here", at)
    return tree


def _tokens(text: str) -> Iterator[_Token]:
    place, size = 0, len(text)
    match = _TOKEN.match
    while True:
        found = match(text, place)
        if found is None:
            rest = text[place:].lstrip()
            raise SyntaxProblem(f"{rest[:1]!r} does not belong here", size - len(rest))
        kind = found.lastgroup or "end"
        yield kind, found[kind], found.start(kind)
        if kind == "end":
            return
        place = found.end()


class _Reader:
    """Recursive descent; `depth` bounds the recursion of every later pass as well."""

    __slots__ = ("place", "tokens")

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.place = 0

    def expression(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise SyntaxProblem(f"it nests deeper than {MAX_DEPTH} levels", self.tokens[self.place][2])
        condition = self._binary(1, depth)
        if self.tokens[self.place][1] != "?":
            return condition
        self.place += 1
        then = self._binary(1, depth + 1)
        self._expect(":")
        return Choose(condition, then, self.expression(depth + 1), condition.at)

    def _binary(self, least: int, depth: int) -> Node:
        """Read operators that bind at least as tightly as `least`, by precedence climbing."""
        left = self._unary(depth)
        while True:
            _, op, at = self.tokens[self.place]
            level = _LEVELS.get(op, 0)
            if level < least:
                return left
            if level <= 2:
                items = [left]
                while self.tokens[self.place][1] == op:
                    self.place += 1
                    items.append(self._binary(level + 1, depth))
                left = (AnyOf if level == 1 else AllOf)(tuple(items), left.at)
                continue
            depth = self._deeper(depth, at)
            self.place += 1
            right = self._binary(level + 1, depth)
            left = Compare(op, left, right, at) if level == 3 else Arithmetic(op, left, right, at)

    def _deeper(self, depth: int, at: int) -> int:
        if depth >= MAX_DEPTH:
            raise SyntaxProblem(f"it nests deeper than {MAX_DEPTH} levels", at)
        return depth + 1

    def _unary(self, depth: int) -> Node:
        kind, op, at = self.tokens[self.place]
        if kind != "op" or op not in ("!", "-"):
            return self._member(depth)
        depth = self._deeper(depth, at)
        self.place += 1
        if op == "!":
            return Not(self._unary(depth), at)
        if self.tokens[self.place][0] in ("int", "float"):
            return self._number(at, negative=True)
        return Negate(self._unary(depth), at)

    def _member(self, depth: int) -> Node:
        node = self._primary(depth)
        while self.tokens[self.place][1] in (".", "["):
            kind, word, at = self.tokens[self.place + 1]
            if self.tokens[self.place][1] == "[":
                raise SyntaxProblem("indexing is not part of audiences", self.tokens[self.place][2])
            if kind != "name":
                raise SyntaxProblem("a name must follow the dot", at)
            depth = self._deeper(depth, at)
            self.place += 2
            if self.tokens[self.place][1] == "(":
                node = Call(word, node, self._arguments(depth), at)
            elif isinstance(node, Name):
                node = Name(f"{node.key}.{word}", node.at)
            else:
                raise SyntaxProblem(f"{word!r} is not a function that is known here", at)
        return node

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        self._expect("(")
        return self._until(")", depth)

    def _until(self, closing: str, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        if self.tokens[self.place][1] != closing:
            items.append(self.expression(depth + 1))
            while self.tokens[self.place][1] == ",":
                self.place += 1
                items.append(self.expression(depth + 1))
        self._expect(closing)
        return tuple(items)

    def _primary(self, depth: int) -> Node:
        kind, word, at = self.tokens[self.place]
        if kind == "name":
            return self._word(word, at, depth)
        if kind in ("int", "float"):
            return self._number(at, negative=False)
        self.place += 1
        if kind == "string":
            return Literal(_unescape(word[1:-1], at), at)
        if kind == "raw":
            return Literal(word[2:-1], at)
        if word == "(":
            inner = self.expression(depth + 1)
            self._expect(")")
            return inner
        if word == "[":
            return ListOf(self._until("]", depth), at)
        raise SyntaxProblem(
            "it ends where a value is expected" if kind == "end" else f"{word!r} does not belong here", at
        )

    def _word(self, word: str, at: int, depth: int) -> Node:
        self.place += 1
        if word in ("true", "false"):
            return Literal(word == "true", at)
        if word in _RESERVED:
            raise SyntaxProblem(f"{word!r} is a reserved word", at)
        if self.tokens[self.place][1] == "(":
            arguments = self._arguments(depth)
            if not arguments:
                raise SyntaxProblem(f"{word}() needs an argument", at)
            # A free function keeps its name apart from a method's: only `size` exists in both forms.
            return Call(word if word == "size" else f"{word}(", arguments[0], arguments[1:], at)
        return Name(word, at)

    def _number(self, at: int, *, negative: bool) -> Node:
        kind, word, _ = self.tokens[self.place]
        self.place += 1
        after, follower, next_at = self.tokens[self.place]
        if after in ("name", "int", "float") and next_at == self.tokens[self.place - 1][2] + len(word):
            raise SyntaxProblem(f"{word}{follower} is not a number that is known here", at)
        if kind == "float":
            return Literal(-float(word) if negative else float(word), at)
        number = int(word, 16) if word[:2] in ("0x", "0X") else int(word) if len(word) < 30 else _INT_MAX + 2
        if negative:
            number = -number
        if not -_INT_MAX - 1 <= number <= _INT_MAX:
            raise SyntaxProblem("this whole number has more than 64 bits", at)
        return Literal(number, at)

    def _expect(self, word: str) -> None:
        kind, found, at = self.tokens[self.place]
        if found != word or kind != "op":
            raise SyntaxProblem(f"{word!r} is expected here", at)
        self.place += 1


def _unescape(body: str, at: int) -> str:
    if "\\" not in body:
        return body

    def one(found: re.Match[str]) -> str:
        simple, *codes = found.groups()
        if simple:
            return _SIMPLE.get(simple, simple)
        for digits, radix in zip(codes, (16, 16, 16, 8), strict=True):
            if digits and (code := int(digits, radix)) < 0x110000 and not 0xD800 <= code < 0xE000:
                return chr(code)
        raise SyntaxProblem(f"{found[0]!r} is no escape that CEL knows", at)

    return _ESCAPE.sub(one, body)
