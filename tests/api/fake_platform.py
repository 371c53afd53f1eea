"""A platform in memory: the answers of `fake_documents`, the errors of the real one, and a note of what was asked."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from api import fake_documents as documents
from counterpoint.agents import summarize
from counterpoint.errors import Conflict, DependencyFailure, InvalidInput, NotFound
from counterpoint.telemetry import Meters

Document = dict[str, Any]
POSITIONS = {"control": 6, "second": 2, "third": 3}


@dataclass
class FakeDelivery:
    ready: bool = True
    presentation: Document = field(default_factory=dict)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def surfaces(self) -> list[str]:
        return ["home"]

    def resolve(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Any],
        *,
        parameters: Sequence[str] | None,
        forced: Mapping[str, str] | None = None,
        permit: str | None = None,
        units: Mapping[str, str] | None = None,
    ) -> Document:
        known(surface)
        self.asked.append(("resolve", unit, dict(context), parameters, dict(forced or {})))
        for name in parameters or ():
            if name not in documents.SURFACE["parameters"]:
                raise NotFound("unknown_parameter", "no such parameter", where=name, fix="use one of the surface's")
        reading = {"value": 2, "reason": "SPLIT", "variant": "second", "experiment": "podcasts-second-se", "rule": None}
        return {
            "surface": surface,
            "unit": unit,
            "snapshot": {"id": "5b1c9e0d7a42f318", "release": 12, "age_s": 0.8, "stale": False},
            "values": {"podcasts.shelf_position": reading},
            "exposures": [],
            "forced": dict(forced or {}),
        }

    async def page(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Any],
        *,
        forced: Mapping[str, str] | None = None,
        permit: str | None = None,
        units: Mapping[str, str] | None = None,
        request_id: str | None = None,
        counted: bool = True,
    ) -> Document:
        known(surface)
        self.asked.append(("page", unit, dict(context), dict(forced or {}), request_id, counted))
        if unit == "boom":
            raise RuntimeError("a secret that no caller may read")
        if unit == "down":
            raise DependencyFailure("content_down", "the content store does not answer", where="content")
        own = "second" if context.get("country") == "SE" else None
        variant = (forced or {}).get("podcasts-second-se", own)
        if variant is not None and variant not in POSITIONS:
            raise InvalidInput("unknown_variant", f"no variant {variant!r}", where="forced")
        page = documents.page(unit, POSITIONS.get(variant or "", 6), variant, self.presentation)
        return page | {"request_id": request_id or page["request_id"]}

    def ingest(self, batch: list[Document]) -> Document:
        self.asked.append(("ingest", len(batch)))
        refused = [
            {"index": n, "code": "bad_record", "path": "$.id", "message": "id is missing"}
            for n, record in enumerate(batch)
            if "id" not in record
        ]
        return {"accepted": len(batch) - len(refused), "duplicates": 0, "refused": refused}

    def status(self) -> Document:
        return {
            "ready": self.ready,
            "surfaces": {"home": {"snapshot": "5b1c9e0d7a42f318", "release": 12, "age_s": 0.8, "stale": False}},
        }


@dataclass
class FakeControl:
    empty: bool = False
    results_document: Document = field(default_factory=lambda: deepcopy(documents.RESULTS))
    launch_document: Document = field(default_factory=lambda: deepcopy(documents.LAUNCH))
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def surface(self, key: str) -> Document:
        known(key)
        return documents.SURFACE

    def plan(self, hypothesis: str, *, surface: str, owner: str) -> Document:
        known(surface)
        self.asked.append(("plan", hypothesis, owner))
        seconds = {"plan": 0.0214, "generate": 0.0008, "validate": 0.0341}
        if "podcast" not in hypothesis:
            plan = {
                "outcome": "clarify",
                "surface": surface,
                "missing": ["change"],
                "question": "Which parameter should change?",
                "explanation": "No parameter of home is named.",
                "provenance": {},
                "residue": hypothesis.split(),
            }
            return {"plan": plan, "spec": None, "findings": [], "seconds": seconds}
        return {"plan": documents.PLAN, "spec": documents.SPEC, "findings": documents.FINDINGS, "seconds": seconds}

    def validate(self, spec: Document | str) -> Document:
        if isinstance(spec, str) and ":" not in spec:
            raise InvalidInput("bad_yaml", "not a mapping", where="line 1", fix="write `key: value` lines")
        return {"spec": documents.SPEC, "findings": documents.FINDINGS}

    def submit(
        self,
        *,
        surface: str,
        author: str,
        hypothesis: str | None = None,
        spec: Document | str | None = None,
        plan: Document | None = None,
        wait_s: float = 10.0,
    ) -> Document:
        known(surface)
        self.asked.append(("submit", author, hypothesis, spec, plan))
        if isinstance(spec, dict) and spec.get("key") == "taken":
            raise Conflict("launch_exists", "experiment 'taken' is running", where="key", facts={"launch": "taken-1"})
        self.empty = False
        return self.launch_document

    def approve(self, launch: str, *, by: str, note: str = "") -> Document:
        self.launch(launch)
        self.asked.append(("approve", launch, by, note))
        if by == self.launch_document["author"]:
            raise Conflict("own_launch", f"{by} submitted it", where=launch, fix="ask somebody else to approve it")
        return self.launch_document

    def withdraw(self, launch: str, *, by: str, reason: str) -> Document:
        self.asked.append(("withdraw", launch, by, reason))
        return self.launch(launch)

    def reject(self, launch: str, *, by: str, reason: str) -> Document:
        self.asked.append(("reject", launch, by, reason))
        return self.launch(launch)

    def amend(self, launch: str, spec: Any, *, actor: str, reason: str) -> Document:
        self.launch(launch)
        self.asked.append(("amend", launch, spec, actor, reason))
        return self.launch_document

    def move(self, launch: str, goal: str, *, actor: str, reason: str) -> Document:
        self.launch(launch)
        self.asked.append(("move", launch, goal, actor, reason))
        if not reason.strip():
            raise InvalidInput("reason_missing", "no reason is given", where="reason", fix="say why in a few words")
        after = {"pause": "paused", "resume": "running", "restart": "running", "archive": "archived"}
        self.launch_document["state"] = after.get(goal, "stopped")
        self.launch_document["held"] = goal in ("hold", "kill")
        return self.launch_document

    def launches(self, surface: str | None = None) -> list[Document]:
        return [] if self.empty else [self.launch_document]

    def launch(self, name: str) -> Document:
        if self.empty or name not in {documents.LAUNCH["id"], documents.LAUNCH["experiment"], "home-ctr-captions"}:
            raise NotFound("unknown_launch", f"there is no launch or experiment {name!r}", fix="list them")
        return self.launch_document

    def experiments(self, surface: str | None = None) -> list[Document]:
        if self.empty:
            return []
        return [documents.EXPERIMENT | {"state": self.launch_document["state"]}, documents.SHIPPED]

    def experiment(self, key: str) -> Document:
        found = next((each for each in self.experiments() if each["key"] == key), None)
        if found is None:
            raise NotFound("unknown_experiment", f"there is no experiment {key!r}", fix="see the list of experiments")
        extra = {"spec": documents.SPEC, "findings": documents.FINDINGS}
        return found | extra | {"launch": self.launch_document}

    def results(self, key: str) -> Document:
        self.experiment(key)
        told = {**self.results_document, "expected": []}
        return {**told, "summary": [sentence.as_document() for sentence in summarize(told)]}

    def search_past(self, words: str, *, surface: str | None, metric: str | None, limit: int) -> Document:
        if surface is not None:
            known(surface)
        if not words and metric is None:
            raise InvalidInput("nothing_to_search", "neither words nor a metric are given", where="words")
        return {"n_past": 0, "experiments": [], "history": None}

    def releases(self, surface: str) -> list[Document]:
        known(surface)
        release = {"number": 12, "id": "5b1c", "at": "2026-11-08T09:30:01Z", "author": "maria", "reason": "start"}
        return [release | {"changes": []}]

    def audit(self, surface: str) -> list[Document]:
        known(surface)
        return [{"at": "2026-11-08T09:30:01Z", "actor": "maria", "action": "publish", "reason": "start"}]

    def listeners(self, surface: str) -> list[Document]:
        known(surface)
        return documents.LISTENERS


class FakeDoctor:
    def examine(self, surface: str) -> list[Document]:
        known(surface)
        return []

    def diagnoses(self, surface: str | None = None, *, cured: bool = False) -> list[Document]:
        return []

    def accept(self, name: str, *, by: str, reason: str = "") -> Document:
        return {"id": name, "standing": "accepted", "said": {"by": by, "reason": reason}}

    def dismiss(self, name: str, *, by: str, reason: str) -> Document:
        return {"id": name, "standing": "dismissed", "said": {"by": by, "reason": reason}}


@dataclass
class FakePlatform:
    doctor: FakeDoctor = field(default_factory=FakeDoctor)
    delivery: FakeDelivery = field(default_factory=FakeDelivery)
    control: FakeControl = field(default_factory=FakeControl)
    meters: Meters = field(default_factory=Meters)


def known(surface: str) -> None:
    if surface != "home":
        raise NotFound("unknown_surface", "there is no such surface", where=surface, fix="use home")
