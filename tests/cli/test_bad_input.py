"""Bad input on the command line: one sentence, where and what to do, a code, status 2, and nothing stored is lost."""

import errno
import json
import socket
import sys
from pathlib import Path

import pytest
import yaml

from counterpoint.cli import main
from counterpoint.cli.writing import write_text
from counterpoint.errors import InvalidInput
from live_platform import prepared_settings, spec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepared_settings(tmp_path / "data").data


def _refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 2
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1, said
    return said


def _spec_file(folder: Path, **changes: object) -> Path:
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(spec(**changes)))
    return path


def test_an_unknown_surface_is_named_with_those_there_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused(capsys, "--data", folder, "launch", "Larger covers raise clicks by 2 %", "--surface", "hone")
    assert "one of: home" in said
    assert said.endswith("[unknown_surface]")


def test_a_spec_of_an_unknown_surface_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused(capsys, "--data", folder, "launch", "--spec", _spec_file(folder, surface="serach"))
    assert "[unknown_surface]" in said


def test_malformed_yaml_is_refused_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "spec.yaml"
    path.write_text("key: [unclosed\n")
    said = _refused(capsys, "--data", folder, "launch", "--spec", path)
    assert "line" in said


def test_an_unknown_key_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused(capsys, "--data", folder, "launch", "--spec", _spec_file(folder, alocation=0.2))
    assert "alocation" in said


def test_a_value_out_of_bounds_refuses_the_launch(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    far = [{"key": "control"}, {"key": "treatment", "set": {"podcasts.shelf_position": 99}}]
    assert main(["--data", str(folder), "launch", "--spec", str(_spec_file(folder, variants=far))]) == 2
    printed = capsys.readouterr().out
    assert "out_of_bounds" in printed
    assert "podcasts.shelf_position" in printed


def test_an_experiment_without_treatments_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused(capsys, "--data", folder, "launch", "--spec", _spec_file(folder, variants=[]))
    assert "variants" in said


def test_an_unreadable_file_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ("launch", "--spec", folder / "nowhere.yaml"),
        ("analyze", folder / "nowhere.parquet", "--variant", "v", "--control", "c", "--metric", "m"),
        ("content", "import", folder / "nowhere"),
        ("analyze", folder / ("x" * 300), "--variant", "v", "--control", "c", "--metric", "m"),
        ("validate", folder),
        ("conformance", "stats", folder / "nowhere.json"),
        ("eval", "plans", folder / "nowhere.yaml", "--surface", folder / "nowhere.yaml"),
    ):
        said = _refused(capsys, "--data", folder, *words)
        assert str(folder) in said


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 50_000, '{"cases": ' + "9" * 5_000 + "}"],
    ids=["deep-list", "deep-object", "endless-number"],
)
def test_json_that_no_reader_survives_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = folder / "cases.json"
    path.write_text(text)
    assert "[malformed_json]" in _refused(capsys, "--data", folder, "conformance", "stats", path)
    surface = Path(__file__).parents[2] / "examples/search/surface.yaml"
    assert "[cases_unreadable]" in _refused(capsys, "--data", folder, "eval", "plans", path, "--surface", surface)
    assert main(["--data", str(folder), "apply", str(path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &a [x, x]\nb: [*a, *a]\n", "alias"),
        ("[" * 3_000, "too_deep"),
        ("!!python/object/apply:os.system ['false']\n", "malformed_yaml"),
        ("1: 2\n", "bad_key"),
    ],
)
def test_rules_are_read_as_strictly_as_specs(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, code: str
) -> None:
    path = folder / "rules.yaml"
    path.write_text(text)
    words = ("--data", folder, "config", "rules", path, "--by", "ada", "--reason", "r", "--dry-run")
    assert f"[{code}]" in _refused(capsys, *words)


def test_a_file_without_an_end_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "[too_large]" in _refused(capsys, "--data", folder, "validate", "/dev/zero")


def test_a_file_that_cannot_be_written_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "file").write_text("")
    spec_file = _spec_file(folder)
    power = ("power", "--mean", 0.2, "--units-per-day", 2000, "--effect", 0.1, "--metric", "s", "--svg")
    places = [(*power, folder / where) for where in ("nowhere/x", "", "file/x", "x" * 300)]
    others = [
        (*words, "--out", folder)
        for words in (("fix", spec_file), ("plan", spec_file), ("draft", "Larger covers raise clicks on Home by 2 %."))
    ]
    for words in (*places, *others):
        assert main(["--data", str(folder), *map(str, words)]) == 2
        said = capsys.readouterr().err.strip()
        assert "[unwritable_file]" in said, words
        assert len(said.splitlines()) == 1, said


def test_a_file_that_is_not_written_whole_keeps_what_it_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spec.yaml").write_text("old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "no space")))
    with pytest.raises(InvalidInput, match="no space"):
        write_text(tmp_path / "spec.yaml", "new")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("spec.yaml", "old")]


def test_a_word_that_is_not_utf_8_is_refused_before_anything_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _refused(capsys, "--data", folder, "launch", "Larger covers", "--owner", "\udcff")
    assert "argument 6" in said
    assert "[unstorable_text]" in said


