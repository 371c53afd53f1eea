"""One evaluation: from a parameter's read to what OpenFeature calls resolution details, with every way it can fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, Reason

from counterpoint.config import CompiledSnapshot, Config, Read
from counterpoint.vocabulary import Scalar

T = TypeVar("T")
Anonymous = Literal["error", "baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an evaluation context says, in Counterpoint's terms.

    Attributes:
        unit: The targeting key; None when there is none.
        units: Identifiers of other unit types, by the attribute that names them.
    """

    unit: str | None
    context: Mapping[str, Scalar]
    units: Mapping[str, str]


def asked(context: EvaluationContext | None) -> Asked:
    """Return what `context` says; attributes that are no scalars are left out, which puts nobody into an audience."""
    if context is None:
        return Asked(unit=None, context={}, units={})
    scalars: dict[str, Scalar] = {
        key: value for key, value in context.attributes.items() if isinstance(value, bool | int | float | str)
    }
    units = {key: value for key, value in scalars.items() if isinstance(value, str)}
    key: Any = context.targeting_key
    return Asked(unit=key if isinstance(key, str) and key else None, context=scalars, units=units)


def resolved(config: Config, key: str, default: T, kind: type) -> tuple[FlagResolutionDetails[Any], Read | None]:
    """Return the details of reading `key`, and the read; None when nothing was handed out, so that nothing counts."""
    read = config.peek(key)
    value = _as(kind, read.value)
    if value is None:
        found = type(read.value).__name__
        return failed(default, ErrorCode.TYPE_MISMATCH, f"{key} is of type {found}, not {kind.__name__}"), None
    return FlagResolutionDetails(
        value=value, reason=str(read.reason), variant=read.variant, flag_metadata=metadata(config, read)
    ), read


def failed(default: T, code: ErrorCode, message: str) -> FlagResolutionDetails[T]:
    """Return the default with the reason ERROR, and why."""
    return FlagResolutionDetails(value=default, reason=Reason.ERROR, error_code=code, error_message=message)


def metadata(config: Config, read: Read) -> dict[str, bool | int | float | str]:
    """Return what stands behind a value: snapshot, its age in seconds, release, and who decided it."""
    known: dict[str, bool | int | float | str] = {
        "snapshot": config.snapshot_id,
        "release": config.release,
        "age_s": round(config.age_s, 3),
        "stale": config.is_stale,
    }
    for name in ("experiment", "rule", "holdout"):
        value = getattr(read, name)
        if value is not None:
            known[name] = value
    return known


def changed_parameters(before: CompiledSnapshot, after: CompiledSnapshot) -> list[str]:
    """Return the parameters whose value may differ between two snapshots for some unit, sorted."""
    old, new = _by_parameter(before), _by_parameter(after)
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def config_of(compiled: CompiledSnapshot, said: Asked, now: datetime) -> Config:
    """Return the configuration of one evaluation.

    Raises:
        DependencyFailure: `snapshot_too_old`, when it is stale and its policy says `refuse`.
    """
    return compiled.resolve(said.unit, said.context, now, units=said.units)


def _by_parameter(compiled: CompiledSnapshot) -> dict[str, tuple[Any, ...]]:
    snapshot = compiled.snapshot
    return {
        parameter.key: (
            parameter,
            tuple(rule for rule in snapshot.rules if parameter.key in rule.set),
            tuple(
                experiment
                for experiment in snapshot.experiments
                if any(parameter.key in variant.set for variant in experiment.variants)
            ),
            tuple(holdout for holdout in snapshot.holdouts if parameter.key in holdout.baseline),
        )
        for parameter in snapshot.parameters
    }


def _as(kind: type, value: Scalar) -> Scalar | None:
    """Return `value` as a `kind`, or None: a whole number may be asked for as a float, nothing else is converted."""
    if isinstance(value, bool) or kind is bool:
        return value if isinstance(value, bool) and kind is bool else None
    if kind is float and isinstance(value, int):
        return float(value)
    return value if isinstance(value, kind) else None
