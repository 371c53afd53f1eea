"""What the validator looks at before a launch: pages under every variant, and the error budget that is left."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from counterpoint.agents import ArmPreview, PagePreview
from counterpoint.assignment import compile_audience
from counterpoint.config import Surface, compile_snapshot
from counterpoint.delivery.paged import has_page
from counterpoint.delivery.requests import RequestSamples
from counterpoint.delivery.serving import ServingWorld
from counterpoint.errors import NotFound
from counterpoint.events import EventLog
from counterpoint.experiments import ExperimentSpec, Unknown
from counterpoint.explain import Preview, preview_spec
from counterpoint.metrics import error_budgets
from counterpoint.orchestration import Clock
from counterpoint.releases import ReleaseStore, snapshot_of
from counterpoint.slo import Gate, Objective, gate
from counterpoint.vocabulary import digest

N_REQUESTS = 60
_N_KEPT = 32


class Evidence:
    """Dry runs of specs on recorded or synthetic requests, and spent budgets."""

    def __init__(
        self,
        *,
        releases: ReleaseStore,
        serving: ServingWorld,
        samples: RequestSamples,
        log: EventLog,
        objectives: tuple[Objective, ...],
        clock: Clock,
    ) -> None:
        self._releases = releases
        self._serving = serving
        self._samples = samples
        self._log = log
        self._objectives = objectives
        self._clock = clock
        self._kept: dict[str, tuple[Preview, str]] = {}

    def preview(self, spec: ExperimentSpec) -> PagePreview | Unknown:
        """Return what the variants do to pages, or why that is not known."""
        if not has_page(spec.surface):
            return Unknown(code="no_page", reason="no page is declared for this surface")
        found, source = self._run(spec)
        if not found.variants or found.n_in_audience == 0:
            return Unknown(
                code="no_requests", reason=f"none of {found.n_requests} {source} requests is in the audience"
            )
        arms = tuple(
            ArmPreview(
                variant=arm.variant, share_changed=arm.share_changed, share_empty=arm.n_empty / max(arm.n_pages, 1)
            )
            for arm in found.variants
        )
        return PagePreview(
            n_pages=found.n_in_audience,
            trigger_rate=max(arm.trigger_rate for arm in found.variants),
            arms=arms,
            source=f"{source} requests",
        )

    def spent(self, surface: str) -> Sequence[str] | Unknown:
        """Return, in words, each error budget that is gone."""
        verdicts = [gate(budget) for budget in error_budgets(self._log, surface, self._clock(), self._objectives)]
        closed = [verdict.reason for verdict in verdicts if verdict.gate is Gate.CLOSED]
        if not closed and all(verdict.gate is Gate.UNKNOWN for verdict in verdicts):
            return Unknown(code="no_traffic", reason="too few pages were served to tell")
        return closed

    def probe(self, spec: ExperimentSpec) -> Mapping[str, int]:
        """Return variant -> number of pages under it that are not empty; a warm start for what is about to be served.

        A surface without a page has none to try.

        Raises:
            NotFound: code `unknown_surface`.
        """
        if not has_page(spec.surface):
            return {}
        found, _ = self._run(spec)
        return {arm.variant: arm.n_pages - arm.n_empty for arm in found.variants}

    def warm(self, surface: Surface, now: datetime) -> None:
        """Make the requests that the first dry run will ask for."""
        if has_page(surface.key):
            self._samples.requests(surface, n=N_REQUESTS, now=now)

    def _run(self, spec: ExperimentSpec) -> tuple[Preview, str]:
        release = self._releases.latest(spec.surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {spec.surface!r}", where="surface")
        now = self._clock()
        world = self._serving.current()
        kept = digest([spec.model_dump(mode="json"), release.digest, world.index.version, _hour(now)])
        if kept not in self._kept:
            declared = release.state.surface
            matches = compile_audience(spec.audience, declared.attributes).matches
            requests, source = self._samples.requests(declared, n=N_REQUESTS, now=now, matches=matches)
            baseline = compile_snapshot(snapshot_of(release), confirmed_at=now)
            found = asyncio.run(preview_spec(spec, requests, baseline, world))
            self._kept = dict(list(self._kept.items())[-_N_KEPT:]) | {kept: (found, source)}
        return self._kept[kept]


def _hour(now: datetime) -> str:
    return now.replace(minute=0, second=0, microsecond=0).isoformat()
