"""Turns the experiments, rules and holdouts of a snapshot into one small program per parameter."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from counterpoint.assignment import (
    N_BUCKETS,
    Audience,
    Context,
    bitmap_bytes,
    bucket_salt,
    compile_audiences,
    cumulative,
    seed_of,
)
from counterpoint.config.bounds import check_value
from counterpoint.config.parts import Candidate, Holdout, Line, Program, Programs, Rule
from counterpoint.config.points import by_point
from counterpoint.config.reads import Read
from counterpoint.config.reuse import Reuse, reusable
from counterpoint.config.snapshot import BaselineRule, LiveExperiment, LiveHoldout, ParameterSchema, Snapshot
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Finding, Reason, Scalar, Severity

MAX_SCANNED = 4
"""Up to so many experiments on a parameter are asked one by one; more are found through a table of buckets."""
_NOBODY = bytes(N_BUCKETS // 8)


@dataclass(slots=True)
class _Draft:
    schema: ParameterSchema
    place: int
    rules: list[tuple[Rule, Scalar]] = field(default_factory=list)
    holdouts: list[Holdout] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)


def build_programs(snapshot: Snapshot, before: Programs | None = None) -> Programs:
    """Return one program per parameter of `snapshot`; what is broken is isolated and named in `faults`.

    Args:
        before: The parts of an earlier snapshot of the surface; what has not changed is taken over from them.
    """
    faults: list[Finding] = []
    old = reusable(snapshot, before)
    schemas = {schema.key: schema for schema in snapshot.parameters}
    audiences = _audiences(snapshot, old)
    rules = _rules(snapshot.rules, audiences, faults, "rules") if old.rules is None else old.rules
    holdouts = old.holdouts
    if holdouts is None:
        holdouts = tuple(_holdout(snapshot, spec, audiences, faults) for spec in snapshot.holdouts)
    candidates = _candidates(snapshot, audiences, schemas, holdouts, old, faults)
    kept = old.programs(snapshot, rules, candidates)
    drafts = {key: _Draft(schema, place) for place, (key, schema) in enumerate(schemas.items()) if key not in kept}
    _fill(drafts, rules, holdouts, candidates)
    programs = {key: _program(drafts[key]) if key in drafts else kept[key] for key in schemas}
    return Programs(
        snapshot=snapshot,
        by_parameter=programs,
        bucket_seed=_bucket_seed(snapshot, snapshot.unit),
        candidates=candidates,
        rules=rules,
        holdouts=holdouts,
        faults=tuple(faults),
    )


def _fill(
    drafts: Mapping[str, _Draft],
    rules: Sequence[Rule],
    holdouts: Sequence[Holdout],
    candidates: Sequence[Candidate],
) -> None:
    """Hand every draft what can decide its parameter, in order."""
    for rule in rules:
        for key, value in rule.spec.set.items():
            if key in drafts:
                drafts[key].rules.append((rule, value))
    for holdout in holdouts:
        for key in holdout.spec.baseline:
            if key in drafts:
                drafts[key].holdouts.append(holdout)
    for candidate in candidates:
        for key in candidate.parameters:
            if key in drafts:
                drafts[key].candidates.append(candidate)


def _audiences(snapshot: Snapshot, old: Reuse) -> Mapping[str, Audience | InvalidInput]:
    held = (rule for holdout in snapshot.holdouts for rule in holdout.rules) if old.holdouts is None else ()
    texts = [each.audience for each in (*snapshot.experiments, *snapshot.rules, *held)]
    fresh = [text for text in texts if text not in old.audiences]
    declared = {attribute.key: attribute for attribute in snapshot.attributes}
    return {**old.audiences, **compile_audiences(fresh, declared)} if fresh else old.audiences


def _candidates(
    snapshot: Snapshot,
    audiences: Mapping[str, Audience | InvalidInput],
    schemas: Mapping[str, ParameterSchema],
    holdouts: tuple[Holdout, ...],
    old: Reuse,
    faults: list[Finding],
) -> tuple[Candidate, ...]:
    # Live experiments first: one that is disabled or broken must not hide another in the same bucket.
    ready: list[Candidate] = []
    asleep: list[Candidate] = []
    broken: list[Candidate] = []
    seeds: dict[str, int] = {}
    for spec in snapshot.experiments:
        candidate = old.candidate(spec)
        if candidate is None:
            if spec.unit not in seeds:
                seeds[spec.unit] = _bucket_seed(snapshot, spec.unit)
            fault = _fault_of(spec, audiences[spec.audience], schemas, f"experiments.{spec.key}")
            candidate, fault = _candidate(snapshot, spec, audiences[spec.audience], seeds[spec.unit], fault)
            if fault is not None:
                faults.append(fault)
            candidate = _outside(candidate, holdouts) if holdouts else candidate
        (broken if candidate.audience is None else ready if spec.enabled else asleep).append(candidate)
    return (*ready, *asleep, *broken)


def _candidate(
    snapshot: Snapshot,
    spec: LiveExperiment,
    audience: Audience | InvalidInput,
    bucket_seed: int,
    fault: Finding | None,
) -> tuple[Candidate, Finding | None]:
    bits = _NOBODY
    try:
        bits = bitmap_bytes(spec.buckets)
    except InvalidInput as error:
        fault = fault or _finding(error.code, f"experiments.{spec.key}.buckets", error.sentence)
    is_whole = fault is None and isinstance(audience, Audience)
    bounds = cumulative([variant.weight for variant in spec.variants]) if is_whole else (1,)
    return Candidate(
        spec=spec,
        unit=None if spec.unit == snapshot.unit else spec.unit,
        bucket_seed=bucket_seed,
        bits=bits,
        audience=audience if fault is None and isinstance(audience, Audience) else None,
        seed=seed_of(spec.salt),
        total=bounds[-1],
        bounds=bounds,
        parameters=tuple(dict.fromkeys(key for variant in spec.variants for key in variant.set)),
    ), fault


def _outside(candidate: Candidate, holdouts: tuple[Holdout, ...]) -> Candidate:
    covering = [holdout for holdout in holdouts if not holdout.spec.baseline.keys().isdisjoint(candidate.parameters)]
    bits = int.from_bytes(candidate.bits, "little")
    for holdout in covering:
        if holdout.unit == candidate.unit:
            bits &= ~(int.from_bytes(holdout.status_quo, "little") | int.from_bytes(holdout.shipped_only, "little"))
    others = tuple(holdout for holdout in covering if holdout.unit != candidate.unit)
    return replace(candidate, bits=bits.to_bytes(N_BUCKETS // 8, "little"), kept_out=others)


def _fault_of(
    spec: LiveExperiment, audience: Audience | InvalidInput, schemas: Mapping[str, ParameterSchema], path: str
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
            if key not in schemas:
                return _finding("unknown_parameter", where, f"no parameter is called {key[:80]!r}")
            if (finding := check_value(schemas[key], value, path=where)) is not None:
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
