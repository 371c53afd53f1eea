"""A capsule: one page's request, recorded inputs and values, enough to make it again with every dependency down."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from counterpoint.errors import InvalidInput, PlatformFault
from counterpoint.pages import Inputs, Kit, Page, Request, compose
from counterpoint.vocabulary import Scalar


class CapsuleRead(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded read of a parameter, as the config answered it."""

    parameter: str
    value: Scalar
    reason: str
    experiment: str | None = None
    variant: str | None = None
    is_exposure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capsule:
    """One recorded request.

    Attributes:
        inputs: What hydrators and remote sources answered.
        reads: Parameters in the order in which they were first read.
        snapshot_id: Content address of the snapshot that gave the values.
        age_s: How old it was then, in seconds.
        catalogue: Version of the catalogue.
        models: Version of every ranker that was loaded.
    """

    request: Request
    inputs: Inputs
    reads: tuple[CapsuleRead, ...]
    snapshot_id: str
    release: int
    age_s: float
    is_stale: bool
    catalogue: str
    models: Mapping[str, str]


def capsule_of(page: Page, inputs: Inputs, kit: Kit) -> Capsule:
    """Return the capsule of `page`, which was made from `inputs` with `kit`."""
    exposed = {(one.experiment, one.parameter) for one in page.exposures}
    return Capsule(
        request=page.request,
        # How long stages took belongs to the page that was served, not to the one that will be made again.
        inputs=replace(inputs, stages=()),
        reads=tuple(
            CapsuleRead(
                parameter=key,
                value=read.value,
                reason=read.reason,
                experiment=read.experiment,
                variant=read.variant,
                is_exposure=(read.experiment, key) in exposed,
            )
            for key, read in page.reads.items()
        ),
        snapshot_id=page.snapshot.id,
        release=page.snapshot.release,
        age_s=page.snapshot.age_s,
        is_stale="config_stale" in page.reasons,
        catalogue=kit.index.version,
        models={name: model.version for name, model in kit.rankers.items()},
    )


def encode_capsule(capsule: Capsule) -> bytes:
    """Return the JSON bytes of `capsule`."""
    return msgspec.json.encode(capsule)


def decode_capsule(raw: bytes) -> Capsule:
    """Return the capsule in `raw`.

    Raises:
        InvalidInput: It is not a capsule of this version (`malformed_capsule`).
    """
    try:
        return msgspec.json.decode(raw, type=Capsule)
    except msgspec.MsgspecError as error:
        raise InvalidInput("malformed_capsule", f"not a capsule: {error}", fix="record it again") from error


def replay(capsule: Capsule, kit: Kit) -> Page:
    """Return the page of `capsule`, made again: its document has the bytes of the one that was served.

    Raises:
        InvalidInput: `kit` holds another catalogue or other models than the page was made with.
        PlatformFault: The code reads a parameter that it did not read then: it is another code.
    """
    check_same_kit(capsule, kit)
    return compose(replace(capsule.request, purpose="replay"), RecordedConfig(capsule), capsule.inputs, kit)


def check_same_kit(capsule: Capsule, kit: Kit) -> None:
    """Raise unless `kit` is what the page of `capsule` was made with.

    Raises:
        InvalidInput: Another catalogue (`capsule_catalogue_changed`) or model (`capsule_model_changed`).
    """
    if kit.index.version != capsule.catalogue:
        raise InvalidInput(
            "capsule_catalogue_changed",
            f"the page was made with catalogue {capsule.catalogue}, and {kit.index.version} is loaded",
            fix="load that version of the catalogue",
        )
    for name, version in capsule.models.items():
        loaded = kit.rankers.get(name)
        version_now = loaded.version if loaded else "none"
        if version_now != version:
            raise InvalidInput(
                "capsule_model_changed",
                f"the page was made with version {version} of {name}, and {version_now} is loaded",
                fix="load that version of the model",
            )


class RecordedConfig:
    """The config of a capsule: it answers what it answered then."""

    def __init__(self, capsule: Capsule) -> None:
        self._recorded = {read.parameter: read for read in capsule.reads}
        self._reads: dict[str, CapsuleRead] = {}
        self.snapshot_id = capsule.snapshot_id
        self.release = capsule.release
        self.age_s = capsule.age_s
        self.is_stale = capsule.is_stale

    def value(self, key: str) -> Scalar:
        """Return the recorded value of `key`.

        Raises:
            PlatformFault: It was not read then.
        """
        read = self._recorded.get(key)
        if read is None:
            raise PlatformFault(
                "replay_diverged",
                f"the replay reads {key}, which the recorded page did not",
                fix="replay it with the version of the code that made it",
            )
        self._reads[key] = read
        return read.value

    @property
    def reads(self) -> tuple[CapsuleRead, ...]:
        """First reads, in order."""
        return tuple(self._reads.values())
