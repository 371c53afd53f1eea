"""Whether a treatment can change anything on a surface as it stands."""

from collections.abc import Collection, Iterator, Mapping

from counterpoint.config import Surface
from counterpoint.experiments.spec import ExperimentSpec, VariantSpec
from counterpoint.vocabulary import Finding, Scalar, Severity


def treatment_findings(
    spec: ExperimentSpec, *, surface: Surface, baseline: Mapping[str, Scalar], ruled: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Return a refusal for each treatment, or each value of one, that could change nothing.

    Args:
        baseline: The live value of every parameter, rules apart.
        ruled: Parameters that a targeted rule sets: for whom it matches, the baseline's value is a change.

    Codes: `unknown_parameter`, `no_op_treatment`, `requires_unmet`; as a warning `value_is_baseline`.
    """
    findings: list[Finding] = []
    for index, variant in enumerate(spec.variants):
        findings += _variant(f"variants.{index}.set", variant, surface, baseline, ruled)
    return tuple(findings)


def _variant(
    path: str, variant: VariantSpec, surface: Surface, baseline: Mapping[str, Scalar], ruled: Collection[str]
) -> Iterator[Finding]:
    unknown = [key for key in variant.set if key not in surface.parameters]
    for key in unknown:
        yield _finding("unknown_parameter", f"{path}.{key}", f"'{surface.key}' has no parameter '{key}'")
    known = {key: value for key, value in variant.set.items() if key in surface.parameters}
    same = [key for key, value in known.items() if key not in ruled and baseline.get(key) == value]
    if known and len(same) == len(variant.set):
        yield _finding(
            "no_op_treatment", path, f"'{variant.key}' sets only what the baseline already is: {_list(known)}"
        )
    else:
        for key in same:
            message = f"'{variant.key}' sets {key} to {known[key]!r}, which the baseline already is"
            yield _finding("value_is_baseline", f"{path}.{key}", message, Severity.WARNING)
    effective = {**baseline, **known}
    for key in known:
        for needed, values in surface.parameters[key].requires.items():
            if effective.get(needed) not in values and (needed in variant.set or needed not in ruled):
                wanted = " or ".join(repr(value) for value in values)
                yield Finding(
                    code="requires_unmet",
                    severity=Severity.ERROR,
                    path=f"{path}.{key}",
                    message=f"{key} has no effect unless {needed} is {wanted}; it is {effective.get(needed)!r}",
                    fix={f"{path}.{needed}": values[0]} if len(values) == 1 else {},
                )


def _list(values: Mapping[str, Scalar]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in values.items())


def _finding(code: str, path: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code=code, severity=severity, path=path, message=message)
