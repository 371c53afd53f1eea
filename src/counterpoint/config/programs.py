"""Turns the experiments, rules and holdouts of a snapshot into one small program per parameter."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from counterpoint.assignment import (
    N_BUCKETS,
    Audience,
    Context,
    Test,
    bitmap_bytes,
    bucket_salt,
    compile_audiences,
    cumulative,
    seed_of,
)
from counterpoint.config.bounds import check_value
from counterpoint.config.points import by_point
from counterpoint.config.reads import Read
from counterpoint.config.snapshot import BaselineRule, LiveExperiment, LiveHoldout, ParameterSchema, Snapshot
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Finding, Reason, Scalar, Severity

MAX_SCANNED = 4
"""Up to so many experiments on a parameter are asked one by one; more are found through a table of buckets."""
_NOBODY = bytes(N_BUCKETS // 8)


class Candidate(Struct, frozen=True, kw_only=True, gc=False):
    """An experiment, ready to be asked.

    Attributes:
        place: Its place in the order in which candidates are asked.
        unit: The unit type that is hashed, or None for the surface's own.
        bucket_seed: Seed of the bucket hash of its unit type.
        bits: Its buckets, a bitmap of 1,250 bytes.
        audience: Its compiled audience; None when it is broken, and then nobody is enrolled.
        seed: Seed of its split.
        total: Sum of its weights.
        bounds: Running sums of its weights.
        kept_out: Holdouts of other unit types that cover some parameter of it: their units see nothing of it, since
            half a variant is no variant. Those of its own unit type are subtracted from `bits`.
    """

    spec: LiveExperiment
    place: int
    unit: str | None
    bucket_seed: int
    bits: bytes
    audience: Audience | None
    seed: int
    total: int
    bounds: tuple[int, ...]
    kept_out: tuple["Holdout", ...] = ()

    @property
    def is_special(self) -> bool:
        """Whether the unit's own bucket is not enough to say who is in it."""
        return self.unit is not None or bool(self.kept_out)

    @property
    def is_live(self) -> bool:
        """Whether units can be enrolled in it."""
        return self.audience is not None and self.spec.enabled

    @property
    def parameters(self) -> tuple[str, ...]:
        """What some variant sets."""
        return tuple(dict.fromkeys(key for variant in self.spec.variants for key in variant.set))


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


