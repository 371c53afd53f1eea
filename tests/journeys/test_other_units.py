"""An experiment on devices: hashed, exposed and scored by device, over HTTP; its surface cannot forget what one is."""

from datetime import timedelta

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.bootstrap import SimulatedClock, opened
from counterpoint.bootstrap.reference import surface_files
from counterpoint.events import Exposure
from live_platform import START, prepared_settings, spec

DIAL = "podcasts.shelf_position"
HOME = next(iter(surface_files(()))).read_text(encoding="utf-8")
WITH_DEVICES = HOME.replace("\nattributes:\n", "\nattributes:\n  device_id: {type: string, description: the device}\n")


@pytest.fixture
def world(tmp_path):
    file = tmp_path / "home.yaml"
    file.write_text(WITH_DEVICES, encoding="utf-8")
    clock = SimulatedClock(START)
    with opened(prepared_settings(tmp_path / "data", surfaces=(file,)), clock=clock) as platform:
        yield platform, clock, AsgiClient(create_app(platform))


def resolved(client, user, device=None):
    units = {} if device is None else {"device_id": device}
    answer = client.post("/v1/surfaces/home/resolve", json={"unit": user, "parameters": [DIAL], "units": units})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_experiment_on_devices_is_served_counted_and_scored_by_device_and_guarded_by_name(world):
    platform, clock, client = world
    launch = client.post("/v1/launches", json={"spec": spec(unit="device_id"), "surface": "home"})
    assert (launch.status_code, launch.json()["state"]) == (201, "running"), launch.text

    # A tenth of the devices are in it, and all who share one of them see the same.
    compiled = platform.snapshots.live("home").compiled
    tried = [(f"d{n}", compiled.resolve("u", {}, START, units={"device_id": f"d{n}"}).peek(DIAL)) for n in range(3_000)]
    variants = {device: read.variant for device, read in tried if read.experiment is not None}
    assert 200 < len(variants) < 400
    for device in variants:
        platform.delivery.resolve("home", f"owner-of-{device}", {}, parameters=[DIAL], units={"device_id": device})
    for number, (device, variant) in enumerate(list(variants.items())[:8]):
        for user in (f"a{number}", f"b{number}"):
            answer = resolved(client, user, device)
            assert (answer["values"][DIAL]["variant"], len(answer["exposures"])) == (variant, 1)
    assert resolved(client, "a0")["exposures"] == [], "without a device nobody is in it"
    endless = {"unit": "u", "units": {"device_id": "d" * 257}}
    refused = client.post("/v1/surfaces/home/resolve", json=endless).json()["error"]
    assert (refused["code"], refused["where"]) == ("invalid_request", "body.units.device_id")
    last = list(variants)[-1]
    page = client.post("/v1/surfaces/home/page", json={"unit": "somebody", "units": {"device_id": last}})
    assert page.status_code == 200
    exposed = list(platform.delivery.log.read(Exposure))
    assert {(each.unit, each.variant) for each in exposed} == set(variants.items())
    assert [each.unit for each in exposed].count(last) == 2

    # Every second device plays; an outcome of a user is none of a device.
    clock.move_to(START + timedelta(hours=1))
    players = sorted(variants)[::2]
    at = (START + timedelta(minutes=30)).isoformat()
    events = [
        {"kind": "outcome", "id": f"o-{unit}", "at": at, "surface": "home", "unit": unit, "name": name, "value": 1}
        for unit in (*players, "a0", "b0")
        for name in ["podcast_starters"]
    ]
    assert client.post("/v1/events", json={"events": events}).json()["accepted"] == len(events)
    clock.move_to(START + timedelta(days=14))
    results = platform.control.results("podcasts-second")
    primary = next(row for row in results["metrics"] if row["role"] == "primary")
    for arm in ("control", "treatment"):
        mine = [unit in players for unit, variant in variants.items() if variant == arm]
        assert (primary[f"n_{arm}"], primary[f"{arm}_mean"]) == (len(mine), sum(mine) / len(mine))

    # A declaration that takes the device away is refused, and says from whom.
    refused = client.post("/v1/surfaces", json={"text": HOME, "reason": "tidying up"})
    assert refused.status_code == 403, refused.text
    findings = refused.json()["error"]["facts"]["findings"]
    assert [(each["code"], each["path"]) for each in findings] == [("unit_undeclared", "experiments.podcasts-second")]
