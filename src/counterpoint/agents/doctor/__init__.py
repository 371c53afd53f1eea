"""The doctor: finds where configuration and recorded data contradict each other, and proposes what to change."""

from counterpoint.agents.doctor.contradictions import Recorded, contradictions
from counterpoint.agents.doctor.diagnosis import Advice, Diagnosis, LaunchMove, Remedy, RuleRemoval
from counterpoint.agents.doctor.remedies import diagnose_launch

__all__ = [
    "Advice",
    "Diagnosis",
    "LaunchMove",
    "Recorded",
    "Remedy",
    "RuleRemoval",
    "contradictions",
    "diagnose_launch",
]