def test_half_a_character_in_a_spec_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "spec.json"
    path.write_text(json.dumps(spec(owner="\ud800")))
    assert "[unstorable_text]" in _refused(capsys, "--data", folder, "launch", "--spec", path)


def test_a_number_that_no_database_holds_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "[unstorable_value]" in _refused(capsys, "--data", folder, "config", "diff", "9" * 40)


def test_a_full_disk_is_no_defect_of_ours(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "events/1.jsonl")

    monkeypatch.setattr(sys.modules["counterpoint.cli.main"], "read_settings", lambda *_, **__: full())
    assert main(["--data", str(folder), "tick"]) == 1
    assert capsys.readouterr().err.startswith("counterpoint: events/1.jsonl: No space left on device; ")


def test_a_port_in_use_is_named_with_a_way_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = _refused(capsys, "--data", folder, "serve", "--port", taken.getsockname()[1])
    assert said.endswith("[port_in_use]")
    assert "--port" in said


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file"
    path.write_text("not a folder")
    said = _refused(capsys, "--data", path, "experiments")
    assert said.endswith("[unusable_folder]")


def test_an_unknown_setting_in_the_environment_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERPOINT_PROT", "80")
    said = _refused(capsys, "--data", folder, "experiments")
    assert "COUNTERPOINT_PROT" in said


def test_the_demo_refuses_a_database_that_others_share(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERPOINT_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert _refused(capsys, "--data", folder, "demo").endswith("[demo_needs_embedded]")


def test_a_refused_launch_loses_nothing_that_is_stored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(folder), "launch", "--spec", str(_spec_file(folder))]) == 0
    before = (main(["--data", str(folder), "experiments", "--json"]), capsys.readouterr().out)[1].split("\n[", 1)[-1]
    _refused(capsys, "--data", folder, "launch", "--spec", _spec_file(folder, surface="nowhere"))
    _refused(capsys, "--data", folder, "launch", "--spec", _spec_file(folder))  # a second launch of a running one
    assert main(["--data", str(folder), "experiments", "--json"]) == 0
    assert before.endswith(capsys.readouterr().out.split("[", 1)[-1])


def test_the_help_says_how_to_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    for command in ("serve", "demo", "launch", "analyze", "content", "eval", "conformance"):
        assert command in printed


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = [
        line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ") and line[4] != " "
    ]
    assert len(commands) > 10
    for command in commands:
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
        assert len(capsys.readouterr().out.splitlines()) > 2, command


def test_a_name_of_ten_thousand_letters_does_not_push_what_to_do_out_of_sight(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _refused(capsys, "--data", folder, "novelty", "x" * 10_000)
    assert len(said) < 500
    assert "counterpoint experiments" in said
    assert said.endswith("[unknown_launch]")


@pytest.mark.parametrize("words", [["doctor"], ["live", "check"], ["experiments"]])
@pytest.mark.parametrize("surface", ["hoem", ""])
def test_nothing_is_said_to_be_well_on_a_surface_that_there_is_not(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], surface: str
) -> None:
    said = _refused(capsys, "--data", folder, *words, "--surface", surface)
    assert "one of: home" in said
    assert said.endswith("[unknown_surface]")


@pytest.mark.parametrize(
    "words",
    [
        ["x" * 5_000],
        ["experiment"],
        ["serve", "--role", "x" * 5_000],
        ["serve", "--port", "x" * 5_000],
        ["results", "podcasts", "--" + "x" * 5_000],
    ],
)
def test_a_word_that_no_command_knows_is_refused_in_one_sentence_with_a_code(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr().err.strip()
    assert (ended.value.code, len(said.splitlines()), "x" * 100 in said) == (2, 1, False)
    assert said.endswith("--help`. [bad_usage]")


@pytest.mark.parametrize("words", [["live"], ["fleet"], ["serve"]])
def test_no_address_is_no_address_of_a_control_plane(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused(capsys, *words, "--control", "")
    assert said.startswith("counterpoint: --control: '' is no address")
    assert said.endswith("[bad_setting]")


def test_a_reason_that_nobody_would_read_is_refused_before_anything_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _refused(capsys, "--data", tmp_path / "new", "pause", "podcasts", "--reason", "x " * 3_000)
    assert said == "counterpoint: --reason: it has 6,000 characters; say it in at most 4,000. [too_long]"
    assert not (tmp_path / "new").exists()


def test_a_key_of_what_is_set_aside_is_a_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["domain", "reserve"], ["holdout", "start"]):
        until = ["--until", "2030-01-01T00:00Z"] if words[0] == "holdout" else []
        said = _refused(
            capsys, "--data", folder, *words, "BAD KEY", "--share", 0.1, *until, "--by", "ada", "--reason", "why"
        )
        assert "[bad_key]" in said


def test_a_metric_that_nobody_declared_has_no_past(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused(capsys, "--data", folder, "past", "podcasts", "--metric", "podcast_minuets_7d")
    assert "one of: " in said
    assert "[unknown_metric]" in said


def test_a_name_cannot_steer_the_terminal_that_it_is_told_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused(capsys, "--data", folder, "config", "blame", "\x1b[31m\u202ered\nhome is fine")
    assert "\\x1b[31m\\u202ered\\nhome is fine" in said
