"""Small surfaces, specs and changes that tests of experiments, releases and storage share."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from counterpoint.config import Attribute, Metric, Parameter, Policy, Surface
from counterpoint.experiments import Experiment, ExperimentSpec, allocate, parse_spec
from counterpoint.releases import (
    Change,
    Operation,
    Release,
    ReleaseStore,
    ReplaceSurface,
    SurfaceState,
    fresh_state,
    prepare,
    publish,
    sign,
    territory_of,
)
from counterpoint.vocabulary import AttributeType, Finding, ParameterType

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = b"a test's signing key"
_ids = count()


def a_surface(*, key: str = "home", **policy: Any) -> Surface:
    """A surface with layers a, b, c of two whole numbers each, and one parameter that requires another."""
    layers = ("a", "b", "c")
    parameters = {
        f"{layer}.{name}": Parameter(
            key=f"{layer}.{name}", layer=layer, type=ParameterType.INT, baseline=1, min=0, max=100
        )
        for layer in layers
        for name in ("x", "y")
    }
    parameters["c.on"] = Parameter(key="c.on", layer="c", type=ParameterType.BOOL, baseline=False)
    parameters["c.size"] = Parameter(
        key="c.size", layer="c", type=ParameterType.FLOAT, baseline=0.5, min=0, max=1, requires={"c.on": (True,)}
    )
    return Surface(
        key=key,
        description="a surface for tests",
        unit="user_id",
        attributes={
            "country": Attribute(key="country", type=AttributeType.STRING, fixed=True),
            "plan": Attribute(key="plan", type=AttributeType.ENUM, values=("free", "premium")),
        },
        layers={layer: f"layer {layer}" for layer in layers},
        parameters=parameters,
        metrics={"minutes_7d": Metric(key="minutes_7d", type="mean", window_days=7, better="higher")},
        policy=Policy(**policy),
    )


def a_spec(key: str = "e1", **fields: Any) -> ExperimentSpec:
    """A spec that sets `a.x` to 5 for a tenth of everybody; `set` and other fields as given."""
    values = fields.pop("set", {"a.x": 5})
    document = {
        "kind": "experiment",
        "key": key,
        "surface": "home",
        "owner": "team",
        "hypothesis": "Five is better than one.",
        "allocation": 0.1,
        "variants": [{"key": "control"}, {"key": "treatment", "set": values}],
        "metrics": {"primary": {"metric": "minutes_7d", "direction": "increase", "mde": 0.02}},
        "schedule": {"days": 14},
    }
    return parse_spec({**document, **fields})


def a_state(surface: Surface | None = None) -> SurfaceState:
    return fresh_state(surface or a_surface())


def drawn(spec: ExperimentSpec, state: SurfaceState) -> Experiment:
    return allocate(spec, territory_of(state), at=NOW, by="tester")


def change_of(base: Release | None, *operations: Operation, surface: str = "home", **fields: Any) -> Change:
    fields = {"change_id": f"c{next(_ids)}", "author": "author", "reason": "a test", "at": NOW, **fields}
    return prepare(base, operations, surface=surface, **fields)


def published(
    store: ReleaseStore,
    *operations: Operation,
    surface: str = "home",
    now: datetime = NOW,
    findings: tuple[Finding, ...] = (),
    **fields: Any,
) -> Release:
    """Prepare, attest and publish a Change of `operations` on what is live."""
    change = change_of(store.latest(surface), *operations, surface=surface, at=now, **fields)
    return publish(change, attested(change, findings), store=store, now=now, actor="publisher", key=KEY)


def attested(change: Change, findings: tuple[Finding, ...] = ()):
    return sign(change, findings=findings, validator="test/1", key=KEY, at=change.prepared_at)


def first_release(store: ReleaseStore, surface: Surface | None = None) -> Release:
    surface = surface or a_surface()
    return published(store, ReplaceSurface(surface=surface), surface=surface.key)
