"""A folder of specs is planned, synced, imported and applied from the command line, on a real platform."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterpoint.cli import main
from live_platform import live_platform, spec


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """One platform for all commands of a test: opening it anew each time is what others test."""
    with live_platform(tmp_path / "data") as (platform, _):
        monkeypatch.setattr("counterpoint.bootstrap.opened", lambda *_, **__: nullcontext(platform))
        yield ["--data", str(tmp_path / "data")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "specs"
    (place / "home").mkdir(parents=True)
    written(place / "home" / "podcasts-second.yaml", spec())
    return place


def written(path: Path, document: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str], words: list[str], status: int = 0) -> str:
    got = main(words)
    out, err = capsys.readouterr()
    assert got == status, out + err
    return out + err


def test_a_folder_is_planned_synced_and_then_in_sync(
    data: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(capsys, [*data, "plan", str(folder), "--exit-code"], 3)
    assert "+ podcasts-second: to be launched" in shown
    assert "+ variants.treatment.set.podcasts.shelf_position = 2" in shown
    assert "on surface: + experiments.podcasts-second = running, stage 0" in shown
    assert "on metrics: + analysis_plans.podcasts-second" in shown
    assert "Plan: 1 to launch, 0 to replace, 0 to stop" in shown
    assert "No experiments yet" in said(capsys, [*data, "experiments"])
    assert "podcasts-second: running" in said(capsys, [*data, "sync", str(folder)])
    assert "1 as declared" in said(capsys, [*data, "plan", str(folder), "--exit-code"], 0)

    written(folder / "home" / "podcasts-second.yaml", spec(allocation=0.05))
    changed = said(capsys, [*data, "sync", str(folder)], 2)
    assert "~ allocation: 0.1 -> 0.05" in changed
    assert "declare the new text under a new key" in changed

    (folder / "home" / "podcasts-second.yaml").unlink()
    prune = [*data, "sync", str(folder), "--surface", "home", "--prune"]
    assert "- podcasts-second: to be stopped (running)" in said(capsys, [*prune, "--dry-run"])
    assert "running" in said(capsys, [*data, "experiments"])
    assert "podcasts-second: rolled_back" in said(capsys, prune)


def test_what_exists_is_imported_and_plans_nothing(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "spec.yaml", spec())
    said(capsys, [*data, "launch", "--spec", str(path)])
    said(capsys, [*data, "pause", "podcasts-second", "--reason", "odd"])
    into = tmp_path / "imported"
    assert "podcasts-second.yaml" in said(capsys, [*data, "import", str(into), "--adopt", "imported"])
    planned = json.loads(said(capsys, [*data, "plan", str(into), "--prune", "--json"]))
    assert (planned["n_changes"], planned["n_faults"]) == (0, 0)
    (paused,) = (item for item in planned["items"] if item["experiment"] == "podcasts-second")
    assert "odd" in paused["drift"][0]
    written(into / "home" / "podcasts-second.yaml", spec(allocation=0.2))
    assert "[file_differs]" in said(capsys, [*data, "import", str(into)], 2)
    said(capsys, [*data, "import", str(into), "--force"])
    assert "2 as declared" in said(capsys, [*data, "plan", str(into)])
    baseline = into / "home" / "config" / "baseline.yaml"
    changed = yaml.safe_load(baseline.read_text(encoding="utf-8"))
    changed["values"]["layout.max_shelves"] = 10
    written(baseline, changed)
    shown = said(capsys, [*data, "plan", str(into)])
    assert "~ baseline: to be changed" in shown
    assert "1 to change" in shown
    assert "baseline: rolling_out" in said(capsys, [*data, "sync", str(into)])


def test_a_saved_plan_is_applied_as_saved_or_refused_once_the_world_has_moved(
    data: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.json"
    said(capsys, [*data, "plan", str(folder), "--out", str(plan)])
    config = ["--by", "eve", "--reason", "denser", "--at-once"]
    said(capsys, [*data, "config", "set", "layout.max_shelves=10", *config])
    refused = said(capsys, [*data, "apply", str(plan)], 2)
    assert "[plan_stale]" in refused
    assert "by eve, denser" in refused
    assert "No experiments yet" in said(capsys, [*data, "experiments"])
    said(capsys, [*data, "plan", str(folder), "--out", str(plan)])
    written(folder / "home" / "podcasts-second.yaml", spec(allocation=0.02))
    assert "podcasts-second: running" in said(capsys, [*data, "apply", str(plan)])
    launched = json.loads(said(capsys, [*data, "experiment", "podcasts-second", "--json"]))
    assert launched["spec"]["allocation"] == 0.1


def test_files_that_are_no_specs_are_named_and_the_others_are_planned(
    data: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.yaml").write_text("kind: [", encoding="utf-8")
    written(folder / "bad.yaml", spec(key="bad", variants=[{"key": "control"}, {"key": "t", "set": {"no.such": 1}}]))
    shown = said(capsys, [*data, "plan", str(folder)], 2)
    assert "[malformed_yaml]" in shown
    assert "x bad: refused by the validator" in shown
    assert "+ podcasts-second" in shown
    written(folder / "twice.yaml", spec())
    assert "[duplicate_experiment]" in said(capsys, [*data, "plan", str(folder)], 2)


def test_a_holdout_is_started_with_its_power_read_and_released_and_timings_are_told(
    data: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    who = ["--by", "ada", "--reason", "the quarter"]
    until = ["--share", "0.05", "--until", "2026-06-15T08:00Z"]
    assert "less than a day of traffic" in said(capsys, [*data, "holdout", "power", *until])
    assert "published" in said(capsys, [*data, "holdout", "start", "q4", *until, *who])
    assert "ends in 14 days" in said(capsys, [*data, "holdout"])
    assert "[holdout_runs]" in said(capsys, [*data, "holdout", "read", "q4", *who], 2)
    assert "without intervals" in said(capsys, [*data, "holdout", "readout", "q4"])
    said(capsys, [*data, "holdout", "renew", "q4", "--until", "2026-09-01T00:00Z", *who])
    assert "the quarter" in said(capsys, [*data, "holdout", "history", "q4"])
    said(capsys, [*data, "holdout", "release", "q4", *who])
    assert "No holdout was read yet" in said(capsys, [*data, "holdout", "readouts"])
    assert "No launch yet." in said(capsys, [*data, "timings"])
    said(capsys, [*data, "sync", str(folder)])
    told = said(capsys, [*data, "timings", "--since", "2026-01-01T00:00Z"])
    assert "Most machine time goes to" in told
    assert "apply surface" in told
