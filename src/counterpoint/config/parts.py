"""The parts that a snapshot is compiled into: candidates, rules, holdouts, and one program per parameter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

from counterpoint.assignment import Audience, Test
from counterpoint.config.reads import Read
from counterpoint.config.snapshot import BaselineRule, LiveExperiment, LiveHoldout, Snapshot
from counterpoint.vocabulary import Finding


class Candidate(Struct, frozen=True, kw_only=True, gc=False):
    """An experiment, ready to be asked.

    Attributes:
        unit: The unit type that is hashed, or None for the surface's own.
        bucket_seed: Seed of the bucket hash of its unit type.
        bits: Its buckets, a bitmap of 1,250 bytes.
        audience: Its compiled audience; None when it is broken, and then nobody is enrolled.
        seed: Seed of its split.
        total: Sum of its weights.
        bounds: Running sums of its weights.
        parameters: What some variant sets.
        kept_out: Holdouts of other unit types that cover some parameter of it: their units see nothing of it, since
            half a variant is no variant. Those of its own unit type are subtracted from `bits`.
    """

    spec: LiveExperiment
    unit: str | None
    bucket_seed: int
    bits: bytes
    audience: Audience | None
    seed: int
    total: int
    bounds: tuple[int, ...]
    parameters: tuple[str, ...]
    kept_out: tuple["Holdout", ...] = ()

    @property
    def is_special(self) -> bool:
        """Whether the unit's own bucket is not enough to say who is in it."""
        return self.unit is not None or bool(self.kept_out)

    @property
    def is_live(self) -> bool:
        """Whether units can be enrolled in it."""
        return self.audience is not None and self.spec.enabled


class Line(Struct, frozen=True, gc=False):
    """A candidate as one parameter sees it.

    Attributes:
        reads: One per variant, with the baseline where the variant sets nothing.
        at: The same by point of the split: `at[(hash * total) >> 64]`.
        bits, matches, seed, total: The candidate's, one step nearer to the loop that reads them.
    """

    candidate: Candidate
    reads: tuple[Read, ...]
    at: Sequence[Read]
    bits: bytes
    matches: Test
    seed: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A baseline rule; `audience` is None when it cannot be evaluated."""

    spec: BaselineRule
    place: int
    audience: Audience | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """A holdout with its bitmaps and rules ready."""

    spec: LiveHoldout
    unit: str | None
    bucket_seed: int
    status_quo: bytes
    shipped_only: bytes
    rules: tuple[Rule, ...]


class Program(Struct, frozen=True, kw_only=True, gc=False):
    """Everything that can decide one parameter.

    Attributes:
        place: Its place among the parameters of the surface.
        fixed: Its one read when nothing but the baseline can decide it.
        default: Its read for whoever is in none of its experiments and meets none of its rules.
        rules: In order; the first that matches decides.
        holdouts: Those that cover it, in order.
        lines: The experiments on it that hash the surface's own unit, in the order in which they are asked.
        special: Those that hash another unit type, or that a holdout of another unit type covers.
        table: Bucket -> place in `groups`, where there are many lines.
        groups: With a table, the lines that own a bucket: `groups[table[bucket]]`.
    """

    key: str
    place: int
    fixed: Read | None
    default: Read
    rules: tuple[tuple[Rule, Read], ...] = ()
    holdouts: tuple[Holdout, ...] = ()
    lines: tuple[Line, ...] = ()
    special: tuple[Line, ...] = ()
    table: Sequence[int] | None = None
    groups: tuple[tuple[Line, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The compiled parts of a snapshot; `faults` says what of it could not be compiled."""

    snapshot: Snapshot
    by_parameter: Mapping[str, Program]
    bucket_seed: int
    candidates: tuple[Candidate, ...]
    rules: tuple[Rule, ...]
    holdouts: tuple[Holdout, ...]
    faults: tuple[Finding, ...]
