"""The values of one request: each is decided when it is first read, and the reads are recorded."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace
from xxhash import xxh64_intdigest

from counterpoint.assignment import N_BUCKETS, Context
from counterpoint.config.parts import Program
from counterpoint.config.programs import as_line
from counterpoint.config.reads import Enrollment, Read, Step
from counterpoint.config.standing import Request, filled, half_of, held_read, variant_in
from counterpoint.config.timeline import timeline
from counterpoint.errors import NotFound
from counterpoint.vocabulary import Reason, Scalar

if TYPE_CHECKING:
    from counterpoint.config.compiled import CompiledSnapshot

_NOT_HASHED = -1
_MANY = 4


class Config:
    """The values of every parameter for one request, decided one by one as they are read.

    The first read of a parameter is recorded; reading it again, iterating and printing record nothing. Made by
    `CompiledSnapshot.resolve`; belongs to one request and one thread.
    """

    __slots__ = (
        "_bucket",
        "_compiled",
        "_context",
        "_forced",
        "_is_stale",
        "_planned",
        "_programs",
        "_raw",
        "_reads",
        "_units",
        "_values",
        "now",
    )

    def __init__(
        self,
        compiled: "CompiledSnapshot",
        raw: bytes | None,
        context: Context,
        now: datetime,
        units: Mapping[str, str] | None,
        forced: Mapping[str, str] | None,
        is_stale: bool,
    ) -> None:
        self._compiled = compiled
        self._programs = compiled.programs
        self._raw = raw
        self._context = context
        self._units = units
        self._forced = forced
        self._is_stale = is_stale
        self._bucket = _NOT_HASHED
        self._planned: list[Read] | None = None
        self._values: dict[str, Scalar] = {}
        self._reads: list[Read] = []
        self.now = now

    def value(self, key: str) -> Scalar:
        """Return the value of parameter `key`, recording its first read.

        Raises:
            NotFound: `unknown_parameter` when the surface has no such parameter.
        """
        value = self._values.get(key)
        if value is not None:
            return value
        program = self._programs.get(key) or self._program(key)
        read = program.fixed
        if read is None:
            read = self._decide(program) if self._planned is None else self._planned[program.place]
        if self._is_stale:
            read = replace(read, reason=Reason.STALE)
        self._reads.append(read)
        value = self._values[key] = read.value
        return value

    def read_all(self) -> Mapping[str, Scalar]:
        """Return the value of every parameter; all of them count as read, in the order of the surface."""
        if self._reads or not self._is_plain:
            for key in self._programs:
                self.value(key)
        else:
            self._reads = self._plan()
            self._values = {read.parameter: read.value for read in self._reads}
        return self._values

    def explain(self, key: str) -> tuple[Step, ...]:
        """Return the ordered steps that lead to the value of `key`, recording nothing.

        Raises:
            NotFound: `unknown_parameter`.
        """
        return timeline(self._request, self._program(key))

    def peek(self, key: str) -> Read:
        """Return what a read of `key` gives, recording nothing.

        Raises:
            NotFound: `unknown_parameter`.
        """
        return Config(
            self._compiled, self._raw, self._context, self.now, self._units, self._forced, self._is_stale
        )._recorded(key)

    @property
    def reads(self) -> tuple[Read, ...]:
        """The first read of each parameter so far, in order."""
        return tuple(self._reads)

    @property
    def exposures(self) -> tuple[Read, ...]:
        """The reads that exposed the unit to an experiment; none when a tester forced a variant."""
        return () if self._forced else tuple(read for read in self._reads if read.is_exposure)

    @property
    def enrolled(self) -> tuple[Enrollment, ...]:
        """The experiments that the unit is in, whether or not it met them yet; forced variants are not among them."""
        raw = self._raw
        if raw is None or not self._is_plain:
            return self._enrolled_slowly()
        return self._compiled.planner.enrollments(self._bucket_of(raw), raw, self._context)

    @property
    def other_units(self) -> Mapping[str, str]:
        """Experiment -> the identifier that it hashes, of those that hash another unit than the surface's own."""
        units = self._units
        if not units or self._compiled.planner.is_general:
            return {}
        special = (each for each in self._compiled.candidates if each.unit in units)
        return {each.spec.key: units[each.unit] for each in special if each.unit is not None}

    @property
    def is_stale(self) -> bool:
        """Whether the snapshot was older than its declared maximum age."""
        return self._is_stale

    @property
    def is_forced(self) -> bool:
        """Whether a tester asked for variants; nothing of such a request counts."""
        return bool(self._forced)

    @property
    def snapshot_id(self) -> str:
        """Content address of the snapshot that decides."""
        return self._compiled.id

    @property
    def release(self) -> int:
        """Number of the release of that snapshot."""
        return self._compiled.snapshot.release

    @property
    def age_s(self) -> float:
        """Seconds since the snapshot was last known to be the newest."""
        return self._compiled.age_s(self.now)

    def __iter__(self) -> Iterator[str]:
        return iter(self._programs)

    def __len__(self) -> int:
        return len(self._programs)

    def __contains__(self, key: object) -> bool:
        return key in self._programs

    def __repr__(self) -> str:
        return f"Config({self._compiled.snapshot.surface} {self._compiled.id}, {len(self._reads)} reads)"

    @property
    def _is_plain(self) -> bool:
        """Whether the precomputed plans hold: one unit, not held out, nothing forced, nothing stale."""
        raw, planner = self._raw, self._compiled.planner
        if raw is None or self._forced or self._is_stale or not planner.is_general:
            return False
        return not planner.held[self._bucket_of(raw)]

    def _program(self, key: str) -> Program:
        program = self._programs.get(key)
        if program is None:
            raise NotFound(
                "unknown_parameter",
                f"surface {self._compiled.snapshot.surface} has no parameter {key[:80]!r}",
                where="parameter",
                fix="use one of those that the surface declares",
            )
        return program

    def _recorded(self, key: str) -> Read:
        self.value(key)
        return self._reads[-1]

    def _plan(self) -> list[Read]:
        """Return the read of every parameter, for a plain request."""
        raw = self._raw
        if raw is None:
            return []
        return self._compiled.planner.reads(self._bucket_of(raw), raw, self._context)

    def _bucket_of(self, raw: bytes) -> int:
        bucket = self._bucket
        if bucket == _NOT_HASHED:
            bucket = self._bucket = (xxh64_intdigest(raw, self._compiled.bucket_seed) * N_BUCKETS) >> 64
        return bucket

    def _decide(self, program: Program) -> Read:
        if self._forced:
            return self._decide_forced(program, self._forced)
        if len(self._reads) >= _MANY and self._is_plain:
            # Who reads this much reads more: deciding everything at once costs as much as four reads.
            self._planned = self._plan()
            return self._planned[program.place]
        if program.holdouts and (read := self._held(program)) is not None:
            return read
        found = self._among_own(program, self._raw) if self._raw is not None and program.lines else None
        if program.special and (found is None or found.variant is None):
            found = self._among_special(program) or found
        if not program.rules:
            return program.default if found is None else found
        return filled(found, self._ruled(program))

    def _among_own(self, program: Program, raw: bytes) -> Read | None:
        bucket = self._bucket
        if bucket == _NOT_HASHED:
            bucket = self._bucket_of(raw)
        context = self._context
        if program.table is not None:
            for line in program.groups[program.table[bucket]]:
                if line.matches(context):
                    return line.at[(xxh64_intdigest(raw, line.seed) * line.total) >> 64]
            return None
        byte, bit = bucket >> 3, 1 << (bucket & 7)
        for line in program.lines:
            if line.bits[byte] & bit and line.matches(context):
                return line.at[(xxh64_intdigest(raw, line.seed) * line.total) >> 64]
        return None

    def _among_special(self, program: Program) -> Read | None:
        for line in program.special:
            place = variant_in(self._request, line)
            if place is not None:
                return line.reads[place]
        return None

    def _ruled(self, program: Program) -> Read:
        for rule, read in program.rules:
            if rule.audience is None or rule.audience.matches(self._context):
                return read
        return program.default

    def _held(self, program: Program) -> Read | None:
        for holdout in program.holdouts:
            half = half_of(self._request, holdout)
            if half == "status_quo":
                return held_read(holdout, program.key, self._context)
            if half == "shipped_only":
                return replace(self._ruled(program), holdout=holdout.spec.key)
        return None

    def _decide_forced(self, program: Program, forced: Mapping[str, str]) -> Read:
        for line in (*program.lines, *program.special):
            candidate = line.candidate
            wanted = forced.get(candidate.spec.key)
            if wanted is None or candidate.audience is None:
                continue
            for place, variant in enumerate(candidate.spec.variants):
                if variant.key == wanted:
                    value = variant.set.get(program.key)
                    base = self._ruled(program)
                    # A sleeping experiment has no reads per variant, so the forced one is written out.
                    return Read(
                        parameter=program.key,
                        value=base.value if value is None else value,
                        reason=Reason.SPLIT if value is not None else Reason.DEFAULT,
                        experiment=candidate.spec.key,
                        variant=candidate.spec.variants[place].key,
                        rule=base.rule if value is None else None,
                        forced=True,
                        is_set=value is not None,
                    )
        natural = Config(self._compiled, self._raw, self._context, self.now, self._units, None, False)._decide(program)
        return replace(natural, is_exposure=False)

    def _enrolled_slowly(self) -> tuple[Enrollment, ...]:
        request = self._request
        found = []
        for candidate in self._compiled.candidates:
            if not candidate.is_live:
                continue
            place = variant_in(request, as_line(candidate, ()))
            if place is not None:
                found.append(Enrollment(candidate.spec.key, candidate.spec.variants[place].key))
        return tuple(found)

    @property
    def _request(self) -> Request:
        return Request(self._raw, self._context, self._units, self._forced)
