"""Trust in one scorecard: exposures lost by variant, and effects too good to be true."""

from collections.abc import Mapping, Sequence

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.metrics.scorecard import MetricRow
from counterpoint.stats import NormalPrior, QualityCheck, exposure_loss, too_good_to_be_true
from counterpoint.vocabulary import Finding, Severity

PAST_EFFECTS = NormalPrior(mean=0.0, variance=0.1**2)
"""True relative effects of past experiments: nineteen of twenty lie within a fifth, which is generous."""

_LOSS_ALPHA = 0.001
_LOOKS_BEFORE_THE_END = 28


def loss_checks(
    shown: Mapping[str, tuple[int, int]], control: str, variants: Sequence[str], *, at_horizon: bool
) -> tuple[QualityCheck, ...]:
    """Return, per treatment, whether it loses more of its exposed units before their page is shown than control does.

    Args:
        shown: Variant -> exposed units, and those that were shown a page; empty when that is not recorded.
        control: Its key.
        variants: All of them.
        at_horizon: Whether this is the design's end; before it the level is shared by the looks there may be.
    """
    alpha = _LOSS_ALPHA if at_horizon else _LOSS_ALPHA / _LOOKS_BEFORE_THE_END
    out = []
    for variant in variants:
        if variant == control or not {control, variant} <= shown.keys():
            continue
        (n0, k0), (n1, k1) = shown[control], shown[variant]
        try:
            out.append(exposure_loss((n0, n1), (k0, k1), alpha=alpha))
        except (CannotCompute, InvalidInput):  # an arm of which all or nothing is lost says so in the sample ratio
            continue
    return tuple(out)


def twyman_findings(rows: Sequence[MetricRow], past: NormalPrior = PAST_EFFECTS) -> tuple[Finding, ...]:
    """Return a warning for every effect unlike any before: it is checked before it is believed.

    Args:
        rows: Of a scorecard.
        past: Spread of true relative effects.
    """
    out = []
    for row in rows:
        if row.effect is None:
            continue
        try:
            check = too_good_to_be_true(row.effect, past)
        except InvalidInput:  # without a relative effect there is nothing to compare with the past
            continue
        if not check.passed:
            message = f"{row.metric} of {row.variant}: {check.detail}."
            out.append(Finding(code="twyman", severity=Severity.WARNING, path=f"metrics.{row.metric}", message=message))
    return tuple(out)
