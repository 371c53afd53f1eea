from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.config import MAX_PERMIT_CHARS, Permit, check_asked, check_permit, permit_text
from counterpoint.errors import Forbidden

KEY, NOW = b"k" * 32, datetime(2026, 11, 2, tzinfo=UTC)
PERMIT = Permit(
    id="p1", surface="home", unit="u1", forced={"e": "treatment"}, by="ann@qa", until=NOW + timedelta(hours=1)
)
TEXT = permit_text(PERMIT, key=KEY)
ASK = {"key": KEY, "surface": "home", "unit": "u1", "testers": ("*@qa",), "now": NOW}


def refused(text=TEXT, **changes):
    with pytest.raises(Forbidden) as caught:
        check_permit(text, **(ASK | changes))
    return caught.value.code


def test_a_permit_is_good_for_its_unit_and_surface_until_its_end():
    assert check_permit(TEXT, **ASK) == PERMIT
    assert refused(unit="u2") == "permit_for_another"
    assert refused(surface="search") == "permit_for_another"
    assert check_permit(TEXT, **(ASK | {"now": PERMIT.until - timedelta(seconds=1)})) == PERMIT
    assert refused(now=PERMIT.until) == "permit_expired"


def test_a_permit_ends_when_the_policy_no_longer_names_its_maker():
    assert refused(testers=()) == "may_not_force"
    assert refused(testers=("*@dev",)) == "may_not_force"
    assert check_permit(TEXT, **(ASK | {"testers": ("*@dev", "ann@qa")})) == PERMIT


def test_without_a_key_or_with_another_no_permit_is_good():
    assert refused(key=None) == "cannot_check_permit"
    assert refused(key=b"o" * 32) == "bad_permit"


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="ascii"))
def test_a_permit_with_any_character_altered_is_refused(place, character):
    altered = TEXT[:place] + character + TEXT[place + 1 :]
    if altered != TEXT:
        # The last character of a base64 text has bits that mean nothing: the permit inside is then the same.
        try:
            assert check_permit(altered, **ASK) == PERMIT
            assert place in (TEXT.index(".") - 1, len(TEXT) - 1)
        except Forbidden as error:
            assert error.code == "bad_permit"


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_whatever_is_sent_for_a_permit_is_refused_with_a_code(text):
    assert refused(text) == "bad_permit"


def test_an_endless_permit_is_refused():
    assert refused("A" * (MAX_PERMIT_CHARS + 1)) == "bad_permit"
    assert refused("." * 1_000_000) == "bad_permit"


def test_nothing_beyond_the_permit_can_be_asked_for():
    check_asked(PERMIT, {})
    check_asked(PERMIT, {"e": "treatment"})
    for asked in ({"e": "control"}, {"f": "treatment"}, {"e": "treatment", "f": "x"}):
        with pytest.raises(Forbidden) as caught:
            check_asked(PERMIT, asked)
        assert caught.value.code == "permit_for_another"
