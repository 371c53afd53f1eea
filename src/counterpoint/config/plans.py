"""Evaluates every experiment and rule for one unit at once, remembering what the same matches led to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from counterpoint.assignment import N_BUCKETS, AudienceIndex, Context, build_index
from counterpoint.config.points import by_point
from counterpoint.config.programs import Candidate, Line, Program, Programs
from counterpoint.config.reads import Enrollment, Read
from counterpoint.config.standing import filled

_MAX_PLANS = 4_096
_MAX_OWNERS = N_BUCKETS

Update: TypeAlias = tuple[int, Read]
"""Place of a parameter, and what a variant makes of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one set of matching experiments and rules leads to.

    Attributes:
        reads: One per parameter, before any experiment.
        lines: Seed and total of a split, and what is changed at each of its points.
        enrollments: The same splits, and the enrolment that each point is.
    """

    reads: tuple[Read, ...]
    lines: tuple[tuple[int, int, Sequence[tuple[Update, ...]]], ...]
    enrollments: tuple[tuple[int, int, Sequence[Enrollment]], ...]


@dataclass(slots=True)
class Planner:
    """Finds the plan of a bucket and a context.

    `owners` and `plans` remember earlier answers, up to a bound; they change how fast one comes, never which.

    Attributes:
        is_general: Whether plans hold at all: every experiment and holdout hashes the surface's own unit.
        held: Per bucket, whether some holdout has it; such units are resolved parameter by parameter.
    """

    is_general: bool
    held: bytes
    programs: Mapping[str, Program]
    candidates: tuple[Candidate, ...]
    rules: int
    index: AudienceIndex
    bitmaps: npt.NDArray[np.uint8]
    owners: dict[int, int] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)

    def plan(self, bucket: int, context: Context) -> Plan:
        """Return what the experiments that own `bucket` and the rules lead to for `context`."""
        owners = self.owners.get(bucket)
        if owners is None:
            owners = self._owners(bucket)
        matched = self.index.matching(context) & owners
        found = self.plans.get(matched)
        if found is None:
            found = self._plan(matched)
            if len(self.plans) < _MAX_PLANS:
                self.plans[matched] = found
        return found

    def _owners(self, bucket: int) -> int:
        column = self.bitmaps[:, bucket >> 3] >> (bucket & 7) & 1
        owners = int.from_bytes(np.packbits(column, bitorder="little").tobytes(), "little") | self.rules
        self.owners[bucket] = owners
        return owners

    def _plan(self, matched: int) -> Plan:
        n_candidates = len(self.candidates)
        rules = matched >> n_candidates
        chosen = [candidate for candidate in self.candidates if matched >> candidate.place & 1]
        base = {key: self._base(program, rules) for key, program in self.programs.items()}
        taken: set[str] = set()
        lines = []
        for candidate in chosen:
            mine = [self.programs[key] for key in candidate.parameters if key in self.programs and key not in taken]
            taken.update(program.key for program in mine)
            updates: list[tuple[Update, ...]] = []
            for variant in range(len(candidate.bounds)):
                pairs = [
                    (program, filled(_line_of(program, candidate).reads[variant], base[program.key]))
                    for program in mine
                ]
                updates.append(tuple((program.place, read) for program, read in pairs))
            if mine:
                lines.append((candidate.seed, candidate.total, by_point(updates, candidate.bounds)))
        return Plan(
            reads=tuple(base.values()),
            lines=tuple(lines),
            enrollments=tuple(
                (candidate.seed, candidate.total, by_point(_enrollments(candidate), candidate.bounds))
                for candidate in chosen
                if candidate.is_live
            ),
        )

    def _base(self, program: Program, rules: int) -> Read:
        for rule, read in program.rules:
            if rules >> rule.place & 1:
                return read
        return program.default


def build_planner(programs: Programs) -> Planner:
    """Return the planner of a snapshot."""
    candidates, rules = programs.candidates, programs.rules
    n_candidates = len(candidates)
    held = np.zeros(N_BUCKETS // 8, dtype=np.uint8)
    for holdout in programs.holdouts:
        for half in (holdout.status_quo, holdout.shipped_only):
            held |= np.frombuffer(half, dtype=np.uint8)
    units = [candidate.unit for candidate in candidates] + [holdout.unit for holdout in programs.holdouts]
    rows = b"".join(candidate.bits for candidate in candidates)
    audiences = [*(candidate.audience for candidate in candidates), *(rule.audience for rule in rules)]
    return Planner(
        is_general=all(unit is None for unit in units),
        held=np.unpackbits(held, bitorder="little").tobytes(),
        programs=programs.by_parameter,
        candidates=candidates,
        rules=((1 << len(rules)) - 1) << n_candidates,
        index=build_index(audiences),
        bitmaps=np.frombuffer(rows, dtype=np.uint8).reshape(n_candidates, N_BUCKETS // 8),
    )


def _enrollments(candidate: Candidate) -> tuple[Enrollment, ...]:
    return tuple(Enrollment(candidate.spec.key, variant.key) for variant in candidate.spec.variants)


def _line_of(program: Program, candidate: Candidate) -> Line:
    return next(line for line in program.lines if line.candidate is candidate)
