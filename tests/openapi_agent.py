"""An outside agent with nothing but an OpenAPI document: it finds operations by their words and builds their bodies.

It imports nothing of Counterpoint. What it knows beforehand is what it wants, in its own words, and who it is.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx

STOP_WORDS = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "in", "is", "it", "of", "on", "one", "s", "the", "to"}
)


@dataclass
class OpenApiAgent:
    """One agent on one address.

    Attributes:
        me: The actor that it is.
        memory: The latest value of every field of the answers so far.
    """

    http: httpx.Client
    me: str
    memory: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)

    def read_the_document(self) -> None:
        self.document = self.http.get("/openapi.json").json()

    def do(self, intention: str, **known: Any) -> dict[str, Any]:
        """Return the answer of the operation whose words are nearest to an intention.

        Args:
            known: What the agent itself has to say; the rest comes from earlier answers, by name.
        """
        method, path, operation = self._choose(intention)
        have = {**self.memory, **known}
        parameters = {each["name"]: each for each in operation.get("parameters", [])}
        headers = {name: self.me for name, each in parameters.items() if each["in"] == "header" and "ctor" in name}
        for name in re.findall(r"\{(\w+)\}", path):
            path = path.replace(f"{{{name}}}", str(have[name] if name in have else have[_last_noun(path, name)]))
        query = {name: known[name] for name, each in parameters.items() if each["in"] == "query" and name in known}
        body = self._body(operation, have, known)
        answer = self.http.request(method, path, params=query, json=body, headers=headers)
        document: dict[str, Any] = answer.json()
        if answer.is_success:
            self._remember(operation, document)
        return document

    def mend(self) -> dict[str, Any]:
        """Return the judgement of the present spec after every fix that the findings carry was applied."""
        for _ in range(5):
            judged = self.do("validate a spec within my risk budget")
            errors = [each for each in judged["findings"] if each["severity"] == "error"]
            if not errors:
                return judged
            for finding in errors:
                for path, value in finding["fix"].items():
                    _put(self.memory["spec"], path.split("."), value)
        raise AssertionError("it cannot be mended")

    def _body(self, operation: dict[str, Any], have: dict[str, Any], known: dict[str, Any]) -> dict[str, Any] | None:
        if "requestBody" not in operation:
            return None
        schema = self._resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        required = set(schema.get("required", ()))
        body = {name: known[name] for name in schema["properties"] if name in known}
        body |= {name: have[name] for name in required if name in have}
        if "plan" in schema["properties"] and "plan" in have:
            body["plan"] = have["plan"]
        missing = required - body.keys()
        # What neither the agent nor an answer says is taken from the example, as a person would.
        return body | {name: schema["examples"][0][name] for name in missing}

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in schema:
            return schema
        return dict(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])

    def _choose(self, intention: str) -> tuple[str, str, dict[str, Any]]:
        wanted = _words(intention)
        scored = []
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                said = _words(operation["operationId"].replace("_", " ")) | _words(operation["summary"])
                scored.append((len(wanted & said) / (2 + len(wanted | said)), operation["operationId"], (method, path)))
        _, _, (method, path) = max(scored)
        return method.upper(), path, self.document["paths"][path][method]

    def _remember(self, operation: dict[str, Any], document: dict[str, Any]) -> None:
        self.memory |= {name: value for name, value in document.items() if value is not None}
        if "id" in document:
            # An answer's id is that of what the operation is about: `park_launch` gives a write, by its path.
            self.memory[_about(operation)] = document["id"]


def _about(operation: dict[str, Any]) -> str:
    return "write" if "parked" in operation["summary"].lower() or "ask to" in operation["summary"].lower() else "launch"


def _last_noun(path: str, name: str) -> str:
    """Return the name under which answers give what a path calls `{key}` or `{name}`."""
    before = path.partition(f"{{{name}}}")[0].rstrip("/").rpartition("/")[2]
    return before.removesuffix("es") if before.endswith("ches") else before.removesuffix("s")


def _put(document: Any, parts: list[str], value: Any) -> None:
    *way, last = parts
    for part in way:
        document = document[int(part)] if isinstance(document, list) else document.setdefault(part, {})
    document[last] = value


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]+", text.lower()) if word not in STOP_WORDS}
