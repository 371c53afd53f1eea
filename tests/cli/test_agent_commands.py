"""The commands around outside agents: people see what they want to do, and say yes or no."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from counterpoint.bootstrap import opened
from counterpoint.cli import main
from live_platform import prepared_settings, settings_at, spec


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return prepared_settings(tmp_path / "data").data


def asked(data: Path, **changes: object) -> str:
    with opened(settings_at(data)) as platform:
        return str(platform.agency.parking.launch(spec(**changes), actor="agent:scout")["id"])


def test_what_an_agent_wants_is_listed_shown_and_approved(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write, words = asked(data), ["--data", str(data)]
    assert main([*words, "parked"]) == 0
    assert main([*words, "parked", write]) == 0
    shown = capsys.readouterr().out
    assert f"{write}  agent:scout  launch    podcasts-second  awaiting_approval" in shown
    assert "surface: experiments.podcasts-second: None -> running, stage 0" in shown
    assert "treatment changes" in shown
    assert main([*words, "approve", write, "--by", "maria"]) == 0
    assert "Approved by maria" in capsys.readouterr().out


def test_no_agent_approves_on_the_command_line_either(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write, words = asked(data), ["--data", str(data)]
    assert main([*words, "approve", write, "--by", "agent:scout"]) == 2
    assert "[agents_do_not_approve]" in capsys.readouterr().err
    path = data / "spec.yaml"
    path.write_text(json.dumps(spec()))
    assert main([*words, "launch", "--spec", str(path), "--owner", "agent:scout"]) == 2
    assert "[park_first]" in capsys.readouterr().err


def test_a_no_is_for_good(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write, words = asked(data), ["--data", str(data)]
    assert main([*words, "refuse", write, "--by", "maria", "--reason", "not now"]) == 0
    assert "rejected" in capsys.readouterr().out
    assert main([*words, "approve", write, "--by", "maria"]) == 2
    assert "[not_awaiting_approval]" in capsys.readouterr().err


def test_a_command_that_makes_no_sense_says_so(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", str(data)]
    assert main([*words, "mcp", "--port", "1"]) == 2
    assert main([*words, "mcp", "--as", "No Name"]) == 2
    assert main([*words, "parked", "parked-none"]) == 2
    said = capsys.readouterr().err
    assert "[bad_option]" in said
    assert "[bad_actor]" in said
    assert "[unknown_write]" in said


def test_agents_are_not_let_in_from_elsewhere_without_a_token(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(data), "mcp", "--http", "--host", "0.0.0.0", "--port", "0"]) == 2
    assert "[tokens_needed]" in capsys.readouterr().err


def test_a_token_is_shown_once_with_its_line_for_the_file(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(data), "token", "maria@example.org", "--read"]) == 0
    printed = capsys.readouterr().out
    token = re.findall(r"^  (\S{40,})$", printed, re.MULTILINE)[0]
    assert sha256(token.encode()).hexdigest() in printed
    assert "scopes:" in printed
