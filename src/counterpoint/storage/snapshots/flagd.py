"""Writes a snapshot as flag definitions that flagd reads, leaving out whatever flagd would decide otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from counterpoint.assignment.audience import compile_audience
from counterpoint.config import LiveExperiment, ParameterSchema, Snapshot, snapshot_id
from counterpoint.errors import InvalidInput
from counterpoint.storage.snapshots.json_logic import NoJsonLogic, holds
from counterpoint.vocabulary import decision_attribute

SCHEMA = "https://flagd.dev/schema/v0/flags.json"
Experimented: TypeAlias = Literal["leave-out", "baseline", "decided"]
BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagdExport:
    """Flag definitions, and what is not among them.

    Attributes:
        document: What flagd reads, JSON builtins.
        left_out: Parameter -> why it has no flag.
    """

    document: dict[str, Any]
    left_out: dict[str, str]


def export_flagd(snapshot: Snapshot, *, experimented: Experimented = "leave-out") -> FlagdExport:
    """Return the baseline and its rules as flags; a flag's key is the parameter's.

    flagd splits units by another hash, so an exported split would put units into other variants than this platform
    does and count them twice. Parameters that a live experiment may set, or that a holdout keeps, are left out.

    Args:
        experimented: What becomes of those: `leave-out`; the `baseline` that units in no experiment get; or the variant
            that was `decided` here and that the caller passes on in `decision_attribute`, the baseline without it. What
            a holdout keeps is left out of the last, because nothing tells flagd who is in the holdout.
    """
    flags: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for parameter in snapshot.parameters:
        deciders = _deciders(snapshot, parameter.key)
        if deciders and experimented == "leave-out":
            left_out[parameter.key] = f"decided by {', '.join(deciders)}: flagd hashes units otherwise"
            continue
        held = [one.key for one in snapshot.holdouts if parameter.key in one.baseline]
        if held and experimented == "decided":
            left_out[parameter.key] = f"the holdout {held[0]} keeps it for units that flagd does not know"
            continue
        decided = snapshot.experiments if experimented == "decided" else ()
        try:
            flags[parameter.key] = _flag(snapshot, parameter, decided)
        except NoJsonLogic as error:
            left_out[parameter.key] = f"JsonLogic has no form for {error}"
    document = {
        "$schema": SCHEMA,
        "metadata": {
            "flagSetId": snapshot.surface,
            "version": str(snapshot.release),
            "snapshot": snapshot_id(snapshot),
        },
        "flags": flags,
    }
    return FlagdExport(document=document, left_out=left_out)


def _deciders(snapshot: Snapshot, key: str) -> list[str]:
    experiments = (one.key for one in snapshot.experiments if any(key in variant.set for variant in one.variants))
    return [*experiments, *(one.key for one in snapshot.holdouts if key in one.baseline)]


def _flag(snapshot: Snapshot, parameter: ParameterSchema, decided: Sequence[LiveExperiment]) -> dict[str, Any]:
    declared = {attribute.key: attribute for attribute in snapshot.attributes}
    variants = {BASELINE: parameter.baseline}
    branches: list[Any] = []
    for experiment in decided:
        for variant in experiment.variants:
            if experiment.enabled and parameter.key in variant.set:
                name = f"{experiment.key}:{variant.key}"
                variants[name] = variant.set[parameter.key]
                branches += [{"===": [{"var": decision_attribute(experiment.key)}, variant.key]}, name]
    for rule in snapshot.rules:
        if parameter.key not in rule.set:
            continue
        try:
            audience = compile_audience(rule.audience, declared)
        except InvalidInput as error:
            raise NoJsonLogic(f"the rule {rule.key}, which does not compile") from error
        name = f"rule:{rule.key}"
        variants[name] = rule.set[parameter.key]
        branches += [holds(audience.formula), name]
    flag: dict[str, Any] = {"state": "ENABLED", "variants": variants, "defaultVariant": BASELINE}
    if branches:
        flag["targeting"] = {"if": [*branches, BASELINE]}
    return flag
