"""What one read of a parameter gave, and why."""

import msgspec

from counterpoint.vocabulary import Reason, Scalar


class Read(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The value of one parameter for one request.

    Attributes:
        reason: Why it has this value, as OpenFeature names reasons.
        experiment: The experiment that the unit is enrolled in, or that failed or is disabled.
        variant: The unit's variant of it; None unless enrolled.
        rule: The baseline rule that gave the value.
        holdout: The holdout that keeps the unit from experiments on this parameter.
        forced: Whether a tester asked for the variant.
        is_set: Whether the variant set the value; False when it left the parameter alone.
        is_exposure: Whether this first read exposes the unit to the experiment.
    """

    parameter: str
    value: Scalar
    reason: Reason
    experiment: str | None = None
    variant: str | None = None
    rule: str | None = None
    holdout: str | None = None
    forced: bool = False
    is_set: bool = False
    is_exposure: bool = False


class Enrollment(msgspec.Struct, frozen=True, gc=False):
    """An experiment that a unit is in, and its variant there."""

    experiment: str
    variant: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the explanation of a value.

    Attributes:
        kind: `baseline`, `rule`, `holdout`, `experiment` or `forced`.
        key: The rule, holdout or experiment; the parameter for its baseline.
        condition: What must be true of the request, in CEL or in words.
        applied: Whether the step decided the value.
        outcome: What became of the condition, in words.
        before: The value before this step; None before the first.
        after: The value after it.
        variant: The variant of an experiment that was met.
    """

    kind: str
    key: str
    condition: str
    applied: bool
    outcome: str
    before: Scalar | None
    after: Scalar
    variant: str | None = None
