"""The reference page at /docs: the OpenAPI document as plain HTML, which needs no script and no network."""

import json
from typing import Any

from fastapi import APIRouter, FastAPI
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from counterpoint.api.ports import Document

_METHODS = ("get", "post", "put", "patch", "delete")


def reference_routes(app: FastAPI) -> APIRouter:
    """Return the route of the page that documents all routes of `app`."""
    routes = APIRouter(include_in_schema=False)
    environment = Environment(
        loader=PackageLoader("counterpoint.api"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )

    @routes.get("/docs")
    def reference() -> HTMLResponse:
        document = app.openapi()
        page = environment.get_template("reference.html").render(info=document["info"], groups=_groups(document))
        return HTMLResponse(page)

    return routes


def _groups(document: Document) -> dict[str, list[Document]]:
    groups: dict[str, list[Document]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                entry = _entry(document, path, method, operation)
                groups.setdefault(operation.get("tags", ["other"])[0], []).append(entry)
    return groups


def _entry(document: Document, path: str, method: str, operation: Document) -> Document:
    answers = operation["responses"]
    good = next((code for code in answers if code.startswith("2")), "200")
    return {
        "id": operation["operationId"],
        "path": path,
        "method": method.upper(),
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "parameters": [_parameter(each) for each in operation.get("parameters", [])],
        "request": _pretty(_request_example(document, operation)),
        "status": good,
        "answer": _pretty(answers[good].get("content", {}).get("application/json", {}).get("example")),
        "refusals": {code: each["description"] for code, each in answers.items() if code >= "4"},
    }


def _parameter(parameter: Document) -> Document:
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter.get("required", False),
        "description": parameter.get("description", ""),
    }


def _request_example(document: Document, operation: Document) -> Any:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = body.get("$ref", "").rpartition("/")[2]
    schema = document.get("components", {}).get("schemas", {}).get(name, {})
    return next(iter(schema.get("examples", [])), None)


def _pretty(example: Any) -> str | None:
    return None if example is None else json.dumps(example, indent=2, ensure_ascii=False)
