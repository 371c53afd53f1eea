"""The commands do what they say, each against a real platform on a folder of its own."""

import json
from pathlib import Path

import pytest
import yaml

from counterpoint.cli import main
from live_platform import prepared_settings, spec

SHARED = Path(__file__).parents[2] / ".." / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not beside the checkout")


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return ["--data", str(prepared_settings(tmp_path / "data").data)]


def _printed(capsys: pytest.CaptureFixture[str], words: list[str], status: int = 0) -> str:
    assert main(words) == status
    return capsys.readouterr().out


def test_a_draft_can_be_validated_mended_and_launched(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spec.yaml"
    hypothesis = "Larger covers raise clicks on Home by 2 % for listeners in Sweden."
    assert "country" in _printed(capsys, [*data, "draft", hypothesis, "--out", str(path)])
    assert yaml.safe_load(path.read_text())["variants"][1]["set"] == {"visual.card_size": "large"}
    _printed(capsys, [*data, "validate", str(path)])
    launched = json.loads(_printed(capsys, [*data, "launch", "--spec", str(path), "--json"]))
    assert launched["state"] == "running"
    assert launched["experiment"] in _printed(capsys, [*data, "experiments"])
    assert "approved by policy" in _printed(capsys, [*data, "experiment", launched["experiment"]])
    assert "exposed units" in _printed(capsys, [*data, "results", launched["experiment"]])
    paused = _printed(capsys, [*data, "pause", launched["id"], "--reason", "checking"])
    assert "paused" in paused
    assert "running" in _printed(capsys, [*data, "resume", launched["id"], "--reason", "fine"])
    assert "rolled_back" in _printed(capsys, [*data, "stop", launched["id"], "--reason", "enough"])


def test_fix_applies_what_the_validator_proposes(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spec.yaml"
    bare = spec(metrics={"primary": {"metric": "home_ctr", "direction": "increase", "mde": 0.02}})
    path.write_text(yaml.safe_dump(bare))
    assert "[missing_guardrail" in _printed(capsys, [*data, "validate", str(path)], status=2)
    _printed(capsys, [*data, "fix", str(path)])
    mended = yaml.safe_load(path.read_text())
    assert {rail["metric"] for rail in mended["metrics"]["guardrails"]} == {"home_empty_rate", "page_load_ms_p95"}
    _printed(capsys, [*data, "validate", str(path)])


def test_fix_makes_a_spec_of_a_document_that_is_none_yet(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        yaml.safe_dump(spec(key="Podcasts second!", variants=[{"key": "a", "weight": 0} for _ in range(2)]))
    )
    assert "no_op_variant" in _printed(capsys, [*data, "fix", str(path)])  # which arm to test, no program knows
    mended = yaml.safe_load(path.read_text())
    assert mended["key"] == "podcasts-second"
    assert [(each["key"], each["weight"]) for each in mended["variants"]] == [("a", 1), ("a-2", 1)]


def test_a_refusal_of_a_draft_says_why(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    asked = "Moving the podcast shelf to place 40 raises podcast minutes by 2 %."
    printed = _printed(capsys, [*data, "draft", asked], 2)
    assert "[out_of_bounds]" in printed
    assert "40" in printed


def test_a_question_ends_with_status_two(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "One question first" in _printed(
        capsys, [*data, "launch", "Make the covers large for everyone in Brazil."], 2
    )


@pytest.mark.slow
def test_a_second_demo_starts_over_where_the_first_one_shipped(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = _printed(capsys, [*data, "demo", "--listeners", "50"])
    assert "SIMULATED" in first
    assert "A/A check" in first
    second = _printed(capsys, [*data, "demo", "--listeners", "50"])
    assert "Scorecard" in second
    experiments = json.loads(_printed(capsys, [*data, "experiments", "--json"]))
    assert len(experiments) == 2
    assert all(row["simulated"] for row in experiments)


def test_the_demo_goes_from_a_hypothesis_to_an_end(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, [*data, "demo", "--listeners", "50"])
    steps = ("0. 2 simulated days", "1. Hypothesis", "2. Plan", "3. Launch", "4. Serve", "5. Scorecard", "6. Decision")
    for step in (*steps, "7. A/A check"):
        assert step in printed
    assert "SIMULATED" in printed
    (experiment,) = json.loads(_printed(capsys, [*data, "experiments", "--json"]))
    assert experiment["state"] in ("shipped", "rolled_back")


@needs_shared
def test_cookie_cats_gives_the_published_figures_and_the_split_warning(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(SHARED / "data" / "terms_to_confirm" / "cookie_cats.parquet")
    words = [
        "analyze",
        file,
        "--unit",
        "userid",
        "--variant",
        "version",
        "--control",
        "gate_30",
        "--metric",
        "retention_7",
    ]
    text = _printed(capsys, words)
    for figure in ("19.02 %", "18.20 %", "0.0016", "WARNING"):
        assert figure in text
    document = json.loads(_printed(capsys, [*words, "--json"]))
    (row,) = document["comparisons"]
    assert row["p_value"] == pytest.approx(0.0015542, rel=1e-4)
    assert row["estimate"] == pytest.approx(-0.0082, abs=1e-4)
    assert (row["ci_lower"], row["ci_upper"]) == (pytest.approx(-0.0133, abs=1e-4), pytest.approx(-0.0031, abs=1e-4))
    assert document["srm"]["p_value"] == pytest.approx(0.0086, abs=1e-4)


@needs_shared
def test_asos_is_read_from_its_sufficient_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(SHARED / "data" / "ab_tests" / "asos_experiments_a.parquet")
    document = json.loads(_printed(capsys, ["analyze", file, "--json"]))
    clear = [row for row in document["comparisons"] if row["p_value"] is not None and row["p_value"] < 0.05]
    assert len(document["comparisons"]) == 200
    assert len(clear) == 42


@needs_shared
def test_the_real_catalogue_is_imported_with_reasons_for_what_is_refused(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = _printed(capsys, [*data, "content", "import", str(SHARED / "data" / "catalogue")])
    assert "listed_twice" in text
    assert "17734" in text
    assert "as they were" in _printed(capsys, [*data, "content", "import", str(SHARED / "data" / "catalogue")])


@needs_shared
def test_the_offline_planner_keeps_its_floors_on_the_public_cases(capsys: pytest.CaptureFixture[str]) -> None:
    home = SHARED / "home"
    words = ["eval", "plans", str(home / "hypotheses.yaml"), "--surface", str(home / "surface.yaml"), "--jsonl"]
    rows = [json.loads(line) for line in _printed(capsys, words).splitlines()]
    assert len(rows) == 60
    assert {row["outcome"] for row in rows} == {"plan", "clarify", "reject"}


@needs_shared
def test_the_statistics_conform_to_the_public_reference_values(capsys: pytest.CaptureFixture[str]) -> None:
    golden = SHARED / "golden" / "golden_public.json"
    answers = json.loads(_printed(capsys, ["conformance", "stats", str(golden)]))
    wanted = {case["id"] for case in json.loads(golden.read_text())["cases"] if case["tier"] in ("core", "advanced")}
    assert wanted <= set(answers)


def test_a_launch_that_needs_approval_waits_for_somebody_else_and_can_be_rejected(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same surface under a policy that asks one person, as its owner would write it.
    home = Path(__file__).parents[2] / "src" / "counterpoint" / "bootstrap" / "reference" / "surface.yaml"
    strict = tmp_path / "home.yaml"
    strict.write_text(home.read_text().replace("policy:\n", "policy:\n  approvals: 1\n"))
    monkeypatch.setenv("COUNTERPOINT_SURFACES", str(strict))
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(spec()))
    launched = json.loads(_printed(capsys, [*data, "launch", "--spec", str(path), "--json", "--owner", "ada"]))
    assert launched["state"] == "validated"
    assert main([*data, "approve", launched["id"], "--by", "ada"]) == 2
    assert "own_launch" in capsys.readouterr().err
    assert "running" in _printed(capsys, [*data, "approve", launched["id"], "--by", "grace"])
    path.write_text(yaml.safe_dump(spec(key="another")))
    waiting = json.loads(_printed(capsys, [*data, "launch", "--spec", str(path), "--json", "--owner", "ada"]))
    assert "refused" in _printed(capsys, [*data, "reject", waiting["id"], "--by", "grace", "--reason", "not now"])
