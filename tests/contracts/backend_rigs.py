"""One rig per backend adapter: the adapter over a fake of its system, and hands to look into it and to break it."""

import importlib.util
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from contracts.fake_unleash import FakeUnleash
from contracts.memory_notes import MemoryNotes
from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.control.live.outside import render_flagd
from counterpoint.errors import DependencyFailure
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import Backend, ContentBackend, Desired, Goal, MeasurementBackend, SurfaceBackend
from counterpoint.orchestration.backends import (
    FlagdFile,
    FlagdHttp,
    Parts,
    Patience,
    ReachBackend,
    UnleashProject,
    WebhookBackend,
    render_unleash,
)
from counterpoint.releases import SetBaseline
from experiment_examples import KEY, NOW, a_spec, attested, first_release, published

SPEC = a_spec("e1", set={"a.x": 5, "b.x": 7})
ROOT = Path(__file__).parents[2]
SECRET = b"a secret for tests"


@dataclass(kw_only=True)
class Rig:
    """A backend and its system.

    Attributes:
        look: Everything that the system holds of ours, as JSON would say it.
        tamper: Somebody else changes what the backend wrote; None where there is nothing to change.
        halve: Takes away a part of what was written, as a write that died halfway would have left it.
        fail: Makes the system down, or well again; None where there is no system outside the process's own database.
        keeps: Whether it keeps something, so that a second plan is empty.
        n_effects: How often the system was really changed.
    """

    backend: Backend
    look: Callable[[], Any]
    store: MemoryReleaseStore
    tamper: Callable[[], None] | None = None
    halve: Callable[[], None] | None = None
    fail: Callable[[bool], None] | None = None
    keeps: bool = True
    follows_surface: bool = True
    spec: ExperimentSpec = SPEC
    _n: int = field(default=0, init=False)

    def desired(self, goal: Goal = Goal.START, **changes: Any) -> Desired:
        fields = {"stage": 0, "actor": "author", "reason": "a test", "now": NOW + timedelta(minutes=1), **changes}
        return Desired(launch_id="launch-1", spec=self.spec, goal=goal, **fields)

    def surface_reaches(self, goal: Goal) -> None:
        """Publish what the surface backend publishes before its turn comes."""
        if self.follows_surface:
            self._n += 1
            surface, desired = surface_backend(self.store), self.desired(goal)
            surface.apply(desired, surface.plan(desired), f"surface:{self._n}")


def surface_backend(store: MemoryReleaseStore) -> SurfaceBackend:
    return SurfaceBackend(store, lambda change, base, now: attested(change), KEY)


def a_store() -> MemoryReleaseStore:
    store = MemoryReleaseStore()
    first_release(store)
    return store


def parts(store: MemoryReleaseStore, name: str, notes: MemoryNotes | None = None) -> Parts:
    return Parts(name=name, surfaces=None, releases=store, notes=notes or MemoryNotes(), clock=lambda: NOW)


def metrics_rig(folder: Path) -> Rig:
    plans: dict[str, dict[str, Any]] = {}

    class Plans:
        def get(self, experiment):
            return plans.get(experiment)

        def put(self, experiment, plan):
            plans[experiment] = dict(plan)

    def tamper():
        plans["e1"] = {**plans["e1"], "digest": "0" * 64}

    live = lambda: {key: plan["digest"] for key, plan in plans.items() if not plan.get("withdrawn")}  # noqa: E731
    return Rig(backend=MeasurementBackend(Plans()), look=live, store=a_store(), tamper=tamper, follows_surface=False)


def content_rig(folder: Path) -> Rig:
    backend = ContentBackend(lambda spec: {variant.key: 12 for variant in spec.variants})
    return Rig(backend=backend, look=dict, store=a_store(), keeps=False, follows_surface=False)


def reach_rig(folder: Path) -> Rig:
    outside = flagd_http_rig(folder)
    backend = ReachBackend(lambda: (outside.backend,))
    return Rig(backend=backend, look=outside.look, store=outside.store, fail=outside.fail, keeps=False)


