"""The command `live`: what is live, look now, put back and adopt, here or at a running control plane."""

import json

import pytest

from browser import served
from counterpoint.cli import main
from live_platform import prepared_settings
from web.test_live_page import FakeBacking, site

PARAMETER = "podcasts.shelf_position"


@pytest.fixture(scope="module", autouse=True)
def opened_before_output_is_captured(tmp_path_factory) -> None:
    """The durable executor's logger keeps the stream of its first start, which must outlive one test's capture."""
    prepared_settings(tmp_path_factory.mktemp("first"))


def test_the_command_tells_checks_and_decides(tmp_path, monkeypatch, capsys):
    flags, declared = tmp_path / "flags.json", tmp_path / "backends.yaml"
    declared.write_text(json.dumps({"backends": [{"name": "flags", "kind": "flagd-file", "path": str(flags)}]}))
    data = prepared_settings(tmp_path / "data").data
    monkeypatch.setenv("COUNTERPOINT_BACKENDS", str(declared))

    def said(*words: str, status: int = 0) -> str:
        assert main(["--data", str(data), "live", *words]) == status
        return capsys.readouterr().out

    assert "Everything holds" in said("check")
    document = json.loads(flags.read_text())
    document["flags"][PARAMETER]["state"] = "DISABLED"
    flags.write_text(json.dumps(document))
    assert 'should be {"' in said("check", status=1)
    assert PARAMETER in said("reapply", "flags", "--by", "grace", "--reason", "an accident")
    document = json.loads(said("--json"))
    assert document["findings"] == []
    assert document["surfaces"]["home"]["processes"] is None, "a command has heard of no process that serves"


def test_the_command_asks_a_control_plane_which_knows_who_serves(tmp_path, capsys):
    live = ["--data", str(tmp_path / "elsewhere"), "live", "--control"]
    assert main([*live, "http://127.0.0.1:9"]) == 1
    with served(site(FakeBacking())) as url:
        assert main([*live, url]) == 0
        said = capsys.readouterr().out
        assert "1 serving release 12" in said
        assert "STILL LIVE on unleash" in said
        assert "should be" in said
    assert not (tmp_path / "elsewhere").exists()
