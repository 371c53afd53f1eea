"""Bad input on the command line: one sentence, where and what to do, a code, status 2, and nothing stored is lost."""

import socket
from pathlib import Path

import pytest
import yaml

from counterpoint.cli import main
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
        ("validate", folder),
        ("conformance", "stats", folder / "nowhere.json"),
        ("eval", "plans", folder / "nowhere.yaml", "--surface", folder / "nowhere.yaml"),
    ):
        said = _refused(capsys, "--data", folder, *words)
        assert str(folder) in said


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
