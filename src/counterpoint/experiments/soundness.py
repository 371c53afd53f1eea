"""What makes a spec sound by itself, before any surface is looked at."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from counterpoint.experiments.spec import ExperimentSpec, GuardrailSpec, RampStage
from counterpoint.vocabulary import KEY_RULE, Finding, Severity, is_key, key_like


def spec_findings(spec: ExperimentSpec) -> tuple[Finding, ...]:
    """Return what is wrong with `spec` whatever its surface; empty means sound.

    Codes: `bad_key`, `blank`, `duplicate_variant`, `no_weight`, `control_sets_values`, `no_op_variant`,
    `same_treatment`, `two_effect_sizes`, `two_margins`, `duplicate_guardrail`, `ramp_above_allocation`,
    `ramp_not_growing`.
    """
    return (*_names(spec), *_variants(spec), *_metrics(spec), *_ramp(spec))


def _names(spec: ExperimentSpec) -> Iterator[Finding]:
    named = [("key", spec.key), ("surface", spec.surface)]
    named += [(f"variants.{index}.key", variant.key) for index, variant in enumerate(spec.variants)]
    named += [(f"layers.{index}", layer) for index, layer in enumerate(spec.layers)]
    if spec.domain is not None:
        named.append(("domain", spec.domain))
    for path, name in named:
        if not is_key(name):
            # What names something elsewhere is looked up there; only what the spec itself names can be mended here.
            wanted = key_like(name) if path == "key" or path.startswith("variants.") else None
            fix = {} if wanted is None else {path: wanted}
            yield _error("bad_key", path, f"'{name[:60]}' is not a key: {KEY_RULE}", fix)
    for path, text in (("owner", spec.owner), ("hypothesis", spec.hypothesis), ("audience", spec.audience)):
        if not text.strip():
            yield _error("blank", path, f"{path} is blank")


def _variants(spec: ExperimentSpec) -> Iterator[Finding]:
    for key, n in Counter(variant.key for variant in spec.variants).items():
        if n > 1:
            again = [index for index, variant in enumerate(spec.variants) if variant.key == key][1:]
            fix = {f"variants.{index}.key": f"{key}-{nth}" for nth, index in enumerate(again, start=2)}
            yield _error("duplicate_variant", "variants", f"variant '{key}' is given {n} times", fix)
    if sum(variant.weight for variant in spec.variants) == 0:
        equal = {f"variants.{index}.weight": 1 for index in range(len(spec.variants))}
        yield _error("no_weight", "variants", "the weights sum to nothing, so nobody would be in any variant", equal)
    if spec.control.set:
        yield _error(
            "control_sets_values",
            "variants.0.set",
            f"control '{spec.control.key}' sets values; the first variant sets none",
        )
    seen: dict[frozenset[tuple[str, type, object]], str] = {}
    for index, variant in enumerate(spec.treatments, start=1):
        if not variant.set:
            yield _finding(
                "no_op_variant", Severity.WARNING, f"variants.{index}.set", f"'{variant.key}' sets nothing: an A/A arm"
            )
            continue
        values = frozenset((key, type(value), value) for key, value in variant.set.items())
        if values in seen:
            yield _finding(
                "same_treatment",
                Severity.WARNING,
                f"variants.{index}.set",
                f"'{variant.key}' sets what '{seen[values]}' sets",
            )
        seen.setdefault(values, variant.key)


def _metrics(spec: ExperimentSpec) -> Iterator[Finding]:
    primary = spec.metrics.primary
    if primary.mde is not None and primary.mde_abs is not None:
        yield _error(
            "two_effect_sizes",
            "metrics.primary",
            "both mde and mde_abs are given; keep one",
            _cleared("metrics.primary.mde_abs"),
        )
    for index, guardrail in enumerate(spec.metrics.guardrails):
        if guardrail.margin is not None and guardrail.margin_abs is not None:
            path = f"metrics.guardrails.{index}"
            said = "both margin and margin_abs are given; keep one"
            yield _error("two_margins", path, said, _cleared(f"{path}.margin_abs"))
    for metric, n in Counter(guardrail.metric for guardrail in spec.metrics.guardrails).items():
        if n > 1:
            said = f"guardrail '{metric}' is given {n} times"
            yield _error("duplicate_guardrail", "metrics.guardrails", said, _without_repeats(spec.metrics.guardrails))


def _ramp(spec: ExperimentSpec) -> Iterator[Finding]:
    shares = [stage.share for stage in spec.schedule.ramp]
    for index, share in enumerate(shares):
        if share > spec.allocation:
            yield _error(
                "ramp_above_allocation",
                f"schedule.ramp.{index}.share",
                f"stage {index + 1} takes {share:g} of the audience, more than the allocation {spec.allocation:g}",
                {"schedule.ramp": [_plain(stage) for stage in spec.schedule.ramp if stage.share <= spec.allocation]},
            )
    if any(later <= earlier for earlier, later in pairwise(shares)):
        held: dict[float, RampStage] = {}
        for stage in sorted(spec.schedule.ramp, key=lambda each: (each.share, each.hours)):
            held[stage.share] = stage  # of two stages with one share, the longer
        fix = {"schedule.ramp": [_plain(stage) for stage in held.values()]}
        yield _error("ramp_not_growing", "schedule.ramp", "each stage's share must be greater than the one before", fix)


def _without_repeats(guardrails: tuple[GuardrailSpec, ...]) -> dict[str, Any]:
    """Return the fix that leaves each metric once, by its strictest margin; none where margins cannot be compared."""
    kept: dict[str, GuardrailSpec] = {}
    for each in guardrails:
        known = kept.setdefault(each.metric, each)
        if (known.margin is None, known.margin_abs is None) != (each.margin is None, each.margin_abs is None):
            return {}
        kept[each.metric] = min(known, each, key=lambda one: (one.margin or 0.0, one.margin_abs or 0.0))
    return {"metrics.guardrails": [_plain(each) for each in kept.values()]}


def _cleared(path: str) -> dict[str, Any]:
    return {path: None}


def _plain(part: GuardrailSpec | RampStage) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_none=True)


def _error(code: str, path: str, message: str, fix: Mapping[str, Any] | None = None) -> Finding:
    return _finding(code, Severity.ERROR, path, message, fix)


def _finding(code: str, severity: Severity, path: str, message: str, fix: Mapping[str, Any] | None = None) -> Finding:
    return Finding(code=code, severity=severity, path=path, message=message, fix=fix or {})
