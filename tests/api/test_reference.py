"""The OpenAPI document is whole, its examples can be sent as they stand, and the reference page needs no network."""

import re

import pytest

from api.asgi_client import AsgiClient
from api.fake_platform import FakePlatform
from counterpoint.api import create_app

CLIENT = AsgiClient(create_app(FakePlatform()))
DOCUMENT = CLIENT.get("/openapi.json").json()
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


def referenced(value) -> set[str]:
    match value:
        case {"$ref": name}:
            return {name}
        case dict():
            return set().union(*(referenced(each) for each in value.values()), set())
        case list():
            return set().union(*(referenced(each) for each in value), set())
    return set()


def test_every_reference_in_the_document_leads_somewhere():
    for name in referenced(DOCUMENT):
        assert name.removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"]


def test_every_operation_says_what_it_does_and_how_it_refuses():
    identifiers = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(identifiers)) == len(identifiers)
    for path, method, operation in OPERATIONS:
        assert operation["summary"], path
        good = [code for code in operation["responses"] if code.startswith("2")]
        assert len(good) == 1, (method, path)
        if path.startswith("/v1/"):
            assert "example" in operation["responses"][good[0]]["content"]["application/json"], path
            assert operation["responses"]["500"]["content"]["application/json"]["schema"] == {
                "$ref": "#/components/schemas/ErrorAnswer"
            }


@pytest.mark.parametrize(
    ("path", "operation"), [(path, operation) for path, _, operation in OPERATIONS if "requestBody" in operation]
)
def test_the_example_of_every_request_is_accepted_as_it_stands(path, operation):
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    example = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]["examples"][0]
    address = path.replace("{surface}", "home").replace("{name}", "podcasts-second-se")
    answer = CLIENT.post(address, json=example)
    assert answer.status_code in {200, 201}, answer.text


def test_the_reference_page_names_every_route_and_loads_nothing():
    page = CLIENT.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path, _, operation in OPERATIONS:
        assert path in page.text
        assert operation["summary"] in page.text
    assert not re.search(r"<script|https?://", page.text.replace("https://example", ""))
