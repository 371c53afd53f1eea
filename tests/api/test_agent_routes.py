"""The routes for agents: answers in the documented form, every write closed to agents, tokens that prove them."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app, examples
from counterpoint.bootstrap import opened
from live_platform import prepared_settings

AGENT = {"X-Counterpoint-Actor": "agent:scout"}
PERSON = {"X-Counterpoint-Actor": "maria@example.org"}
TOKEN = "a" * 40
CHANGES_NOTHING = {"plan_state"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsgiClient]:
    with opened(prepared_settings(tmp_path_factory.mktemp("agents"))) as platform:
        yield AsgiClient(create_app(platform))


def missing(example: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Return what the example promises and the document has not."""
    return sorted(example.keys() - document.keys())


def operations(client: AsgiClient) -> dict[str, tuple[str, str, dict[str, Any]]]:
    document = client.get("/openapi.json").json()
    return {
        operation["operationId"]: (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_a_spec_is_parked_approved_and_confirmed_in_the_documented_form(client: AsgiClient) -> None:
    documented = {name: each[2] for name, each in operations(client).items()}

    def example(operation: str, status: str) -> Any:
        return documented[operation]["responses"][status]["content"]["application/json"]["example"]

    parked = client.post("/v1/parked-writes/launches", json={"spec": examples.SPEC}, headers=AGENT)
    assert parked.status_code == 201, parked.text
    assert missing(example("park_launch", "201"), parked.json()) == []
    write = f"/v1/parked-writes/{parked.json()['id']}"
    assert client.post(f"{write}/confirmations", json={}, headers=AGENT).json()["error"]["code"] == "approval_missing"
    assert client.post(f"{write}/approvals", json={}, headers=AGENT).json()["error"]["code"] == "agents_do_not_approve"
    assert client.post(f"{write}/approvals", json={}, headers=PERSON).json()["state"] == "awaiting_confirmation"
    done = client.post(f"{write}/confirmations", json={}, headers=AGENT)
    assert done.json()["result"]["state"] == "running", done.text
    assert client.get(write).json()["state"] == "executed"
    assert [each["id"] for each in client.get("/v1/parked-writes?actor=agent:scout").json()["writes"]] == [
        parked.json()["id"]
    ]
    explained = client.post(f"/v1/experiments/{examples.SPEC['key']}/explanations", json={"unit": "u1"})
    assert missing(example("explain_experiment", "200"), explained.json()) == []
    assert explained.json()["unit"]["values"]["podcasts.shelf_position"]["reason"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/surfaces/home/catalogue?query=podcast", None),
        ("GET", "/v1/agents/budget", None),
        ("POST", "/v1/agents/validations", {"spec": examples.SPEC}),
        ("POST", "/v1/previews", {"spec": examples.SPEC}),
        ("POST", "/v1/powers", {"spec": examples.SPEC}),
    ],
)
def test_what_only_looks_is_answered_in_the_documented_form(
    client: AsgiClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    found = operations(client).values()
    template = path.split("?", maxsplit=1)[0].replace("/home/", "/{surface}/")
    documented = next(each for verb, where, each in found if where == template and verb == method.lower())
    answer = client.request(method, path, json=body, headers=AGENT)
    assert answer.status_code == 200, answer.text
    example = documented["responses"]["200"]["content"]["application/json"]["example"]
    assert missing(example, answer.json()) == []


def test_no_route_that_names_an_actor_lets_an_agent_write_unless_it_parks(client: AsgiClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    tried = []
    for name, (method, path, operation) in operations(client).items():
        headers = [each["name"] for each in operation.get("parameters", [])]
        if method == "get" or "X-Counterpoint-Actor" not in headers:
            continue
        if path.startswith(("/v1/parked-writes", "/v1/agents")) or name in CHANGES_NOTHING:
            continue
        body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        example = schemas[body].get("examples", [_least(schemas, schemas[body])])[0]
        filled = path.replace("{surface}", "home")
        answer = client.request(method.upper(), _any(filled), json=example, headers=AGENT)
        tried.append(name)
        assert answer.status_code == 403, f"{name}: {answer.status_code} {answer.text[:300]}"
        # A permit to see a variant changes nothing for anybody else; the surface's policy says who gets one.
        wanted = {"may_not_force"} if name == "make_permit" else {"park_first", "agents_do_not_approve"}
        assert answer.json()["error"]["code"] in wanted, name
    assert {"submit_launch", "stop_launch", "kill_launch", "approve_launch", "reject_launch"} <= set(tried)
    assert len(tried) >= 15


def _any(path: str) -> str:
    return re.sub(r"\{[a-z_]+\}", "1", path)


def _least(schemas: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the least body that a schema without an example takes."""
    filled: dict[str, Any] = {}
    for name in schema.get("required", []):
        kind = schema["properties"][name]
        match kind.get("type"):
            case "string" if kind.get("format") == "date-time":
                filled[name] = "2030-01-01T00:00:00Z"
            case "string":
                filled[name] = "x"
            case "integer":
                filled[name] = kind.get("minimum", 1)
            case "number":
                filled[name] = kind.get("minimum", kind.get("exclusiveMinimum", 0)) + 0.5
            case "array":
                filled[name] = ["x"] * kind.get("minItems", 0)
            case "object":
                filled[name] = {}
            case _:
                filled[name] = "x"
    if "values" in schema["properties"] and "values" not in filled:
        filled["values"] = {"layout.max_shelves": 8}
    return filled


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsgiClient]:
    folder = tmp_path_factory.mktemp("tokens")
    agents = folder / "agents.yaml"
    agents.write_text(
        f"agents:\n  scout: {{token_sha256: {sha256(TOKEN.encode()).hexdigest()}}}\n"
        f"  reader: {{token_sha256: {'f' * 64}, scopes: [read]}}\n"
    )
    with opened(prepared_settings(folder / "data", agents=agents)) as platform:
        yield AsgiClient(create_app(platform))


def test_a_token_makes_its_agent_whatever_the_header_says(guarded: AsgiClient) -> None:
    answer = guarded.get("/v1/agents/budget", headers={**PERSON, "Authorization": f"Bearer {TOKEN}"})
    assert answer.json()["actor"] == "agent:scout"


def test_an_agent_that_has_a_token_is_not_believed_without_it(guarded: AsgiClient) -> None:
    for name in (AGENT["X-Counterpoint-Actor"], AGENT["X-Counterpoint-Actor"].title()):
        answer = guarded.get("/v1/agents/budget", headers={"X-Counterpoint-Actor": name})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_needed")


def test_a_token_that_proves_nobody_does_not_make_an_anonymous_person(guarded: AsgiClient) -> None:
    body = {"spec": examples.SPEC}
    answer = guarded.post("/v1/launches", json=body, headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_token")
    assert guarded.get("/v1/launches").json() == {"launches": []}
