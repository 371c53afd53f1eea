"""The split of a table: whether units were divided as intended."""

from collections.abc import Mapping

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.metrics.table_report import Split
from counterpoint.stats import sample_ratio_test
from counterpoint.vocabulary import Finding, Severity


def split_of(counts: Mapping[str, int], weights: Mapping[str, float] | None, experiment: str | None = None) -> Split:
    """Return whether `counts` fit the intended `weights`, equal ones when None.

    Raises:
        InvalidInput: `unknown_variant` or `missing_weight` when weights and counts name different variants.
    """
    named = ", ".join(map(repr, counts))
    intended = dict.fromkeys(counts, 1.0) if weights is None else dict(weights)
    for name in set(intended) ^ set(counts):
        code = "unknown_variant" if name in intended else "missing_weight"
        what = f"{name!r} is not a variant of the table" if name in intended else f"variant {name!r} has no weight"
        raise InvalidInput(code, what, where="--weights", fix=f"give one weight for each of {named}")
    try:
        test = sample_ratio_test(list(counts.values()), [intended[name] for name in counts])
    except CannotCompute as error:
        return Split(
            experiment=experiment, counts=counts, weights=intended, p_value=None, statistic=None, reason=error.sentence
        )
    return Split(experiment=experiment, counts=counts, weights=intended, p_value=test.p_value, statistic=test.statistic)


def split_findings(split: Split) -> tuple[Finding, ...]:
    """Return a warning about an unlikely split, or nothing."""
    if split.verdict not in {"warning", "mismatch"}:
        return ()
    lost = split.verdict == "mismatch"
    said = (
        "the results cannot be trusted until it is explained"
        if lost
        else "look for lost units before trusting the results"
    )
    counts = " : ".join(f"{n:,}" for n in split.counts.values())
    name = "" if split.experiment is None else f" of {split.experiment}"
    return (
        Finding(
            code="sample_ratio_mismatch",
            severity=Severity.ERROR if lost else Severity.WARNING,
            path="srm",
            message=f"The split{name}, {counts}, is unlikely (p {split.p_value:.2g}); {said}.",
            facts={"p_value": split.p_value, "counts": dict(split.counts)},
        ),
    )
