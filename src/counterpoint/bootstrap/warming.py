"""Content for a launch: a page under each variant is served unrecorded before anybody meets it."""

import asyncio
from collections.abc import Mapping

import msgspec

from counterpoint.assignment import BucketSet
from counterpoint.bootstrap.requests import RequestSamples
from counterpoint.bootstrap.serving import ServingWorld
from counterpoint.config import LiveExperiment, VariantSlice, compile_snapshot
from counterpoint.errors import NotFound
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import Clock
from counterpoint.pages import serve_page
from counterpoint.releases import ReleaseStore, snapshot_of

N_REQUESTS = 3


class Warming:
    """Serves what a launch is about to serve, so that caches are warm and an empty page is found in time."""

    def __init__(self, releases: ReleaseStore, serving: ServingWorld, samples: RequestSamples, clock: Clock) -> None:
        self._releases = releases
        self._serving = serving
        self._samples = samples
        self._clock = clock

    def probe(self, spec: ExperimentSpec) -> Mapping[str, int]:
        """Return variant -> number of cards on the emptiest of a few pages under it.

        Raises:
            NotFound: code `unknown_surface`.
        """
        release = self._releases.latest(spec.surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {spec.surface!r}", where="surface")
        snapshot = snapshot_of(release)
        others = tuple(each for each in snapshot.experiments if each.key != spec.key)
        trial = LiveExperiment(
            key=spec.key,
            salt="probe",
            unit=spec.unit or snapshot.unit,
            audience="true",
            buckets=BucketSet.full().to_text(),
            variants=tuple(VariantSlice(key=each.key, weight=1, set=dict(each.set)) for each in spec.variants),
        )
        compiled = compile_snapshot(msgspec.structs.replace(snapshot, experiments=(*others, trial)))
        requests, _ = self._samples.requests(release.state.surface, n=N_REQUESTS, now=self._clock())
        world = self._serving.current()

        async def serve(variant: str) -> int:
            n_cards = []
            for request in requests:
                config = compiled.resolve(request.unit, request.context, request.now, forced={spec.key: variant})
                page = await serve_page(request, config, world)
                n_cards.append(sum(len(shelf.cards) for shelf in page.shelves))
            return min(n_cards, default=0)

        return {variant.key: asyncio.run(serve(variant.key)) for variant in spec.variants}
