"""Remedies: which change answers which finding about the records of a running experiment."""

from collections.abc import Iterable, Mapping

from counterpoint.agents.doctor.diagnosis import Advice, Diagnosis, LaunchMove, Remedy
from counterpoint.vocabulary import Finding, Severity

_MOVES = {
    # While units are split wrongly, more of them make it worse; what was measured cannot be repaired.
    "sample_ratio_mismatch": "pause",
    "mixed_units": "pause",
    "unknown_variant": "pause",
    "variant_not_served": "pause",
    "no_exposures": "hold",
}
_ADVICE: Mapping[str, str] = {
    "exposures_stopped": "see which process stopped sending exposures: counterpoint fleet",
    "not_live": "restart the process that serves an old snapshot: counterpoint fleet shows which",
}


def diagnose_launch(surface: str, experiment: str, findings: Iterable[Finding]) -> tuple[Diagnosis, ...]:
    """Return a diagnosis for each finding that a change or a person would end; others are none of the doctor's.

    Args:
        findings: What the checks of a running experiment say.
    """
    out = []
    for finding in findings:
        remedy = _remedy(experiment, finding)
        if remedy is not None:
            subject = f"experiments/{experiment}"
            out.append(Diagnosis(surface=surface, subject=subject, finding=finding, remedy=remedy))
    return tuple(out)


def _remedy(experiment: str, finding: Finding) -> Remedy | None:
    match _MOVES.get(finding.code):
        case "pause" if finding.severity is Severity.ERROR:
            return LaunchMove(experiment=experiment, verb="pause")
        case "hold":
            return LaunchMove(experiment=experiment, verb="hold")
    words = _ADVICE.get(finding.code)
    return None if words is None else Advice(words=words)
