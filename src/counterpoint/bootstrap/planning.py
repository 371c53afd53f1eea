"""Planning put together: hypothesis to plan to spec to findings, and the validator's signature under a Change."""

from collections.abc import Callable
from datetime import datetime

from counterpoint.experiments import ExperimentSpec, parse_spec
from counterpoint.releases import Attestation, Change, Release, ReleaseStore, check_change, sign
from counterpoint.vocabulary import Finding

VALIDATOR = "counterpoint-validator/1"


class Planning:
    def __init__(self, *, releases: ReleaseStore) -> None:
        self._releases = releases

    def validate(self, spec: ExperimentSpec, now: datetime) -> tuple[Finding, ...]:
        return ()

    def approvals_needed(self, spec: ExperimentSpec) -> int:
        release = self._releases.latest(spec.surface)
        return 0 if release is None else release.state.surface.policy.approvals

    def spec_of(self, hypothesis, spec, plan, *, release, owner, now):
        return parse_spec(spec, source="spec"), None

    def attester(self, key: bytes) -> Callable[[Change, Release | None, datetime], Attestation]:
        def attest(change: Change, base: Release | None, now: datetime) -> Attestation:
            _, findings = check_change(base, change, now=now)
            return sign(change, findings=findings, validator=VALIDATOR, key=key, at=now)

        return attest
