"""What makes a spec sound by itself, before any surface is looked at."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from counterpoint.experiments.spec import ExperimentSpec
from counterpoint.vocabulary import KEY_RULE, Finding, Severity, is_key


def spec_findings(spec: ExperimentSpec) -> tuple[Finding, ...]:
    """Return what is wrong with `spec` whatever its surface; empty means sound.

    Codes: `bad_key`, `blank`, `duplicate_variant`, `no_weight`, `control_sets_values`, `no_op_variant`,
    `same_treatment`, `two_effect_sizes`, `two_margins`, `duplicate_guardrail`, `ramp_not_growing`.
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
            yield _error("bad_key", path, f"'{name[:60]}' is not a key: {KEY_RULE}")
    for path, text in (("owner", spec.owner), ("hypothesis", spec.hypothesis), ("audience", spec.audience)):
        if not text.strip():
            yield _error("blank", path, f"{path} is blank")


def _variants(spec: ExperimentSpec) -> Iterator[Finding]:
    for key, n in Counter(variant.key for variant in spec.variants).items():
        if n > 1:
            yield _error("duplicate_variant", "variants", f"variant '{key}' is given {n} times")
    if sum(variant.weight for variant in spec.variants) == 0:
        yield _error("no_weight", "variants", "the weights sum to nothing, so nobody would be in any variant")
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
        yield _error("two_effect_sizes", "metrics.primary", "both mde and mde_abs are given; keep one")
    for index, guardrail in enumerate(spec.metrics.guardrails):
        if guardrail.margin is not None and guardrail.margin_abs is not None:
            yield _error("two_margins", f"metrics.guardrails.{index}", "both margin and margin_abs are given; keep one")
    for metric, n in Counter(guardrail.metric for guardrail in spec.metrics.guardrails).items():
        if n > 1:
            yield _error("duplicate_guardrail", "metrics.guardrails", f"guardrail '{metric}' is given {n} times")


def _ramp(spec: ExperimentSpec) -> Iterator[Finding]:
    shares = [stage.share for stage in spec.schedule.ramp]
    for index, share in enumerate(shares):
        if share > spec.allocation:
            yield _error(
                "ramp_above_allocation",
                f"schedule.ramp.{index}.share",
                f"stage {index + 1} takes {share:g} of the audience, more than the allocation {spec.allocation:g}",
            )
    if any(later <= earlier for earlier, later in pairwise(shares)):
        yield _error("ramp_not_growing", "schedule.ramp", "each stage's share must be greater than the one before")


def _error(code: str, path: str, message: str) -> Finding:
    return _finding(code, Severity.ERROR, path, message)


def _finding(code: str, severity: Severity, path: str, message: str) -> Finding:
    return Finding(code=code, severity=severity, path=path, message=message)
