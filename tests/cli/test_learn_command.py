"""`learn`, and the folder that its file is put into, as a surface owner uses them."""

from pathlib import Path

import pytest
import yaml

from counterpoint.cli import main

SEARCH = Path(__file__).parents[1] / "agents" / "data" / "search_surface.yaml"


def _cases(folder: Path, n: int) -> Path:
    surface = yaml.safe_load(SEARCH.read_text("utf-8"))
    switch = next(key for key, dial in surface["parameters"].items() if dial["type"] == "bool")
    arms = [{switch: not surface["parameters"][switch]["baseline"]}]
    expect = {"outcome": "plan", "arms": arms, "primary": next(iter(surface["metrics"])), "audience": "true"}
    case = {"text": "Flombering the wibble makes people happy.", "expect": expect | {"direction": "increase"}}
    path = folder / "cases.yaml"
    path.write_text(yaml.safe_dump({"cases": [{"id": f"c{i}", **case} for i in range(n)]}), encoding="utf-8")
    return path


def test_what_was_learned_is_written_and_read_by_the_next_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, folder = _cases(tmp_path, 20), tmp_path / "language"
    folder.mkdir()
    assert main(["learn", str(cases), "--surface", str(SEARCH), "--write", str(folder / "search.json")]) == 0
    assert "learned from 20 hypotheses" in capsys.readouterr().out
    assert "flomber" in (folder / "search.json").read_text("utf-8")
    monkeypatch.setenv("COUNTERPOINT_PLANNER_LANGUAGE", str(folder))
    assert main(["eval", "plans", str(cases), "--surface", str(SEARCH)]) == 0
    (folder / "search.json").write_text("{}", encoding="utf-8")
    assert main(["eval", "plans", str(cases), "--surface", str(SEARCH)]) == 2
    assert "[associations_unreadable]" in capsys.readouterr().err


@pytest.mark.parametrize("made", [True, False])
def test_a_language_folder_with_nothing_in_it_is_named(
    made: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "language"
    if made:
        folder.mkdir()
    monkeypatch.setenv("COUNTERPOINT_PLANNER_LANGUAGE", str(folder))
    assert main(["eval", "plans", str(_cases(tmp_path, 1)), "--surface", str(SEARCH)]) == 2
    assert "[language_unreadable]" in capsys.readouterr().err


def test_too_few_to_learn_from_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", str(_cases(tmp_path, 3)), "--surface", str(SEARCH)]) == 2
    assert "[too_few_cases]" in capsys.readouterr().err
