"""Where a unit stands, whatever its type: which buckets it is in, which holdout keeps it, what that makes it read."""

from bisect import bisect_right
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace
from xxhash import xxh64_intdigest

from counterpoint.assignment import N_BUCKETS, Context
from counterpoint.config.parts import Holdout, Line, Rule
from counterpoint.config.reads import Read
from counterpoint.vocabulary import Reason


class Request(Struct, frozen=True, gc=False):
    """What a request says: its units, its attributes, and the variants that a tester asks for."""

    raw: bytes | None
    context: Context
    units: Mapping[str, str] | None
    forced: Mapping[str, str] | None


def encoded(unit: str) -> bytes:
    """Return the bytes of an identifier that are hashed."""
    try:
        return unit.encode()
    except UnicodeEncodeError:  # half a surrogate pair: still a unit, still the same bucket everywhere
        return unit.encode("utf-8", "surrogatepass")


def raw_of(request: Request, unit: str | None) -> bytes | None:
    """Return the bytes of the request's unit of one type (None for the surface's own), or None when it names none."""
    if unit is None:
        return request.raw
    identifier = request.units.get(unit) if request.units else None
    return encoded(identifier) if identifier else None


def owns(bits: bytes, raw: bytes, seed: int) -> bool:
    """Return whether the bitmap `bits` has the bucket of a unit."""
    bucket = (xxh64_intdigest(raw, seed) * N_BUCKETS) >> 64
    return bool(bits[bucket >> 3] >> (bucket & 7) & 1)


def variant_in(request: Request, line: Line) -> int | None:
    """Return the place of the unit's variant, or None when the buckets or the audience do not have it."""
    candidate = line.candidate
    raw = raw_of(request, candidate.unit)
    if raw is None or not owns(candidate.bits, raw, candidate.bucket_seed) or not line.matches(request.context):
        return None
    if candidate.kept_out and any(half_of(request, holdout) for holdout in candidate.kept_out):
        return None
    return bisect_right(candidate.bounds, (xxh64_intdigest(raw, line.seed) * line.total) >> 64)


def half_of(request: Request, holdout: Holdout) -> str | None:
    """Return which half of a holdout has the unit: `status_quo`, `shipped_only` or None."""
    raw = raw_of(request, holdout.unit)
    if raw is None:
        return None
    if owns(holdout.status_quo, raw, holdout.bucket_seed):
        return "status_quo"
    return "shipped_only" if owns(holdout.shipped_only, raw, holdout.bucket_seed) else None


def held_read(holdout: Holdout, key: str, context: Context) -> Read:
    """Return what a unit of the status quo reads: the rules, then the baseline, of the day the holdout began."""
    for rule in holdout.rules:
        if key in rule.spec.set and (rule.audience is None or rule.audience.matches(context)):
            return held_by(holdout, rule, key)
    return held_by(holdout, None, key)


def held_by(holdout: Holdout, rule: Rule | None, key: str) -> Read:
    """Return what a unit of the status quo reads when `rule` decides; None when no rule of that day matches."""
    value, name = holdout.spec.baseline[key], holdout.spec.key
    if rule is None:
        return Read(parameter=key, value=value, reason=Reason.STATIC, holdout=name)
    if rule.audience is None:
        return Read(parameter=key, value=value, reason=Reason.ERROR, rule=rule.spec.key, holdout=name)
    value = rule.spec.set[key]
    return Read(parameter=key, value=value, reason=Reason.TARGETING_MATCH, rule=rule.spec.key, holdout=name)


def filled(found: Read | None, base: Read) -> Read:
    """Return the read of an experiment with `base` (a rule's or the default) where its variant sets nothing."""
    if found is None:
        return base
    if found.is_set or base.rule is None:
        return found
    reason = base.reason if found.reason is Reason.DEFAULT else found.reason
    return replace(found, value=base.value, rule=base.rule, reason=reason)
