"""A request becomes a page, and its exposures are kept before the answer leaves."""

import asyncio
from pathlib import Path

import pytest

from counterpoint.bootstrap import Platform
from counterpoint.errors import NotFound
from counterpoint.events import Exposure, Served
from live_platform import live_platform, spec


def _page(platform: Platform, unit: str, **options: object) -> dict[str, object]:
    context = {"country": "SE", "plan": "premium", "platform": "ios"}
    return asyncio.run(platform.delivery.page("home", unit, context, **options))  # type: ignore[arg-type]


def _shelf(page: dict[str, object], key: str) -> dict[str, object]:
    return next(shelf for shelf in page["shelves"] if shelf["key"] == key)  # type: ignore[attr-defined,no-any-return]


def test_both_variants_are_served_and_differ_where_the_treatment_says(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        platform.control.submit(surface="home", author="ada", spec=spec())
        pages = [_page(platform, f"u{n}") for n in range(120)]
        met = {page["exposures"][0]["variant"]: page for page in pages if page["exposures"]}  # type: ignore[index]
        assert set(met) == {"control", "treatment"}
        assert _shelf(met["treatment"], "podcasts")["position"] < _shelf(met["control"], "podcasts")["position"]  # type: ignore[operator]
        kept = list(platform.delivery.log.read(Exposure))
        assert len(kept) == sum(len(page["exposures"]) for page in pages)  # type: ignore[arg-type]
        assert {exposure.release for exposure in kept} == {2}
        assert sum(1 for _ in platform.delivery.log.read(Served)) == len(pages)


def test_a_forced_variant_is_marked_and_never_counted(tmp_path: Path) -> None:
    with live_platform(tmp_path, policy='forcing: {actors: ["*@localhost"]}') as (platform, _):
        platform.control.submit(surface="home", author="ada", spec=spec())
        forced = {"podcasts-second": "treatment"}
        made = platform.forcing.permit("home", unit="tester", forced=forced, actor="qa@localhost", reason="look")
        page = _page(platform, "tester", permit=made["permit"])
        assert page["forced"] == forced
        assert page["counted"] is False
        assert _shelf(page, "podcasts")["position"] == 2
        assert list(platform.delivery.log.read(Exposure)) == []
        assert list(platform.delivery.log.read(Served)) == []


def test_the_same_request_gets_the_same_page(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        first, second = (_page(platform, "u1", request_id="r1") for _ in range(2))
        timing = {"latency_ms"}
        assert {k: v for k, v in first.items() if k not in timing} == {
            k: v for k, v in second.items() if k not in timing
        }


def test_somebody_who_only_looks_at_a_page_leaves_no_records(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        page = _page(platform, "u1", counted=False)
        assert page["counted"] is False
        assert list(platform.delivery.log.read(Served)) == []


def test_serving_goes_on_when_the_control_planes_database_is_gone(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        platform.control.submit(surface="home", author="ada", spec=spec())
        for file in tmp_path.glob("counterpoint.sqlite*"):
            file.write_bytes(b"gone")
        platform.delivery.feed.refresh()
        assert _page(platform, "u1")["snapshot"]["release"] == 2  # type: ignore[index]


def test_a_surface_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _), pytest.raises(NotFound, match="one of: home"):
        platform.delivery.resolve("hone", "u1", {})
