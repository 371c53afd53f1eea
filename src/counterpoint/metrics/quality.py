"""The quality of an experiment: the checks that a decision must pass, and what to beware of in its records."""

from counterpoint.errors import CannotCompute
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.levels import Test
from counterpoint.metrics.measures import Unmeasured
from counterpoint.metrics.planned import PlannedUnits
from counterpoint.metrics.rollup import BEFORE, Rollup
from counterpoint.stats import QualityCheck, SampleRatioVerdict, compare_means, select
from counterpoint.vocabulary import Finding, Severity

_BIAS_ALPHA = 0.001


def quality_checks(
    rollup: Rollup,
    srm: SampleRatioVerdict | Unmeasured,
    primary: str,
    spec: ExperimentSpec,
    *,
    at_horizon: bool,
) -> tuple[QualityCheck, ...]:
    """Return the tests of the experiment itself that a decision must pass: its split, and arms alike before it.

    Args:
        rollup: The records.
        srm: The split's verdict.
        primary: Key of the metric whose past is compared.
        spec: The design.
        at_horizon: Whether its end has been reached; before it a split that cannot be tested yet is no failure.
    """
    if isinstance(srm, Unmeasured) and not at_horizon:
        return ()
    if isinstance(srm, Unmeasured):
        return (QualityCheck(name="srm", passed=False, detail=f"the split cannot be tested: {srm.reason}"),)
    counts = " : ".join(f"{n:,}" for n in srm.counts)
    said = "SRM fine" if not srm.mismatch else "sample ratio mismatch"
    out = [QualityCheck(name="srm", passed=not srm.mismatch, detail=f"{said} ({counts}, p {srm.p_value:.2g})")]
    arms = rollup.metrics[primary].arms
    if arms and BEFORE in arms[spec.control.key].columns:
        out += [_bias(primary, rollup, spec.control.key, v.key) for v in spec.treatments]
    return tuple(out)


def _bias(metric: str, rollup: Rollup, control: str, variant: str) -> QualityCheck:
    """Compare the arms before the experiment could have changed anything."""
    a, b = (select(rollup.metrics[metric].arms[name], [BEFORE]) for name in (control, variant))
    name = "pre_exposure_bias"
    try:
        p = compare_means(a, b).p_value
    except CannotCompute as error:
        return QualityCheck(name=name, passed=True, detail=f"no bias before exposure can be tested ({error.code})")
    passed = p >= _BIAS_ALPHA
    said = "arms alike" if passed else f"{variant} differed from {control}"
    return QualityCheck(name=name, passed=passed, detail=f"{said} on {metric} before exposure (p {p:.2g})")


def record_findings(rollup: Rollup, srm: SampleRatioVerdict | Unmeasured) -> tuple[Finding, ...]:
    """Return what to beware of in the records."""
    out = []
    if isinstance(srm, Unmeasured):
        out.append(Finding(code=srm.code, severity=Severity.WARNING, path="srm", message=srm.reason))
    elif srm.mismatch:
        message = (
            f"The split is not what the weights say (p {srm.p_value:.2g}); find the cause before reading any metric."
        )
        out.append(Finding(code="sample_ratio_mismatch", severity=Severity.ERROR, path="srm", message=message))
    if rollup.n_mixed:
        message = f"{rollup.n_mixed:,} units met several variants and were left out."
        facts = {"n": rollup.n_mixed}
        out.append(Finding(code="mixed_units", severity=Severity.WARNING, path="exposed", message=message, facts=facts))
    for name, n in rollup.unknown.items():
        message = f"{n:,} units met the variant {name!r}, which the experiment does not declare; they were left out."
        out.append(Finding(code="unknown_variant", severity=Severity.WARNING, path="exposed", message=message))
    return tuple(out)


def reading_findings(
    spec: ExperimentSpec, planned: PlannedUnits | None, test: Test, *, watching: bool
) -> tuple[Finding, ...]:
    """Return a word about a test that is not the spec's, or nothing."""
    if watching or spec.analysis.test == test or planned is not None:
        return ()
    message = (
        "How many units were to be expected was not known when this began, so it has no planned looks: it is read by"
        " intervals that hold at any number of looks, and may be acted on at any of them."
    )
    return (Finding(code="no_planned_units", severity=Severity.INFO, path="analysis.test", message=message),)