def surface_rig(folder: Path) -> Rig:
    store = a_store()

    def look():
        state = store.latest("home").state
        return {key: f"{each.state} {each.stage}" for key, each in state.experiments.items()} | dict(state.baseline)

    def tamper():
        surface = surface_backend(store)
        desired = Rig(backend=surface, look=look, store=store).desired(Goal.PAUSE)
        surface.apply(desired, surface.plan(desired), "somebody else")

    return Rig(backend=surface_backend(store), look=look, store=store, tamper=tamper, follows_surface=False)


def flagd_file_rig(folder: Path) -> Rig:
    path, store = folder / "flags.json", a_store()
    others = {"$schema": "s", "flags": {"theirs": {"state": "ENABLED", "variants": {"on": True}}}, "metadata": {"v": 1}}
    path.write_text(json.dumps(others))

    def look():
        document = json.loads(path.read_text())
        assert document["flags"]["theirs"] == others["flags"]["theirs"]
        assert document["metadata"] == others["metadata"]
        return {name: flag for name, flag in document["flags"].items() if name != "theirs"}

    def edit(change):
        document = json.loads(path.read_text())
        change(document["flags"])
        path.write_text(json.dumps(document))

    def fail(down):
        aside = folder / "aside"
        if down:
            path.rename(aside)
            path.mkdir()
        else:
            path.rmdir()
            aside.rename(path)

    return Rig(
        backend=parts(store, "flags").held(FlagdFile(path), render_flagd),
        look=look,
        store=store,
        tamper=lambda: edit(lambda flags: flags["a.x"].update(defaultVariant="e1:treatment")),
        halve=lambda: edit(lambda flags: flags.pop("b.x")),
        fail=fail,
    )


class FlagServer:
    """A sync source: one document behind GET and PUT with ETags."""

    def __init__(self) -> None:
        self.document: dict[str, Any] | None = None
        self.n, self.n_writes, self.down = 0, 0, False
        self.before_put: Callable[[], None] = lambda: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        if request.method == "GET":
            if self.document is None:
                return httpx.Response(404)
            return httpx.Response(200, json=self.document, headers={"ETag": f'"{self.n}"'})
        self.before_put()
        fits = request.headers.get("If-Match") == f'"{self.n}"' or (
            self.document is None and request.headers.get("If-None-Match") == "*"
        )
        if not fits:
            return httpx.Response(412)
        self.document, self.n, self.n_writes = json.loads(request.content), self.n + 1, self.n_writes + 1
        return httpx.Response(204)


def flagd_http_rig(folder: Path) -> Rig:
    server, store = FlagServer(), a_store()
    client = httpx.Client(transport=httpx.MockTransport(server))
    holder = FlagdHttp(client, "http://flags.test/home.json", prefix="cp.")

    def edit(change):
        change(server.document["flags"])
        server.n += 1

    return Rig(
        backend=parts(store, "sync").held(holder, render_flagd),
        look=lambda: {} if server.document is None else dict(server.document["flags"]),
        store=store,
        tamper=lambda: edit(lambda flags: flags["cp.a.x"].update(state="DISABLED")),
        halve=lambda: edit(lambda flags: flags.pop("cp.b.x")),
        fail=lambda down: setattr(server, "down", down),
    )


def unleash_rig(folder: Path) -> Rig:
    server, store = FakeUnleash(), a_store()
    client = httpx.Client(transport=httpx.MockTransport(server), headers={"Authorization": server.token})
    holder = UnleashProject(client, "http://unleash.test/", project="default", environment="production")
    plain = lambda feature: {**feature, "strategies": [_without_id(each) for each in feature["strategies"]]}  # noqa: E731
    return Rig(
        backend=parts(store, "unleash").held(holder, render_unleash),
        look=lambda: {name: plain(feature) for name, feature in server.features.items()},
        store=store,
        tamper=lambda: server.features["a.x"]["strategies"][0]["parameters"].update(rollout="50"),
        halve=lambda: server.features["b.x"].update(strategies=server.features["b.x"]["strategies"][:1]),
        fail=lambda down: setattr(server, "down", down),
    )


