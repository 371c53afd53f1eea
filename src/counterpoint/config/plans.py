"""Evaluates every experiment and rule for one unit at once, through an index of their audiences."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from xxhash import xxh64_intdigest

from counterpoint.assignment import N_BUCKETS, AudienceIndex, Context, build_index
from counterpoint.config.parts import Candidate, Holdout, Program, Programs
from counterpoint.config.points import by_point
from counterpoint.config.reads import Enrollment, Read
from counterpoint.config.reuse import is_each
from counterpoint.config.standing import filled

MAX_TRANSPOSED = 256
"""Up to so many experiments the owners of all buckets are found together, at the first request; else one by one."""
_MAX_BASES = 1_024
_MAX_KNOWN = 4_096

T = TypeVar("T")

Update: TypeAlias = tuple[int, Read]
"""Place of a parameter, and what a variant makes of it."""
Split: TypeAlias = tuple[int, int, Sequence[tuple[Update, ...]]]
"""Seed and total of a split, and what is changed at each of its points."""
Draw: TypeAlias = tuple[int, int, Sequence[Enrollment]]
"""The same split, and the enrolment that each of its points is."""


@dataclass(frozen=True, slots=True)
class _Members(Generic[T]):
    """Items by bit; `known` remembers what bitmaps came to before, up to a bound."""

    items: tuple[T, ...]
    known: dict[int, tuple[T, ...]] = field(default_factory=dict)

    def among(self, bits: int) -> tuple[T, ...]:
        found = self.known.get(bits)
        if found is not None:
            return found
        left, listed = bits, []
        while left:
            first = left & -left
            left ^= first
            listed.append(self.items[first.bit_length() - 1])
        found = tuple(listed)
        if len(self.known) < _MAX_KNOWN:
            self.known[bits] = found
        return found


@dataclass(slots=True)
class Planner:
    """Decides every parameter of a unit in one pass over the experiments that have it.

    `owners`, `bases` and what is known of bitmaps remember earlier answers, up to a bound; they change how fast one
    comes, never which.

    Attributes:
        is_general: Whether one pass is enough: every experiment and holdout hashes the surface's own unit.
        held: Per bucket, whether some holdout has it; such units are resolved parameter by parameter.
        live: The experiments that can enrol, as bits.
        rules: All rules, as bits above those of the experiments.
        splits: One per experiment, in the order in which they are asked.
        draws: The same.
        owners: Bucket -> the experiments that own it, and all rules; as far as buckets were asked for.
        index: The audiences of all experiments and rules; made for the first request or by `CompiledSnapshot.warm`, so
            that a kill switch does not wait for it.
        bitmaps: The buckets of all experiments, a row each; made when they are first asked for.
        columns: The bitmaps turned round, so many bytes a bucket; the same.
        bases: Matching rules -> what everyone reads who is in no experiment.
    """

    is_general: bool
    held: bytes
    parts: Programs
    n_candidates: int
    live: int
    rules: int
    splits: "_Members[Split]"
    draws: "_Members[Draw]"
    owners: dict[int, int] = field(default_factory=dict)
    index: AudienceIndex | None = None
    bitmaps: npt.NDArray[np.uint8] | None = None
    columns: bytes = b""
    bases: dict[int, tuple[Read, ...]] = field(default_factory=dict)

    def reads(self, bucket: int, raw: bytes, context: Context) -> list[Read]:
        """Return what a unit reads: one read per parameter, in the order of the surface."""
        owners = self.owners.get(bucket)
        index = self.index or self.indexed()
        matched = index.matching(context) & (self._owners(bucket) if owners is None else owners)
        rules = matched & self.rules
        base = self.bases.get(rules)
        if base is None:
            base = self._base(rules)
        reads = list(base)
        # From the last to the first: where two set one parameter, the first one stands.
        for seed, total, updates in reversed(self.splits.among(matched ^ rules)):
            for place, read in updates[(xxh64_intdigest(raw, seed) * total) >> 64]:
                reads[place] = filled(read, base[place]) if rules else read
        return reads

    def enrollments(self, bucket: int, raw: bytes, context: Context) -> tuple[Enrollment, ...]:
        """Return the experiments that a unit is in, in the order in which they are asked."""
        owners = self.owners.get(bucket)
        index = self.index or self.indexed()
        matched = index.matching(context) & (self._owners(bucket) if owners is None else owners) & self.live
        return tuple([at[(xxh64_intdigest(raw, seed) * total) >> 64] for seed, total, at in self.draws.among(matched)])

    def indexed(self) -> AudienceIndex:
        """Return the index, made if need be."""
        parts = self.parts
        audiences = [*(each.audience for each in parts.candidates), *(each.audience for each in parts.rules)]
        index = self.index = self.index or build_index(audiences)
        return index

    def rows(self) -> npt.NDArray[np.uint8]:
        """Return the bitmaps, made if need be."""
        bitmaps = self.bitmaps
        if bitmaps is None:
            joined = b"".join([candidate.bits for candidate in self.parts.candidates])
            bitmaps = np.frombuffer(joined, dtype=np.uint8).reshape(self.n_candidates, N_BUCKETS // 8)
            self.bitmaps = bitmaps
        return bitmaps

    def _owners(self, bucket: int) -> int:
        if 0 < self.n_candidates <= MAX_TRANSPOSED:
            width = (self.n_candidates + 7) >> 3
            columns = self.columns or _transposed(self.rows())
            self.columns = columns
            owned = columns[bucket * width : (bucket + 1) * width]
        else:
            owned = np.packbits(self.rows()[:, bucket >> 3] >> (bucket & 7) & 1, bitorder="little").tobytes()
        owners = self.owners[bucket] = int.from_bytes(owned, "little") | self.rules
        return owners

    def _base(self, rules: int) -> tuple[Read, ...]:
        matched = rules >> self.n_candidates
        base = tuple([_base_read(program, matched) for program in self.parts.by_parameter.values()])
        if len(self.bases) < _MAX_BASES:
            self.bases[rules] = base
        return base


def build_planner(programs: Programs, before: tuple[Programs, Planner] | None = None) -> Planner:
    """Return the planner of a snapshot.

    Args:
        before: The parts and the planner of an earlier one; what rests on the same candidates and programs is taken
            over, and with it what was remembered.
    """
    candidates, rules = programs.candidates, programs.rules
    n_candidates = len(candidates)
    live = np.array([candidate.is_live for candidate in candidates], dtype=np.bool_)
    splits, draws = _splits_and_draws(programs, before)
    has_same = before is not None and is_each(candidates, before[0].candidates) and programs.rules is before[0].rules
    old = before[1] if before is not None and has_same else None
    planner = Planner(
        is_general=not any(candidate.is_special for candidate in candidates)
        and all(holdout.unit is None for holdout in programs.holdouts),
        held=_held(programs.holdouts),
        parts=programs,
        n_candidates=n_candidates,
        live=int.from_bytes(np.packbits(live, bitorder="little").tobytes(), "little"),
        rules=((1 << len(rules)) - 1) << n_candidates,
        splits=_Members(splits),
        draws=_Members(draws),
    )
    if old is not None:
        planner.owners, planner.index, planner.bitmaps, planner.columns = (
            old.owners,
            old.index,
            old.bitmaps,
            old.columns,
        )
    return planner


def _held(holdouts: Sequence[Holdout]) -> bytes:
    held = np.zeros(N_BUCKETS // 8, dtype=np.uint8)
    for holdout in holdouts:
        for half in (holdout.status_quo, holdout.shipped_only):
            held |= np.frombuffer(half, dtype=np.uint8)
    return np.unpackbits(held, bitorder="little").tobytes()


def _splits_and_draws(
    programs: Programs, before: tuple[Programs, Planner] | None
) -> tuple[tuple[Split, ...], tuple[Draw, ...]]:
    """Return both of every candidate; those of the planner before, where nothing of a candidate changed."""
    by_parameter, candidates = programs.by_parameter, programs.candidates
    changed = set(by_parameter)
    splits: dict[int, Split] = {}
    draws: dict[int, Draw] = {}
    if before is not None:
        parts, planner = before
        changed = {key for key in changed if parts.by_parameter.get(key) is not by_parameter[key]}
        splits = {id(each): split for each, split in zip(parts.candidates, planner.splits.items, strict=True)}
        draws = {id(each): draw for each, draw in zip(parts.candidates, planner.draws.items, strict=True)}
    again = [each for each in candidates if id(each) not in splits or not changed.isdisjoint(each.parameters)]
    updates: dict[int, list[list[Update]]] = {id(each): [[] for _ in each.bounds] for each in again}
    touched = {key for each in again for key in each.parameters}
    for key, program in by_parameter.items():
        for line in program.lines if key in touched else ():
            found = updates.get(id(line.candidate))
            if found is not None:
                for variant, read in enumerate(line.reads):
                    found[variant].append((program.place, read))
    for each in candidates:
        if (found := updates.get(id(each))) is not None:
            made = [tuple(variant) for variant in found]
            splits[id(each)] = (each.seed, each.total, by_point(made, each.bounds))
        if id(each) not in draws:
            draws[id(each)] = _draw(each)
    return tuple([splits[id(each)] for each in candidates]), tuple([draws[id(each)] for each in candidates])


def _draw(candidate: Candidate) -> Draw:
    variants = candidate.spec.variants if candidate.is_live else ()
    enrollments = [Enrollment(candidate.spec.key, variant.key) for variant in variants]
    return candidate.seed, candidate.total, by_point(enrollments, candidate.bounds)


def _base_read(program: Program, rules: int) -> Read:
    for rule, read in program.rules:
        if rules >> rule.place & 1:
            return read
    return program.default


def _transposed(bitmaps: npt.NDArray[np.uint8]) -> bytes:
    owned = np.packbits(np.unpackbits(bitmaps, axis=1, bitorder="little"), axis=0, bitorder="little").T
    return np.ascontiguousarray(owned).tobytes()
