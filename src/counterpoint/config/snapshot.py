"""The snapshot: the immutable, content-addressed document from which the serving path resolves every value."""

import hashlib
from datetime import datetime

import msgspec

from counterpoint.config.policy import StalePolicy
from counterpoint.vocabulary import Scalar

FORMAT_VERSION = 1


class BaselineRule(msgspec.Struct, frozen=True, kw_only=True):
    """Values that an audience gets in place of the baseline; the first rule that matches a parameter wins."""

    key: str
    audience: str
    set: dict[str, Scalar]


class VariantSlice(msgspec.Struct, frozen=True, kw_only=True):
    """One variant with its integer weight in the split; control has nothing in `set`."""

    key: str
    weight: int
    set: dict[str, Scalar] = {}


class LiveExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """What the serving path has to know about one live experiment.

    Attributes:
        salt: Separates its split from all others; never changes after creation.
        unit: Attribute that is hashed (`user_id`, `device_id`, ...).
        buckets: The buckets it owns now, as a bitmap of 10,000 bits in base64.
        enabled: False while paused or killed: baseline for everyone, reason DISABLED, no exposure.
    """

    key: str
    salt: str
    unit: str
    audience: str
    buckets: str
    variants: tuple[VariantSlice, ...]
    enabled: bool = True


class LiveHoldout(msgspec.Struct, frozen=True, kw_only=True):
    """Units kept at the baseline that was live when the holdout began.

    Attributes:
        status_quo: Buckets that keep `baseline`, as a bitmap in base64.
        shipped_only: Buckets that get shipped changes but no experiments.
        baseline: Values of the parameters it covers, as they were at its start.
    """

    key: str
    unit: str
    status_quo: str
    shipped_only: str
    baseline: dict[str, Scalar]
    rules: tuple[BaselineRule, ...] = ()


class ParameterSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Type and bounds of one parameter, as far as serving needs them."""

    key: str
    type: str
    baseline: Scalar
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A bound of 1 and one of 1.0 are the same bound, and must give the same content address.
        for name, bound in (("min", self.min), ("max", self.max)):
            if bound is not None:
                msgspec.structs.force_setattr(self, name, float(bound))


class AttributeSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Type of one attribute, as far as serving needs it."""

    key: str
    type: str
    values: tuple[str, ...] = ()


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the serving path needs for one surface: schema, baseline, live experiments, holdouts.

    Attributes:
        release: Number of the release it was made from; grows by one with each publish.
        created_at: When the release was published, UTC.
        bucket_salt: Separates the bucketing of surfaces.
        hash_version: Which bucketing rules apply (conformance/bucketing.json).
        max_age_s: Beyond this age values carry the reason STALE; 0 for never.
        stale_policy: What else happens beyond it: `serve` values as they are, serve the `baseline`, or `refuse`.
        testers: Whose permits to see a variant are good: names, or patterns such as `*@qa.example.org`.
    """

    surface: str
    release: int
    created_at: datetime
    unit: str
    bucket_salt: str
    attributes: tuple[AttributeSchema, ...]
    parameters: tuple[ParameterSchema, ...]
    rules: tuple[BaselineRule, ...] = ()
    experiments: tuple[LiveExperiment, ...] = ()
    holdouts: tuple[LiveHoldout, ...] = ()
    hash_version: int = 1
    format_version: int = FORMAT_VERSION
    max_age_s: int = 0
    stale_policy: StalePolicy = "serve"
    testers: tuple[str, ...] = ()


def snapshot_id(snapshot: Snapshot) -> str:
    """Return the content address of `snapshot`: equal content gives an equal id on every machine."""
    # The same bytes as `canonical_json`, without an intermediate copy of every bitmap.
    return address_of(encode_snapshot(snapshot))


def address_of(data: bytes) -> str:
    """Return the content address of a snapshot's canonical bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return the canonical JSON bytes of `snapshot`, whose digest is its content address."""
    return msgspec.json.encode(snapshot, order="sorted")
