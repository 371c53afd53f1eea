"""The holder of an Unleash project: features over its admin API, ours marked by a tag whose value is the surface."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from counterpoint.orchestration.backends.calls import ask, parsed_answer
from counterpoint.orchestration.backends.flag_document import changed_meanwhile, taken

TAG = "counterpoint"
_STRATEGY = ("name", "title", "disabled", "parameters", "segments")
_CONSTRAINT = ("contextName", "operator", "inverted", "caseInsensitive")
_VARIANT = ("name", "weight", "weightType", "stickiness", "payload")


class UnleashProject:
    """Features of one project, as they are in one environment.

    Unleash has no conditional write, so a change that somebody makes between our reading and our writing of one feature
    is lost here and found by nobody; what was changed earlier is found.

    Args:
        client: Carries the admin token, and the time an answer may take.
        url: Where Unleash is, without `/api`.
        prefix: Stands before each parameter in the name of its feature.
    """

    def __init__(self, client: httpx.Client, url: str, *, project: str, environment: str, prefix: str = "") -> None:
        self._client = client
        self._admin = f"{url.rstrip('/')}/api/admin"
        self._features = f"{self._admin}/projects/{quote(project, safe='')}/features"
        self._environment = quote(environment, safe="")
        self._prefix = prefix

    def read(self, surface: str) -> Mapping[str, Any]:
        """Return our features of `surface`."""
        listed = parsed_answer(ask(self._client, "GET", self._features))["features"]
        mine = [each["name"] for each in listed if _mark(surface) in _tags(each)]
        return {
            name.removeprefix(self._prefix): self._definition(name)
            for name in sorted(mine)
            if name.startswith(self._prefix)
        }

    def write(self, surface: str, changes: Mapping[str, Any], *, before: Mapping[str, Any]) -> None:
        """Make, change and delete features of ours; another environment's strategies of them stay as they are."""
        for key, value in changes.items():
            name = self._prefix + key
            there = self._found(name, surface)
            was = before.get(key)
            if there is not None and there not in (value, was) and not self.is_between(there, was, value):
                raise changed_meanwhile(name, self._features)
            if value is None:
                self._delete(name)  # also what an earlier call has archived and not yet deleted
                continue
            if there == value:
                continue
            if there is None:
                self._create(name, surface)
            self._set(name, value)

    def is_between(self, there: Any, before: Any, after: Any) -> bool:
        """Return whether each strategy of `there` is one of before or after: we write one call after the other."""
        if there is None:
            return False
        nothing: dict[str, Any] = {"enabled": False, "strategies": []}
        known = [each for side in (before or nothing, after or nothing) for each in side["strategies"]]
        return all(each in known for each in there["strategies"])

    def _found(self, name: str, surface: str) -> dict[str, Any] | None:
        answer = ask(self._client, "GET", self._feature(name), allowed=(404,))
        if answer.status_code == 404:
            return None
        tags = parsed_answer(ask(self._client, "GET", self._tags_of(name)))
        if _mark(surface) not in _tags(tags):
            if tags["tags"] or parsed_answer(answer).get("description") != _about(surface):
                raise taken(name, self._features)
            # We made it and died before it had its tag.
            self._tag(name, surface)
        return self._definition(name)

    def _definition(self, name: str) -> dict[str, Any]:
        there = parsed_answer(ask(self._client, "GET", self._here(name)))
        strategies = sorted(there["strategies"], key=lambda each: each["sortOrder"])
        return {"enabled": there["enabled"], "strategies": [_plain(each) for each in strategies]}

    def _create(self, name: str, surface: str) -> None:
        tag_types = f"{self._admin}/tag-types"
        if ask(self._client, "GET", f"{tag_types}/{TAG}", allowed=(404,)).status_code == 404:
            about = {"name": TAG, "description": "Kept by Counterpoint; the value is the surface.", "icon": "C"}
            # Another process of ours may have made it since.
            ask(self._client, "POST", tag_types, body=about, allowed=(409,))
        about = {"name": name, "type": "experiment", "description": _about(surface)}
        if ask(self._client, "POST", self._features, body=about, allowed=(409,)).status_code == 409:
            raise taken(name, self._features)
        self._tag(name, surface)

    def _tag(self, name: str, surface: str) -> None:
        ask(self._client, "POST", self._tags_of(name), body={"type": TAG, "value": surface})

    def _set(self, name: str, definition: Mapping[str, Any]) -> None:
        here = self._here(name)
        there = sorted(parsed_answer(ask(self._client, "GET", here))["strategies"], key=lambda each: each["sortOrder"])
        wanted = definition["strategies"]
        for place, strategy in enumerate(wanted):
            body = {**strategy, "sortOrder": place}
            if place >= len(there):
                ask(self._client, "POST", f"{here}/strategies", body=body)
            elif _plain(there[place]) != strategy or there[place]["sortOrder"] != place:
                ask(self._client, "PUT", f"{here}/strategies/{there[place]['id']}", body=body)
        for surplus in there[len(wanted) :]:
            ask(self._client, "DELETE", f"{here}/strategies/{surplus['id']}")
        # Last: switched on without strategies, Unleash would give everybody one of its own.
        if parsed_answer(ask(self._client, "GET", here))["enabled"] != definition["enabled"]:
            ask(self._client, "POST", f"{here}/{'on' if definition['enabled'] else 'off'}")

    def _delete(self, name: str) -> None:
        ask(self._client, "DELETE", self._feature(name), allowed=(404,))
        ask(self._client, "DELETE", f"{self._admin}/archive/{quote(name, safe='')}", allowed=(404,))

    def _tags_of(self, name: str) -> str:
        return f"{self._admin}/features/{quote(name, safe='')}/tags"

    def _feature(self, name: str) -> str:
        return f"{self._features}/{quote(name, safe='')}"

    def _here(self, name: str) -> str:
        return f"{self._feature(name)}/environments/{self._environment}"


def _about(surface: str) -> str:
    return f"A parameter of {surface}, kept by Counterpoint."


def _mark(surface: str) -> tuple[str, str]:
    return TAG, surface


def _tags(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(tag["type"], tag["value"]) for tag in document.get("tags") or ()}


def _plain(strategy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a strategy without what Unleash adds to it: ids, order, names, defaults."""
    constraints = []
    for each in strategy.get("constraints") or ():
        kept = {**{name: each.get(name, False) for name in _CONSTRAINT}, "values": each.get("values") or []}
        constraints.append({**kept, "value": each["value"]} if each.get("value") else kept)
    variants = [{name: each.get(name) for name in _VARIANT} for each in strategy.get("variants") or ()]
    kept = {name: strategy.get(name) for name in _STRATEGY}
    kept["disabled"], kept["segments"] = bool(kept["disabled"]), kept["segments"] or []
    return {**kept, "constraints": constraints, "variants": variants}
