from pathlib import Path

import pytest

from counterpoint.cli import main
from counterpoint.config import check_code, load_surface

ROOT = Path(__file__).parents[2]
SEARCH = ROOT / "examples" / "search" / "surface.yaml"
SURFACE = load_surface(SEARCH.read_text(encoding="utf-8"), source="surface.yaml")


def codes(text, name="search.py"):
    return {(each.code, each.path): each.message for each in check_code(SURFACE, {name: text})}


def test_what_code_reads_and_nobody_declared_is_named_with_its_line():
    found = codes('x = 1\nn = config.value("results.per_pge")\n')
    assert found["unknown_parameter", "results.per_pge"].startswith("search.py:2: ")


@pytest.mark.parametrize("line", ['value("results.per_page")', "value('results.per_page')", "get(`results.per_page`)"])
def test_what_is_read_in_any_language_is_read(line):
    found = codes(line)
    assert ("unread_parameter", "results.per_page") not in found
    assert ("unread_parameter", "results.top_card") in found
    assert not [code for code, _ in found if code == "unknown_parameter"]


def test_file_names_and_words_of_other_things_are_no_parameters():
    assert not [code for code, _ in codes('open("results.html"); import "os.path"; x = "other.thing"')
                if code == "unknown_parameter"]  # fmt: skip


def test_the_home_page_reads_every_parameter_of_its_surface_and_no_other(capsys):
    reference = ROOT / "src" / "counterpoint" / "bootstrap" / "reference" / "surface.yaml"
    status = main(["surface", "code", str(reference), str(ROOT / "src" / "counterpoint" / "pages")])
    said = capsys.readouterr().out
    assert status == 0, said
    assert "unread_parameter" not in said


def test_the_command_refuses_what_disagrees_and_what_is_no_source(tmp_path, capsys):
    (tmp_path / "app.ts").write_text('const n = config.value("results.per_pge");\n', encoding="utf-8")
    assert main(["surface", "code", str(SEARCH), str(tmp_path)]) == 2
    assert "app.ts:1" in capsys.readouterr().out
    (tmp_path / "app.ts").unlink()
    assert main(["surface", "code", str(SEARCH), str(tmp_path)]) == 2
    assert "[no_source]" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["python", "typescript", "schema"])
def test_accessors_and_schema_are_written_by_a_command(language, capsys):
    assert main(["export", language, "--file", str(SEARCH)]) == 0
    out = capsys.readouterr().out
    assert "results.per_page" in out
    if language == "python":
        compile(out, "accessors.py", "exec")