@dataclass(slots=True)
class _Draft:
    schema: ParameterSchema
    place: int
    rules: list[tuple[Rule, Scalar]] = field(default_factory=list)
    holdouts: list[Holdout] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The compiled parts of a snapshot; `faults` says what of it could not be compiled."""

    by_parameter: Mapping[str, Program]
    bucket_seed: int
    candidates: tuple[Candidate, ...]
    rules: tuple[Rule, ...]
    holdouts: tuple[Holdout, ...]
    faults: tuple[Finding, ...]


def build_programs(snapshot: Snapshot) -> Programs:
    """Return one program per parameter of `snapshot`; what is broken is isolated and named in `faults`."""
    faults: list[Finding] = []
    drafts = {schema.key: _Draft(schema, place) for place, schema in enumerate(snapshot.parameters)}
    held = tuple(rule for holdout in snapshot.holdouts for rule in holdout.rules)
    texts = [spec.audience for spec in snapshot.experiments] + [rule.audience for rule in (*snapshot.rules, *held)]
    audiences = compile_audiences(texts, {attribute.key: attribute for attribute in snapshot.attributes})
    rules = _rules(snapshot.rules, audiences, faults, "rules")
    for rule in rules:
        for key, value in rule.spec.set.items():
            if key in drafts:
                drafts[key].rules.append((rule, value))
    holdouts = tuple(_holdout(snapshot, spec, audiences, faults) for spec in snapshot.holdouts)
    for holdout in holdouts:
        for key in holdout.spec.baseline:
            if key in drafts:
                drafts[key].holdouts.append(holdout)
    candidates = _candidates(snapshot, audiences, drafts, holdouts, faults)
    for candidate in candidates:
        for key in candidate.parameters:
            if key in drafts:
                drafts[key].candidates.append(candidate)
    programs = {key: _program(draft) for key, draft in drafts.items()}
    return Programs(
        by_parameter=programs,
        bucket_seed=_bucket_seed(snapshot, snapshot.unit),
        candidates=candidates,
        rules=rules,
        holdouts=holdouts,
        faults=tuple(faults),
    )


_Parts: TypeAlias = tuple[LiveExperiment, bytes, Audience | None, tuple[int, ...]]


def _candidates(
    snapshot: Snapshot,
    audiences: Mapping[str, Audience | InvalidInput],
    drafts: Mapping[str, _Draft],
    holdouts: tuple[Holdout, ...],
    faults: list[Finding],
) -> tuple[Candidate, ...]:
    # Live experiments first: one that is disabled or broken must not hide another in the same bucket.
    ready: list[_Parts] = []
    asleep: list[_Parts] = []
    broken: list[_Parts] = []
    for spec in snapshot.experiments:
        path = f"experiments.{spec.key}"
        fault = _fault_of(spec, audiences[spec.audience], drafts, path)
        bits = _NOBODY
        try:
            bits = bitmap_bytes(spec.buckets)
        except InvalidInput as error:
            fault = fault or _finding(error.code, f"{path}.buckets", error.sentence)
        if fault is not None:
            faults.append(fault)
            broken.append((spec, bits, None, (1,)))
            continue
        audience = audiences[spec.audience]
        bounds = cumulative([variant.weight for variant in spec.variants])
        (ready if spec.enabled else asleep).append(
            (spec, bits, audience if isinstance(audience, Audience) else None, bounds)
        )
    candidates = [
        Candidate(
            spec=spec,
            place=place,
            unit=None if spec.unit == snapshot.unit else spec.unit,
            bucket_seed=_bucket_seed(snapshot, spec.unit),
            bits=bits,
            audience=audience,
            seed=seed_of(spec.salt),
            total=bounds[-1],
            bounds=bounds,
        )
        for place, (spec, bits, audience, bounds) in enumerate((*ready, *asleep, *broken))
    ]
    return tuple([_outside(candidate, holdouts) for candidate in candidates] if holdouts else candidates)


def _outside(candidate: Candidate, holdouts: tuple[Holdout, ...]) -> Candidate:
    covering = [holdout for holdout in holdouts if not holdout.spec.baseline.keys().isdisjoint(candidate.parameters)]
    bits = int.from_bytes(candidate.bits, "little")
    for holdout in covering:
        if holdout.unit == candidate.unit:
            bits &= ~(int.from_bytes(holdout.status_quo, "little") | int.from_bytes(holdout.shipped_only, "little"))
    others = tuple(holdout for holdout in covering if holdout.unit != candidate.unit)
    return replace(candidate, bits=bits.to_bytes(N_BUCKETS // 8, "little"), kept_out=others)


def _fault_of(
    spec: LiveExperiment, audience: Audience | InvalidInput, drafts: Mapping[str, _Draft], path: str
) -> Finding | None:
    if isinstance(audience, InvalidInput):
        return _finding(audience.code, f"{path}.audience", audience.sentence)
    try:
        cumulative([variant.weight for variant in spec.variants])
    except InvalidInput as error:
        return _finding(error.code, f"{path}.variants", error.sentence)
    for variant in spec.variants:
        for key, value in variant.set.items():
            where = f"{path}.variants.{variant.key}.set.{key}"
            if key not in drafts:
                return _finding("unknown_parameter", where, f"no parameter is called {key[:80]!r}")
            if (finding := check_value(drafts[key].schema, value, path=where)) is not None:
                return finding
    return None


def _rules(
    specs: Sequence[BaselineRule], audiences: Mapping[str, Audience | InvalidInput], faults: list[Finding], path: str
) -> tuple[Rule, ...]:
    rules = []
    for place, spec in enumerate(specs):
        audience = audiences[spec.audience]
        if isinstance(audience, InvalidInput):
            faults.append(_finding(audience.code, f"{path}.{spec.key}.audience", audience.sentence))
        rules.append(Rule(spec=spec, place=place, audience=audience if isinstance(audience, Audience) else None))
    return tuple(rules)


def _holdout(
    snapshot: Snapshot, spec: LiveHoldout, audiences: Mapping[str, Audience | InvalidInput], faults: list[Finding]
) -> Holdout:
    halves = [_NOBODY, _NOBODY]
    for half, text in enumerate((spec.status_quo, spec.shipped_only)):
        try:
            halves[half] = bitmap_bytes(text)
        except InvalidInput as error:
            name = ("status_quo", "shipped_only")[half]
            faults.append(_finding(error.code, f"holdouts.{spec.key}.{name}", error.sentence))
    return Holdout(
        spec=spec,
        unit=None if spec.unit == snapshot.unit else spec.unit,
        bucket_seed=_bucket_seed(snapshot, spec.unit),
        status_quo=halves[0],
        shipped_only=halves[1],
        rules=_rules(spec.rules, audiences, faults, f"holdouts.{spec.key}.rules"),
    )


def _program(draft: _Draft) -> Program:
    key, baseline = draft.schema.key, draft.schema.baseline
    reason = Reason.DEFAULT if draft.candidates else Reason.STATIC
    default = Read(parameter=key, value=baseline, reason=reason)
    is_fixed = not (draft.candidates or draft.rules or draft.holdouts)
    lines = tuple(as_line(candidate, _reads(candidate, key, baseline)) for candidate in draft.candidates)
    own = tuple(line for line in lines if not line.candidate.is_special)
    table, groups = _table(own) if len(own) > MAX_SCANNED else (None, ())
    return Program(
        key=key,
        place=draft.place,
        fixed=default if is_fixed else None,
        default=default,
        rules=tuple((rule, _rule_read(rule, key, baseline, value)) for rule, value in draft.rules),
        holdouts=tuple(draft.holdouts),
        lines=own,
        special=tuple(line for line in lines if line.candidate.is_special),
        table=table,
        groups=groups,
    )


def as_line(candidate: Candidate, reads: tuple[Read, ...]) -> Line:
    """Return `candidate` as a line with these reads."""
    matches = candidate.audience.matches if candidate.audience is not None else _everyone
    at = by_point(reads, candidate.bounds)
    return Line(candidate, reads, at, candidate.bits, matches, candidate.seed, candidate.total)


def _everyone(context: Context) -> bool:  # noqa: ARG001 - a Test that reads nothing
    return True


def _rule_read(rule: Rule, key: str, baseline: Scalar, value: Scalar) -> Read:
    if rule.audience is None:
        return Read(parameter=key, value=baseline, reason=Reason.ERROR, rule=rule.spec.key)
    return Read(parameter=key, value=value, reason=Reason.TARGETING_MATCH, rule=rule.spec.key)


def _reads(candidate: Candidate, key: str, baseline: Scalar) -> tuple[Read, ...]:
    spec = candidate.spec
    if not candidate.is_live:
        reason = Reason.ERROR if candidate.audience is None else Reason.DISABLED
        return (Read(parameter=key, value=baseline, reason=reason, experiment=spec.key),) * len(candidate.bounds)
    return tuple(
        Read(
            parameter=key,
            value=variant.set.get(key, baseline),
            reason=Reason.SPLIT if key in variant.set else Reason.DEFAULT,
            experiment=spec.key,
            variant=variant.key,
            is_set=key in variant.set,
            is_exposure=True,
        )
        for variant in spec.variants
    )


def _table(lines: tuple[Line, ...]) -> tuple[Sequence[int], tuple[tuple[Line, ...], ...]]:
    rows = np.frombuffer(b"".join(line.candidate.bits for line in lines), dtype=np.uint8).reshape(len(lines), -1)
    owned = np.unpackbits(rows, axis=1, bitorder="little")
    if int(owned.sum(axis=0, dtype=np.int64).max()) <= 1:
        # The usual case: experiments on one parameter own disjoint buckets.
        owner = (owned * np.arange(1, len(lines) + 1, dtype=np.uint32)[:, None]).sum(axis=0)
        return _compact(owner), ((), *((line,) for line in lines))
    patterns, owner = np.unique(np.packbits(owned, axis=0), axis=1, return_inverse=True)
    members = np.unpackbits(patterns, axis=0, count=len(lines))
    return _compact(owner), tuple(tuple(lines[place] for place in np.flatnonzero(column)) for column in members.T)


def _compact(owner: npt.NDArray[Any]) -> Sequence[int]:
    flat = owner.reshape(-1)
    return flat.astype(np.uint8).tobytes() if int(flat.max()) < 256 else array("H", flat.astype(np.uint16).tobytes())


def _bucket_seed(snapshot: Snapshot, unit: str) -> int:
    return seed_of(bucket_salt(snapshot.bucket_salt, unit_type=unit, surface_unit=snapshot.unit))


def _finding(code: str, path: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message)
