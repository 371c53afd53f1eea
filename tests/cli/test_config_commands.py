"""The commands of Home Config, against a real platform on a folder of its own that is opened once for each test."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from counterpoint.bootstrap import opened
from counterpoint.cli import main
from live_platform import prepared_settings, spec


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    settings = prepared_settings(tmp_path / "data")
    with opened(settings) as platform:
        # Opening costs a second; that a second process finds what the first one left is tests/chaos's to show.
        monkeypatch.setattr("counterpoint.bootstrap.opened", lambda *_, **__: nullcontext(platform))
        yield ["--data", str(settings.data)]


def printed(capsys: pytest.CaptureFixture[str], words: list[str], status: int = 0) -> str:
    assert main(words) == status, capsys.readouterr()
    return capsys.readouterr().out


UNTIL = ["--until", "2099-01-01T00:00Z"]
WHY = ["--reason", "fewer shelves load faster", "--by", "ada"]


def test_set_diff_history_blame_compare_and_revert(data, capsys):
    assert "is what the surface's file says" in printed(capsys, [*data, "config", "compare"])
    assert "No change was proposed" in printed(capsys, [*data, "config", "changes"])
    change = ["config", "set", "layout.max_shelves=8", *WHY]
    assert "12 -> 8" in printed(capsys, [*data, *change, "--dry-run"])
    assert "0.05" not in printed(capsys, [*data, "config", "show"])
    made = json.loads(printed(capsys, [*data, "config", "--json", "set", "layout.max_shelves=8", *WHY, "--at-once"]))
    assert made["state"] == "published"
    assert "file says 12" in printed(capsys, [*data, "config", "show"])
    number = str(made["release"])
    assert "12 -> 8" in printed(capsys, [*data, "config", "diff", "1", number])
    assert "fewer shelves" in printed(capsys, [*data, "config", "history", "--parameter", "layout.max_shelves"])
    head, newest, *_ = printed(capsys, [*data, "config", "history"]).splitlines()
    assert head.split() == ["release", "at", "author", "changed", "reason"]
    assert newest.endswith("fewer shelves load faster")
    assert "8, 12 before" in printed(capsys, [*data, "config", "blame", "layout.max_shelves"])
    assert "ada" in printed(capsys, [*data, "config", "compare"])
    assert "8 -> 12" in printed(capsys, [*data, "config", "revert", number, *WHY])
    assert "12 -> 8" in printed(capsys, [*data, "config", "restore", number, *WHY])
    assert made["id"] in printed(capsys, [*data, "config", "changes"])


def test_a_staged_change_of_rules_is_shown_and_aborted(data, tmp_path, capsys):
    path = tmp_path / "rules.yaml"
    path.write_text('- {key: se, audience: country == "SE", set: {layout.density: compact}}\n')
    made = printed(capsys, [*data, "config", "rules", str(path), "--stage", "0.05:12", *WHY])
    assert "rolling out" in made
    assert "on its way: config-" in printed(capsys, [*data, "config", "blame", "layout.density"])
    begun = printed(capsys, [*data, "config", "diff", "1", "2"])
    assert "layout.density" in begun
    assert "buckets" not in begun
    shown = printed(capsys, [*data, "config", "show"])
    assert "layout.density for 5%, stage 1 of 1" in shown
    rollout = next(line.split()[1].rstrip(":") for line in shown.splitlines() if line.startswith("rollout"))
    assert "Taken back" in printed(capsys, [*data, "config", "abort", rollout, *WHY])


@pytest.mark.parametrize(
    "group",
    [
        (
            ["config", "set", "layout.max_shelves=ninety", *WHY],
            ["config", "set", "layout.max_shelves=99", *WHY],
            ["config", "set", "nothing=1", *WHY],
            ["config", "set", "layout.max_shelves=8", "--not-before", "tomorrow", *WHY],
            ["config", "set", "layout.max_shelves=8", "--base", "77", *WHY],
            ["config", "revert", "99", *WHY],
        ),
        (
            ["config", "approve", "nothing", "--by", "eve"],
            ["config", "blame", "nothing"],
            ["config", "history", "--parameter", "nothing"],
            ["config", "diff", "1", "99"],
        ),
        (
            ["holdout", "start", "", "--share", "0.05", *UNTIL, *WHY],
            ["holdout", "start", "Q 4", "--share", "0.05", *UNTIL, *WHY],
            ["holdout", "power", "--share", "0.05", "--unit", "household", *UNTIL],
            ["holdout", "history", "never"],
            ["domain", "reserve", "", "--share", "0.1", *WHY],
            ["parked", "--surface", "hoem"],
        ),
    ],
    ids=["changes", "questions", "aside"],
)
def test_what_cannot_be_is_told_in_one_sentence(data, capsys, group):
    before = printed(capsys, [*data, "config", "--json", "show"])
    for words in group:
        assert main([*data, *words]) == 2, words
        said = capsys.readouterr().err
        assert said.startswith("counterpoint: "), words
        assert len(said.splitlines()) == 1, words
    assert printed(capsys, [*data, "config", "--json", "show"]) == before


def test_holdouts_domains_and_free_space(data, tmp_path, capsys):
    printed(capsys, [*data, "holdout", "start", "q4", "--share", "0.02", *UNTIL, *WHY])
    assert "2099-01-01" in printed(capsys, [*data, "holdout"])
    assert "shipped_only" in printed(capsys, [*data, "holdout", "units", "q4"])
    assert "The holdout runs" in printed(capsys, [*data, "holdout", "readout", "q4"])
    printed(capsys, [*data, "domain", "reserve", "genrec", "--share", "0.3", *WHY])
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec(allocation=0.9)))
    space = printed(capsys, [*data, "free-space", str(path)], status=2)
    assert "0.3 for domains.genrec" in space
    assert "does not fit" in space
    printed(capsys, [*data, "domain", "release", "genrec", *WHY])
    printed(capsys, [*data, "holdout", "release", "q4", *WHY])
