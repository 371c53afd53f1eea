"""The agents file: what it leaves out is as by default, and every mistake in it is one sentence."""

from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from counterpoint.agents import RiskBudget
from counterpoint.bootstrap import new_token, read_agents
from counterpoint.errors import InvalidInput


def written(folder: Path, text: str) -> Path:
    path = folder / "agents.yaml"
    path.write_text(text)
    return path


def test_without_a_file_every_agent_has_the_default_budget_and_none_a_token() -> None:
    rules = read_agents(None)
    assert rules.budget_of("agent:anybody") == RiskBudget()
    assert not rules.asks_for_tokens


def test_what_an_agent_leaves_out_is_as_the_files_default_says(tmp_path: Path) -> None:
    text = "default: {largest_share: 0.02, approvals: 2}\nagents:\n  scout: {approvals: 1, surfaces: [home]}\n"
    rules = read_agents(written(tmp_path, text))
    assert rules.budget_of("agent:scout") == RiskBudget(largest_share=0.02, approvals=1, surfaces=("home",))
    assert rules.budget_of("agent:other") == RiskBudget(largest_share=0.02, approvals=2)


def test_a_token_proves_its_agent_and_no_other_text_does(tmp_path: Path) -> None:
    digest = sha256(b"secret").hexdigest()
    rules = read_agents(written(tmp_path, f"agents:\n  scout: {{token_sha256: {digest}, scopes: [read]}}\n"))
    known = rules.agent_with("secret")
    assert known is not None
    assert (known.actor, known.scopes) == ("agent:scout", ("read",))
    assert rules.agent_with("secret ") is None
    assert rules.agent_with(digest) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("agents: [", "no YAML"),
        ("agents: 3", "agents"),
        ("agents:\n  scout: {larges_share: 0.1}", "agents.scout.larges_share"),
        ("default: {largest_share: 1.5}", "default.largest_share"),
        ("default: {approvals: 0}", "default.approvals"),
        ("agents:\n  Scout!: {}", "agents.Scout!"),
        ("agents:\n  scout: {scopes: [admin]}", "agents.scout.scopes.0"),
        ("agents:\n  scout: {token_sha256: secret}", "agents.scout.token_sha256"),
        ("parked_hours: 0", "parked_hours"),
        ("people:\n  maria: {}", "people.maria.token_sha256"),
        (f"people:\n  Agent :scout: {{token_sha256: {'a' * 64}}}", "not as an agent is"),
        (f"people:\n  a: {{token_sha256: {'a' * 64}}}\n  b: {{token_sha256: {'a' * 64}}}", "proves neither"),
    ],
)
def test_a_mistake_in_the_file_names_its_place(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_agents(written(tmp_path, text))
    assert caught.value.code == "bad_agents_file"
    assert named in caught.value.sentence


def test_a_person_is_proven_by_a_token_and_is_no_agent(tmp_path: Path) -> None:
    digest = sha256(b"secret").hexdigest()
    rules = read_agents(written(tmp_path, f"people:\n  maria@example.org: {{token_sha256: {digest}}}\n"))
    holder = rules.holder_of("secret")
    assert holder is not None
    assert (holder.actor, holder.scopes, holder.speaks_for_others) == ("maria@example.org", ("read", "write"), False)
    assert rules.agent_with("secret") is None
    assert rules.asks_for_tokens


@pytest.mark.parametrize(
    ("name", "options", "actor"),
    [("maria@example.org", {}, "maria@example.org"), ("agent:scout", {"reads_only": True}, "agent:scout"),
     ("gateway", {"is_proxy": True}, "gateway")],
)  # fmt: skip
def test_a_new_token_is_proven_by_the_lines_that_come_with_it(
    tmp_path: Path, name: str, options: dict[str, bool], actor: str
) -> None:
    token, section, key, entry = new_token(name, **options)
    rules = read_agents(written(tmp_path, yaml.safe_dump({section: {key: entry}})))
    holder = rules.holder_of(token)
    assert holder is not None
    assert (holder.actor, holder.speaks_for_others) == (actor, "is_proxy" in options)
    assert holder.scopes == (("read",) if "reads_only" in options else ("read", "write"))


@pytest.mark.parametrize("name", ["", " ", "agent:", "agent:Scout Two", "x" * 129, "a\nb"])
def test_a_token_for_nobody_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        new_token(name)
    assert caught.value.code == "bad_actor"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_agents(tmp_path / "none.yaml")
    assert caught.value.code == "unreadable_file"


def test_the_shipped_example_says_the_defaults_that_hold_without_a_file() -> None:
    rules = read_agents(Path(__file__).parents[2] / "examples" / "agents.yaml")
    assert rules.default == RiskBudget()
    assert set(rules.agents) == {"agent:scout", "agent:watcher"}
