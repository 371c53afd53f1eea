"""The fake of Unleash: as much of its admin API as the adapter uses, answering as version 8.2.0 was seen to answer."""

import itertools
import json
import re
from typing import Any

import httpx

ADMIN = "/api/admin"


class FakeUnleash:
    """Features of the project `default` in the environment `production`; use as the handler of a MockTransport."""

    def __init__(self, token: str = "admin") -> None:
        self.token = token
        self.features: dict[str, dict[str, Any]] = {}
        self.tag_types: set[str] = set()
        self.n_writes = 0
        self.down = False
        self.fail_after: int | None = None
        self._ids = itertools.count(1)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        if request.headers.get("Authorization") != self.token:
            return httpx.Response(401, json={"message": "You must log in to use Unleash."})
        if request.method != "GET":
            if self.fail_after == 0:
                return httpx.Response(500, json={"name": "UnknownError"})
            self.fail_after = None if self.fail_after is None else self.fail_after - 1
            self.n_writes += 1
        body = json.loads(request.content) if request.content else {}
        path = request.url.path.removeprefix(ADMIN)
        for method, pattern, answer in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == request.method:
                status, document = answer(self, body, *match.groups())
                return httpx.Response(status, json=document) if document is not None else httpx.Response(status)
        return httpx.Response(404, json={"message": f"The path you were looking for ({path}) is not available."})

    def list_features(self, body: Any) -> tuple[int, Any]:
        return 200, {"version": 2, "features": [{"name": n, "tags": f["tags"]} for n, f in self.features.items()]}

    def get_feature(self, body: Any, name: str) -> tuple[int, Any]:
        return (200, {"name": name, "description": self.features[name]["description"]}) if self._has(name) else _LOST

    def create(self, body: Any) -> tuple[int, Any]:
        if self._has(body["name"]):
            return 409, {"message": "A flag with that name already exists"}
        about = {"description": body.get("description"), "tags": [], "enabled": False, "strategies": []}
        self.features[body["name"]] = about
        return 201, {"name": body["name"]}

    def archive(self, body: Any, name: str) -> tuple[int, Any]:
        return (202, None) if self._has(name) else _LOST

    def delete(self, body: Any, name: str) -> tuple[int, Any]:
        self.features.pop(name, None)
        return 200, None

    def get_tags(self, body: Any, name: str) -> tuple[int, Any]:
        return (200, {"version": 1, "tags": self.features[name]["tags"]}) if self._has(name) else _LOST

    def add_tag(self, body: Any, name: str) -> tuple[int, Any]:
        if body["type"] not in self.tag_types:
            return 404, {"message": "Could not find tag-type"}
        self.features[name]["tags"].append(body)
        return 201, body

    def get_tag_type(self, body: Any, name: str) -> tuple[int, Any]:
        return (200, {"name": name}) if name in self.tag_types else _LOST

    def add_tag_type(self, body: Any) -> tuple[int, Any]:
        self.tag_types.add(body["name"])
        return 201, body

    def get_here(self, body: Any, name: str) -> tuple[int, Any]:
        if not self._has(name):
            return _LOST
        there = self.features[name]
        return 200, {"name": name, "enabled": there["enabled"], "strategies": there["strategies"]}

    def add_strategy(self, body: Any, name: str) -> tuple[int, Any]:
        if not all(re.fullmatch(r"[\w.~-]+", variant["name"]) for variant in body["variants"]):
            return 400, {"message": '"[0].name" must be URL friendly.'}
        strategy = {**body, "id": f"s{next(self._ids)}", "featureName": name}
        self.features[name]["strategies"].append(strategy)
        return 200, strategy

    def put_strategy(self, body: Any, name: str, strategy: str) -> tuple[int, Any]:
        (there,) = (each for each in self.features[name]["strategies"] if each["id"] == strategy)
        there.update(body)
        return 200, there

    def delete_strategy(self, body: Any, name: str, strategy: str) -> tuple[int, Any]:
        strategies = self.features[name]["strategies"]
        strategies[:] = [each for each in strategies if each["id"] != strategy]
        return 200, None

    def switch(self, body: Any, name: str, word: str) -> tuple[int, Any]:
        self.features[name]["enabled"] = word == "on"
        return 200, None

    def _has(self, name: str) -> bool:
        return name in self.features


_LOST = (404, {"name": "NotFoundError", "message": "There's no such thing"})
_FEATURES = "/projects/default/features"
_HERE = f"{_FEATURES}/([^/]+)/environments/production"
_ROUTES = (
    ("GET", _FEATURES, FakeUnleash.list_features),
    ("POST", _FEATURES, FakeUnleash.create),
    ("GET", f"{_FEATURES}/([^/]+)", FakeUnleash.get_feature),
    ("DELETE", f"{_FEATURES}/([^/]+)", FakeUnleash.archive),
    ("DELETE", "/archive/([^/]+)", FakeUnleash.delete),
    ("GET", "/features/([^/]+)/tags", FakeUnleash.get_tags),
    ("POST", "/features/([^/]+)/tags", FakeUnleash.add_tag),
    ("GET", "/tag-types/([^/]+)", FakeUnleash.get_tag_type),
    ("POST", "/tag-types", FakeUnleash.add_tag_type),
    ("GET", _HERE, FakeUnleash.get_here),
    ("POST", f"{_HERE}/strategies", FakeUnleash.add_strategy),
    ("PUT", f"{_HERE}/strategies/([^/]+)", FakeUnleash.put_strategy),
    ("DELETE", f"{_HERE}/strategies/([^/]+)", FakeUnleash.delete_strategy),
    ("POST", f"{_HERE}/(on|off)", FakeUnleash.switch),
)