def webhook_rig(folder: Path) -> Rig:
    receiver = loaded("webhook_receiver", ROOT / "examples" / "webhook_receiver.py")
    register, well = receiver.Register(), [True]

    def handler(request):
        if not well[0]:
            return httpx.Response(503, text="being mended")
        signed = request.headers["Counterpoint-Signature"]
        status, document = receiver.respond(register, SECRET, signed, request.content, NOW.timestamp())
        return httpx.Response(status, json=document)

    backend = WebhookBackend(
        "register",
        httpx.Client(transport=httpx.MockTransport(handler)),
        "http://register.test/",
        SECRET,
        clock=lambda: NOW,
        patience=Patience(budget_s=1.0, sleep=lambda seconds: None, stopwatch=iter(range(1000)).__next__),
    )
    return Rig(
        backend=backend,
        look=lambda: dict(register.lines),
        store=a_store(),
        tamper=lambda: register.lines.update({"e1/treatment": {"a.x": 99}}),
        halve=lambda: register.lines.pop("e1/control"),
        fail=lambda down: well.__setitem__(0, not down),
    )


REGISTERS: list[Any] = []
"""The receivers behind the webhooks that `make_register` made, the newest last."""


def make_register(options: dict[str, Any], made_of: Parts) -> Backend:
    """What `kind: contracts.backend_rigs:make_register` names: a webhook on the example receiver."""
    receiver = loaded("webhook_receiver", ROOT / "examples" / "webhook_receiver.py")
    REGISTERS.append(receiver.Register())
    at = NOW.timestamp()

    def handler(request):
        header = request.headers["Counterpoint-Signature"]
        status, document = receiver.respond(REGISTERS[-1], SECRET, header, request.content, at)
        return httpx.Response(status, json=document)

    client = httpx.Client(transport=httpx.MockTransport(handler))
    return WebhookBackend(made_of.name, client, options["url"], SECRET, clock=lambda: NOW)


def guide_rig(folder: Path) -> Rig:
    """The backend that docs/guides/backends.md shows, run from the guide's own text."""
    (text,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/guides/backends.md").read_text(), re.DOTALL)
    (folder / "values_backend.py").write_text(text)
    module = loaded("values_backend", folder / "values_backend.py")
    path, store = folder / "values.json", a_store()
    path.write_text(json.dumps({"somebody else": {"kept": True}}))

    def look():
        document = json.loads(path.read_text())
        assert document["somebody else"] == {"kept": True}
        return document.get("home", {})

    def edit(change):
        document = json.loads(path.read_text())
        change(document["home"])
        path.write_text(json.dumps(document))

    def fail(down):
        (shutil.copy if down else shutil.move)(*((path, folder / "kept") if down else (folder / "kept", path)))
        if down:
            path.write_text("{")

    return Rig(
        backend=module.make({"path": str(path)}, parts(store, "values")),
        look=look,
        store=store,
        tamper=lambda: edit(lambda values: values["a.x"].update(value=99)),
        halve=lambda: edit(lambda values: values.pop("b.x")),
        fail=fail,
    )


def _without_id(strategy: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in strategy.items() if key not in ("id", "featureName")}


def loaded(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RIGS = {
    "metrics": metrics_rig,
    "content": content_rig,
    "reach": reach_rig,
    "surface": surface_rig,
    "flagd-file": flagd_file_rig,
    "flagd-http": flagd_http_rig,
    "unleash": unleash_rig,
    "webhook": webhook_rig,
    "the guide's": guide_rig,
}


def move_baseline(store: MemoryReleaseStore, **values: Any) -> None:
    published(store, SetBaseline(values={key.replace("_", "."): value for key, value in values.items()}))


def plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def is_retryable(error: DependencyFailure) -> bool:
    return error.retryable and str(error.blame) == "dependency"
