"""An audience: checked when it is written, compiled once, asked for every unit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from counterpoint.assignment.audience.binding import Declared, Known, TypeProblem, bind
from counterpoint.assignment.audience.formula import Both, Context, Formula, Test, fails, holds, keys_of
from counterpoint.assignment.audience.syntax import SyntaxProblem, parse
from counterpoint.assignment.audience.terms import reader
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Finding, Severity


class Membership(StrEnum):
    """Whether a context is in an audience, and if not, why."""

    IN = "in"
    OUT = "out"
    MISSING_ATTRIBUTE = "missing_attribute"
    INVALID_ATTRIBUTE = "invalid_attribute"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a context is or is not in an audience; `attributes` names those that were missing or invalid."""

    membership: Membership
    attributes: tuple[str, ...] = ()

    @property
    def is_in(self) -> bool:
        """Whether the context is in the audience."""
        return self.membership is Membership.IN


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A compiled audience.

    Attributes:
        text: The CEL it was written in.
        formula: Its bound form.
        matches: Whether a context is in it; never raises.
        attributes: What it reads, in order of first mention.
        declared: The types it was bound to.
    """

    text: str
    formula: Formula
    matches: Test
    attributes: tuple[str, ...]
    declared: Mapping[str, Declared]

    def verdict(self, context: Context) -> Verdict:
        """Return whether `context` is in the audience, and why not."""
        if self.matches(context):
            return Verdict(membership=Membership.IN)
        if fails(self.formula)(context):
            return Verdict(membership=Membership.OUT)
        missing = tuple(key for key in self.attributes if context.get(key) is None)
        if missing:
            return Verdict(membership=Membership.MISSING_ATTRIBUTE, attributes=missing)
        invalid = tuple(key for key in self.attributes if _read(self.declared[key], context[key]) is None)
        if invalid:
            return Verdict(membership=Membership.INVALID_ATTRIBUTE, attributes=invalid)
        return Verdict(membership=Membership.UNDEFINED)

    @property
    def conjuncts(self) -> tuple[Formula, ...]:
        """The formulas that must all hold."""
        return self.formula.items if isinstance(self.formula, Both) else (self.formula,)

    def parts(self) -> tuple["Audience", ...]:
        """Return the audiences that must all be met, each reading only its own attributes; itself when it is one."""
        if not isinstance(self.formula, Both):
            return (self,)
        made = [replace(self, formula=f, matches=holds(f), attributes=tuple(keys_of(f))) for f in self.formula.items]
        return tuple(part for whole in made for part in whole.parts())


def compile_audience(text: str, declared: Mapping[str, Declared]) -> Audience:
    """Return the compiled form of `text`.

    Args:
        text: CEL over `declared`; `true` is everyone.
        declared: Attribute -> its type; keys may have dots.

    Raises:
        InvalidInput: The code of the first problem; `facts["findings"]` holds all of them.
    """
    compiled = compile_audiences((text,), declared)[text]
    if isinstance(compiled, InvalidInput):
        raise compiled
    return compiled


def compile_audiences(texts: Iterable[str], declared: Mapping[str, Declared]) -> dict[str, Audience | InvalidInput]:
    """Return the compiled form of every text, or the error that `compile_audience` would raise for it."""
    known: Known = {}
    return {text: _compiled(text, declared, known) for text in dict.fromkeys(texts)}


def _compiled(text: str, declared: Mapping[str, Declared], known: Known) -> Audience | InvalidInput:
    formula, problems = _read_text(text, declared, known)
    if formula is not None:
        return Audience(
            text=text, formula=formula, matches=holds(formula), attributes=keys_of(formula), declared=declared
        )
    first = problems[0]
    facts = {"findings": [finding.as_document() for finding in _findings(problems, text, "audience")]}
    return InvalidInput(first.code, f"{_shown(text)}: {first.message}", where=f"audience:{first.at + 1}", facts=facts)


def check_audience(text: str, declared: Mapping[str, Declared], *, path: str = "audience") -> tuple[Finding, ...]:
    """Return everything that is wrong with `text` as an audience over `declared`.

    The grammar is asked twice: ours says what the serving path can evaluate, the CEL library's that it is CEL.

    Args:
        text: CEL over `declared`.
        declared: Attribute -> its type.
        path: Where the text stands, for the findings.
    """
    formula, problems = _read_text(text, declared, {})
    if formula is not None and not _is_cel(text):
        problems = [TypeProblem("syntax_error", "the CEL library cannot read it; put spaces between its parts", 0)]
    return _findings(problems, text, path)


def _read_text(text: str, declared: Mapping[str, Declared], known: Known) -> tuple[Formula | None, list[TypeProblem]]:
    try:
        tree = parse(text)
    except SyntaxProblem as problem:
        return None, [TypeProblem("syntax_error", problem.message, problem.at)]
    return bind(tree, declared, known)


@lru_cache(maxsize=256)  # twenty milliseconds each, and most specs of a folder are for everyone
def _is_cel(text: str) -> bool:
    # Imported where a spec is written: the serving path never pays for it.
    from celpy.celparser import CELParseError, CELParser

    try:
        CELParser().parse(text)
    except CELParseError:
        return False
    return True


def _findings(problems: list[TypeProblem], text: str, path: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=problem.code,
            severity=Severity.ERROR,
            path=path,
            message=f"character {problem.at + 1} of the audience: {problem.message}",
            facts={"at": problem.at, "text": _shown(text)},
        )
        for problem in problems[:50]
    )


def _shown(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "..."


def _read(declared: Declared, value: object) -> object:
    return reader(str(declared.type), declared.values if declared.type == "enum" else ())(value)
