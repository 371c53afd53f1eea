"""Nothing reaches everybody at once in silence: not a file, not a program."""

import logging
from dataclasses import replace

from counterpoint.bootstrap import Edit, SimulatedClock, opened
from counterpoint.bootstrap.reference import surface_files
from live_platform import START, live_platform, prepared_settings, settings_at

ADA = Edit(actor="ada", reason="fewer shelves")
KEY = "layout.max_shelves"


def edited_file(folder, old="baseline: 12", new="baseline: 9"):
    text = next(iter(surface_files(()))).read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if f" {KEY}:" in each]
    assert old in line
    path = folder / "home.yaml"
    path.write_text(text.replace(line, line.replace(old, new)), encoding="utf-8")
    return path


def test_a_baseline_edited_in_a_surfaces_file_reaches_its_units_by_stages(tmp_path):
    clock = SimulatedClock(START)
    settings = prepared_settings(tmp_path)
    with opened(settings, clock=clock):
        pass
    with opened(replace(settings_at(tmp_path), surfaces=(edited_file(tmp_path),)), clock=clock) as platform:
        shown = platform.configuring.show("home")
        assert shown["values"][KEY] | {"layer": ""} == {"value": 12, "declared": 9, "layer": ""}
        (rollout,) = shown["rollouts"]
        assert (rollout["values"], rollout["share"]) == ({KEY: 9}, 0.01)
        (newest, *_) = platform.control.audit("home")
        assert (newest["actor"], newest["facts"]["unstaged"]) == ("surface file", False)
    # The file does not begin it again at each start.
    with opened(replace(settings_at(tmp_path), surfaces=(tmp_path / "home.yaml",)), clock=clock) as platform:
        assert len(platform.configuring.show("home")["rollouts"]) == 1


def test_a_file_that_touches_what_is_moving_waits_and_keeps_nobody_from_starting(tmp_path):
    clock = SimulatedClock(START)
    settings = prepared_settings(tmp_path)
    with opened(settings, clock=clock) as platform:
        platform.configuring.set_values("home", {KEY: 8}, ADA)
    with opened(replace(settings_at(tmp_path), surfaces=(edited_file(tmp_path),)), clock=clock) as platform:
        (rollout,) = platform.configuring.show("home")["rollouts"]
        assert rollout["values"] == {KEY: 8}


def test_what_is_published_at_once_is_marked_and_warned_of(tmp_path, caplog):
    with live_platform(tmp_path) as (platform, _):
        for publish in (
            lambda: platform.configuring.set_values("home", {KEY: 8}, ADA, at_once=True),
            lambda: platform.control.set_baseline("home", {KEY: 7}, actor="eve", reason="an incident"),
        ):
            caplog.clear()
            with caplog.at_level(logging.WARNING):
                publish()
            (newest, *_) = platform.control.audit("home")
            assert newest["facts"]["unstaged"] is True
            assert any("without stages" in record.message for record in caplog.records)
        platform.configuring.set_values("home", {KEY: 6}, ADA)
        assert platform.control.audit("home")[0]["facts"]["unstaged"] is False
