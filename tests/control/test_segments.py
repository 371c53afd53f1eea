"""Results are split by what the surface declares, and by what is sensitive only where an approval stands."""

from datetime import UTC, datetime, timedelta

import pytest

from counterpoint.config import Attribute, Policy, PrivacyApproval, Surface
from counterpoint.control.judging.segments import may_read_by, readable_by
from counterpoint.errors import Forbidden, NotFound
from counterpoint.vocabulary import AttributeType

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def surface(*approvals: PrivacyApproval) -> Surface:
    return Surface(
        key="home",
        description="Home",
        unit="user_id",
        attributes={
            "plan": Attribute(key="plan", type=AttributeType.ENUM, values=("free", "premium")),
            "age_band": Attribute(key="age_band", type=AttributeType.ENUM, values=("18-24", "25+"), sensitive=True),
            "tenure_days": Attribute(key="tenure_days", type=AttributeType.INT),
        },
        layers={},
        parameters={},
        metrics={},
        policy=Policy(privacy_approvals=approvals),
    )


def approval(experiment: str, until: datetime) -> PrivacyApproval:
    return PrivacyApproval(attribute="age_band", experiment=experiment, by="dpo", until=until)


def test_a_sensitive_attribute_is_neither_offered_nor_read_without_an_approval() -> None:
    assert readable_by(surface(), "podcasts", now=NOW) == ("plan",)
    with pytest.raises(Forbidden) as refused:
        may_read_by(surface(), "age_band", "podcasts", now=NOW)
    assert refused.value.code == "sensitive_segment"


def test_an_approval_opens_it_for_its_experiment_until_it_lapses() -> None:
    held = surface(approval("podcasts", NOW + timedelta(days=1)))
    assert readable_by(held, "podcasts", now=NOW) == ("plan", "age_band")
    may_read_by(held, "age_band", "podcasts", now=NOW)
    for experiment, at in (("another", NOW), ("podcasts", NOW + timedelta(days=2))):
        assert readable_by(held, experiment, now=at) == ("plan",)
        with pytest.raises(Forbidden):
            may_read_by(held, "age_band", experiment, now=at)


def test_an_attribute_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="plan") as refused:
        may_read_by(surface(), "plam", "podcasts", now=NOW)
    assert refused.value.code == "unknown_attribute"
