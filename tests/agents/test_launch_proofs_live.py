"""On a real platform: what is live is what a new experiment is proven against."""

from pathlib import Path
from typing import Any

from counterpoint.bootstrap import Edit, Platform
from counterpoint.bootstrap.reference import surface_files
from live_platform import live_platform, spec

LAW = "podcasts.shelf_position != new_releases.shelf_position"


def with_law(platform: Platform) -> None:
    text = next(iter(surface_files(()))).read_text(encoding="utf-8")
    changed = text.replace("metrics:\n", f'invariants: ["{LAW}"]\n\nmetrics:\n', 1)
    assert changed != text
    platform.configuring.boarding.add(
        changed, source="surface.yaml", edit=Edit(actor="ada", reason="one shelf a place")
    )


def found(platform: Platform, code: str, **changes: Any) -> dict[str, Any]:
    findings = platform.control.validate(spec(**changes))["findings"]
    matching = [f for f in findings if f["code"] == code]
    assert len(matching) == 1, [f["code"] for f in findings]
    return dict(matching[0])


def test_a_live_experiment_is_a_rival_with_a_witness_and_breaks_an_invariant_with_a_newcomer(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        with_law(platform)
        platform.control.submit(spec=spec(), surface="home", author="ada")
        crowded = found(platform, "no_free_space", key="second", allocation=0.95, audience='country == "SE"')
        (rival,) = crowded["facts"]["rivals"]
        assert (rival["key"], rival["ground"], rival["shared"]) == (
            "podcasts-second",
            "parameter",
            ["podcasts.shelf_position"],
        )
        assert rival["witness"] == {"country": "SE"}
        assert {way["way"] for way in crowded["facts"]["ways"]} >= {"share"}
        variants = [{"key": "control"}, {"key": "treatment", "set": {"new_releases.shelf_position": 2}}]
        broken = found(platform, "invariant_broken", key="second", variants=variants)
        assert {m["key"] for m in broken["facts"]["members"]} == {"podcasts-second", "second"}
        assert broken["severity"] == "error"
        moved = [{"key": "control"}, {"key": "treatment", "set": {"new_releases.shelf_position": 3}}]
        codes = {f["code"] for f in platform.control.validate(spec(key="second", variants=moved))["findings"]}
        assert "invariant_broken" not in codes
