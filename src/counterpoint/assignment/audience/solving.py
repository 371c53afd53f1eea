"""Proves that audiences cannot meet, or finds a context that is in all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Literal as OneOf
from typing import TypeAlias

from counterpoint.assignment.audience.audience import Audience
from counterpoint.assignment.audience.binding import Declared
from counterpoint.assignment.audience.candidates import candidates
from counterpoint.assignment.audience.formula import Both, Choice, Const, Formula, Inverse, Leaf
from counterpoint.vocabulary import Scalar

MAX_CLAUSES = 4_096
MAX_TRIED = 8_000
"""Contexts tried in all, shared among the clauses."""

Wanted: TypeAlias = tuple[Leaf, bool]
"""A leaf that must certainly hold (True) or certainly fail (False)."""
Clause: TypeAlias = tuple[Wanted, ...]
Proof: TypeAlias = OneOf["satisfiable", "unsatisfiable", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfiability:
    """Whether some context is in every audience asked about.

    Attributes:
        proof: `satisfiable` with a witness, `unsatisfiable` when none can exist, `unknown` when neither was shown;
            who must be safe treats unknown as satisfiable.
        witness: A context that is in all of them; None unless satisfiable.
    """

    proof: Proof
    witness: Mapping[str, Scalar] | None = None

    @property
    def is_possible(self) -> bool:
        """Whether a common context exists or could not be ruled out."""
        return self.proof != "unsatisfiable"


def satisfiable(*audiences: Audience) -> Satisfiability:
    """Return whether some context is in all of `audiences`, with such a context."""
    declared = {key: kind for audience in audiences for key, kind in audience.declared.items()}
    clauses = _all_of([_expand(audience.formula, True) for audience in audiences])
    if clauses is None:
        return Satisfiability(proof="unknown")
    is_unknown = False
    for clause in clauses:
        proof, witness = _solve(clause, declared, MAX_TRIED // len(clauses) + 8)
        if witness is not None and all(audience.matches(witness) for audience in audiences):
            return Satisfiability(proof="satisfiable", witness=witness)
        is_unknown = is_unknown or proof != "unsatisfiable"
    return Satisfiability(proof="unknown" if is_unknown else "unsatisfiable")


def disjoint(a: Audience, b: Audience, fixed_attributes: frozenset[str] | set[str]) -> bool:
    """Return whether it is proven that no unit is ever in both audiences, at whatever times.

    Only attributes that never change for a unit can prove it: a unit whose plan changes would meet both.

    Args:
        a: One audience.
        b: Another over the same attributes.
        fixed_attributes: Keys that the surface declares `fixed`.
    """
    clauses = _all_of([_fixed(_expand(audience.formula, True), fixed_attributes) for audience in (a, b)])
    if clauses is None:
        return False
    declared = {**a.declared, **b.declared}
    return all(_solve(clause, declared, 0)[0] == "unsatisfiable" for clause in clauses)


def _expand(formula: Formula, want: bool) -> list[Clause] | None:
    """Return the clauses of which one must be met, or None when there are too many."""
    if isinstance(formula, Leaf):
        return [((formula, want),)]
    if isinstance(formula, Const):
        return [()] if formula.value == want else []
    if isinstance(formula, Inverse):
        return _expand(formula.item, not want)
    if isinstance(formula, Choice):
        ways = [
            _all_of([_expand(formula.condition, True), _expand(formula.then, want)]),
            _all_of([_expand(formula.condition, False), _expand(formula.otherwise, want)]),
        ]
        return _any_of(ways)
    parts = [_expand(item, want) for item in formula.items]
    return _all_of(parts) if isinstance(formula, Both) == want else _any_of(parts)


def _any_of(parts: list[list[Clause] | None]) -> list[Clause] | None:
    joined: list[Clause] = []
    for part in parts:
        if part is None:
            return None
        joined += part
    return joined if len(joined) <= MAX_CLAUSES else None


def _all_of(parts: list[list[Clause] | None]) -> list[Clause] | None:
    joined: list[Clause] = [()]
    for part in parts:
        if part is None or len(joined) * len(part) > MAX_CLAUSES:
            return None
        joined = [left + right for left in joined for right in part]
    return joined


def _fixed(clauses: list[Clause] | None, fixed: frozenset[str] | set[str]) -> list[Clause] | None:
    if clauses is None:
        return None
    return [tuple(wanted for wanted in clause if fixed.issuperset(wanted[0].keys)) for clause in clauses]


def _solve(clause: Clause, declared: Mapping[str, Declared], n_tries: int) -> tuple[Proof, dict[str, Scalar] | None]:
    by_key: dict[str, list[Wanted]] = {}
    loose: list[Wanted] = []
    for wanted in clause:
        keys = wanted[0].keys
        if len(keys) == 1:
            by_key.setdefault(keys[0], []).append(wanted)
        else:
            loose.append(wanted)
            for key in keys:
                by_key.setdefault(key, [])
    choices: dict[str, list[Scalar]] = {}
    is_proof = True
    for key, wants in by_key.items():
        offered = candidates(declared[key], wants)
        met = [value for value in offered.values if all(_meets(wanted, {key: value}) for wanted in wants)]
        if not met:
            # One attribute that no value can satisfy is enough, provided that all relevant values were offered.
            if offered.is_complete:
                return "unsatisfiable", None
            is_proof = False
        choices[key] = met
    if not is_proof or not all(choices.values()):
        return "unknown", None
    for context in islice(_contexts(choices, loose), n_tries):
        if all(_meets(wanted, context) for wanted in loose):
            return "satisfiable", context
    return "unknown", None


def _contexts(choices: Mapping[str, list[Scalar]], loose: list[Wanted]) -> Iterator[dict[str, Scalar]]:
    """Yield contexts that differ only in what the loose leaves read; the rest keeps its first choice."""
    varied = sorted({key for leaf, _ in loose for key in leaf.keys})
    first = {key: values[0] for key, values in choices.items()}
    for drawn in product(*(choices[key] for key in varied)):
        yield first | dict(zip(varied, drawn, strict=True))


def _meets(wanted: Wanted, context: Mapping[str, Scalar]) -> bool:
    leaf, want = wanted
    return leaf.holds(context) if want else leaf.fails(context)
