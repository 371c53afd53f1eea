"""What no single change breaks, two that are under way together may: refused with the smallest combination."""

from pathlib import Path

import pytest

from counterpoint.bootstrap import Edit
from counterpoint.errors import CounterpointError
from live_platform import live_platform

TEXT = (Path(__file__).parents[2] / "examples" / "search" / "surface.yaml").read_text(encoding="utf-8")
ADA = Edit(actor="ada", reason="try it")
STAGES = ({"share": 0.1, "hours": 1},)


@pytest.fixture
def search(tmp_path):
    with live_platform(tmp_path) as (platform, _):
        platform.configuring.boarding.add(TEXT, source="surface.yaml", edit=ADA)
        # The surface insists on suggestions.max_items <= results.per_page; they are 6 and 20.
        platform.configuring.set_values("search", {"results.per_page": 8}, ADA, stages=STAGES)
        yield platform


def refused(call):
    with pytest.raises(CounterpointError) as caught:
        call()
    return caught.value


def test_two_rollouts_that_break_an_invariant_together_are_refused(search):
    error = refused(lambda: search.configuring.set_values("search", {"suggestions.max_items": 10}, ADA, stages=STAGES))
    (finding, *_) = error.facts["findings"]
    assert finding["code"] == "invariant_broken"
    members = {member["key"].split("/")[0] for member in finding["facts"]["members"]}
    assert members == {"rollout"}
    done = search.configuring.set_values("search", {"suggestions.max_items": 8}, ADA, stages=STAGES)
    assert done["state"] == "rolling_out"


def test_a_change_at_once_is_tried_beside_a_rollout_too(search):
    error = refused(lambda: search.configuring.set_values("search", {"suggestions.max_items": 10}, ADA, at_once=True))
    assert error.facts["findings"][0]["code"] == "invariant_broken"


def test_a_treatment_that_breaks_an_invariant_beside_a_rollout_is_found(search):
    def spec(items):
        return {
            "key": "more-suggestions",
            "surface": "search",
            "owner": "search",
            "hypothesis": "More suggestions get more listeners to play one.",
            "allocation": 0.1,
            "variants": [{"key": "control"}, {"key": "treatment", "set": {"suggestions.max_items": items}}],
            "metrics": {
                "primary": {"metric": "search_success_7d", "direction": "increase", "mde": 0.5},
                "guardrails": [
                    {"metric": "zero_result_rate", "margin": 0.5},
                    {"metric": "search_ms_p95", "margin_abs": 100},
                ],
            },
            "schedule": {"days": 14},
        }

    def codes(items):
        return {
            each["code"] for each in search.control.validate(spec(items))["findings"] if each["severity"] == "error"
        }

    assert "invariant_broken" in codes(10)
    assert "invariant_broken" not in codes(8)
