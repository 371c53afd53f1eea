"""The preview of one experiment: its variants laid over what is live, on the requests of its audience."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from counterpoint.assignment import compile_audience
from counterpoint.config import CompiledSnapshot, Read
from counterpoint.experiments import ExperimentSpec
from counterpoint.explain.preview import Preview, Recorded, Resolver, preview
from counterpoint.pages import HOME, PageConfig, PageDeclaration, Request, World, ask_remotes, gather, kit_of
from counterpoint.vocabulary import Reason, Scalar


async def preview_spec(
    spec: ExperimentSpec,
    requests: Sequence[Request],
    baseline: CompiledSnapshot,
    world: World,
    declaration: PageDeclaration = HOME,
) -> Preview:
    """Return what each variant of `spec` does to the pages of `requests`, before it is launched.

    Args:
        requests: Recorded or synthetic requests; those outside the audience are counted and left out.
        baseline: What is live now; every request is resolved from it, and each variant laid over that.
        world: Ports that inputs are taken from, once per request however many variants there are.

    Raises:
        InvalidInput: The audience cannot be read.
    """
    declared = {attribute.key: attribute for attribute in baseline.snapshot.attributes}
    audience = compile_audience(spec.audience, declared)
    inside = [request for request in requests if audience.matches(request.context)]
    arms = {
        variant.key: ArmResolver(
            baseline=baseline, experiment=spec.key, variant=variant.key, parameters=spec.parameters, values=variant.set
        )
        for variant in spec.variants
    }
    recorded = [await record(request, arms.values(), world, declaration) for request in inside]
    return preview(recorded, arms, kit_of(world, declaration), parameters=spec.parameters, n_requests=len(requests))


async def record(
    request: Request, arms: Iterable[Resolver], world: World, declaration: PageDeclaration = HOME
) -> Recorded:
    """Return `request` with every input that any of `arms` needs, each asked for once."""
    asked = replace(request, purpose="preview")
    first, *others = (arm.resolve(request.unit, request.context, request.now) for arm in arms)
    inputs = await gather(asked, first, world, declaration)
    for config in others:
        inputs = await ask_remotes(inputs, asked, config, world, declaration)
    # A page shown again is an accident of this moment, not what the change does.
    return Recorded(request=asked, inputs=replace(inputs, last_page=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResolver:
    """What is live, with the values of one variant laid over it for everybody.

    Attributes:
        parameters: What any variant of the experiment sets.
        values: What this one sets.
    """

    baseline: CompiledSnapshot
    experiment: str
    variant: str
    parameters: Sequence[str]
    values: Mapping[str, Scalar]

    def resolve(self, unit: str, context: Mapping[str, Scalar], now: datetime) -> PageConfig:
        """Return the config of one request in this variant."""
        return _ArmConfig(self, self.baseline.resolve(unit, context, now))


class _ArmConfig:
    __slots__ = ("_arm", "_live", "_reads")

    def __init__(self, arm: ArmResolver, live: PageConfig) -> None:
        self._arm = arm
        self._live = live
        self._reads: dict[str, Read] = {}

    def value(self, key: str) -> Scalar:
        read = self._reads.get(key)
        if read is None:
            read = self._reads[key] = self._first_read(key)
        return read.value

    @property
    def reads(self) -> tuple[Read, ...]:
        return tuple(self._reads.values())

    @property
    def snapshot_id(self) -> str:
        return self._live.snapshot_id

    @property
    def release(self) -> int:
        return self._live.release

    @property
    def age_s(self) -> float:
        return self._live.age_s

    @property
    def is_stale(self) -> bool:
        return self._live.is_stale

    def _first_read(self, key: str) -> Read:
        arm = self._arm
        live = self._live.value(key)
        if key not in arm.parameters:
            return Read(parameter=key, value=live, reason=Reason.STATIC)
        is_set = key in arm.values
        return Read(
            parameter=key,
            value=arm.values.get(key, live),
            reason=Reason.SPLIT if is_set else Reason.DEFAULT,
            experiment=arm.experiment,
            variant=arm.variant,
            is_set=is_set,
            is_exposure=True,
        )
