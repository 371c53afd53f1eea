from dataclasses import replace

import pytest

from counterpoint.errors import Forbidden
from counterpoint.releases import SetBaseline, sign, verify
from counterpoint.vocabulary import Finding, Severity
from experiment_examples import KEY, NOW, change_of

CHANGE = change_of(None, SetBaseline(values={"a.x": 2}), change_id="c")
WARNING = Finding(code="w", severity=Severity.WARNING, path="", message="look")
ERROR = Finding(code="e", severity=Severity.ERROR, path="", message="no")


def attest(*findings):
    return sign(CHANGE, findings=findings, validator="v/1", key=KEY, at=NOW)


def refusal(attestation, change=CHANGE, key=KEY) -> str:
    with pytest.raises(Forbidden) as caught:
        verify(attestation, change, key=key)
    return caught.value.code


def test_an_attestation_of_exactly_this_change_passes():
    verify(attest(), CHANGE, key=KEY)
    verify(attest(WARNING), CHANGE, key=KEY)


def test_an_attestation_with_errors_publishes_nothing():
    assert refusal(attest(ERROR)) == "attested_with_errors"


@pytest.mark.parametrize(
    "fields",
    [
        {"operations": (SetBaseline(values={"a.x": 3}),)},
        {"reason": "another"},
        {"author": "somebody else"},
        {"base_number": 1},
        {"base_digest": "1" * 64},
        {"id": "d"},
        {"acknowledges": ("e1",)},
        {"surface": "search"},
    ],
)
def test_an_attestation_is_of_one_change_in_every_field(fields):
    assert refusal(attest(), replace(CHANGE, **fields)) == "not_attested"


@pytest.mark.parametrize(
    "fields",
    [
        {"change_digest": "0" * 64},
        {"base_number": 3},
        {"n_errors": 0},
        {"validator": "other"},
        {"findings_digest": "0" * 64},
        {"signature": ""},
        {"signature": "0" * 64},
    ],
)
def test_no_field_of_an_attestation_can_be_edited(fields):
    assert refusal(replace(attest(ERROR), **fields)) == "bad_signature"


def test_another_key_signs_nothing_here():
    assert refusal(attest(), key=b"another key, just as long") == "bad_signature"


def test_a_short_key_is_refused():
    with pytest.raises(Forbidden) as caught:
        sign(CHANGE, findings=(), validator="v", key=b"short", at=NOW)
    assert caught.value.code == "weak_key"


def test_findings_are_bound_too():
    assert attest().findings_digest != attest(WARNING).findings_digest
