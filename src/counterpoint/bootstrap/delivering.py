"""Opens a process that only serves: snapshots over HTTP and from disk, content and events in its folder."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from counterpoint.bootstrap.places import fleet_permit_key, open_content, open_folder
from counterpoint.bootstrap.reference import REFERENCE_SURFACE, load_reference_content, surface_files
from counterpoint.config import Staleness, load_surface
from counterpoint.content import LiveCatalogue, rebase_releases
from counterpoint.delivery import Delivery, ServingWorld, count_releases, train_on_simulated
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.events import DEFAULT_BOUNDS
from counterpoint.pages import GeneratedShelf
from counterpoint.recommend import ModelRegistry
from counterpoint.settings import Settings
from counterpoint.storage.content import FileModelStore
from counterpoint.storage.events import Shipper, open_event_log
from counterpoint.storage.histories import MemoryHistories
from counterpoint.storage.snapshots import Follower, LastGood, Pacing, SnapshotFiles, own_identity, report_of
from counterpoint.telemetry import Meters

HISTORY_DAYS = 28
SWEEP_EVERY_S = 60.0
SEAL_AT = 10_000


class Elsewhere:
    """Stands where the control plane would, and says where it is."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise NotFound(
                "not_this_role",
                "this process serves and does nothing else",
                fix=f"ask the control plane at {self._url}",
            )

        return refuse


class NoShelves:
    """Generated shelves are written beside the database; a process without one has none, and pages do without."""

    async def generated(self, unit: str, style: str) -> GeneratedShelf | None:  # noqa: ARG002 - the port's signature
        """Return None."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOnly:
    """The parts of one process that only serves.

    Attributes:
        control: Refuses everything, and says where the control plane is.
        snapshots: What is served; others may follow this process's feed in turn.
        shipper: Sends event records to the control plane.
        fleet: None: processes report to the control plane.
        refresh: Takes over imported content and seals the event log; to be called every so often.
    """

    settings: Settings
    meters: Meters
    delivery: Delivery
    control: Elsewhere
    clock: Callable[[], datetime]
    snapshots: LastGood
    follower: Follower
    shipper: Shipper
    fleet: None
    refresh: Callable[[], None]


@contextmanager
def opened_delivery(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    stopwatch: Callable[[], float] = time.perf_counter,
    pacing: Pacing | None = None,
    tighter: Staleness | None = None,
) -> Iterator[DeliveryOnly]:
    """Yield a process that serves what the control plane publishes, with what is on disk until it answers.

    Args:
        tighter: What this process promises about a snapshot's age beyond what its surface declares.

    Raises:
        InvalidInput: code `no_control_url`, or the data folder or a surface's file is at fault.
        DependencyFailure: The event log does not answer.
    """
    if settings.control_url is None:
        raise InvalidInput(
            "no_control_url",
            "a process that only serves needs the address of a control plane",
            where="COUNTERPOINT_CONTROL_URL",
            fix="counterpoint serve --role delivery --control http://HOST:PORT",
        )
    with ExitStack() as closing:
        folder = open_folder(settings)
        log = open_event_log(folder / "events", outbox=True)
        closing.callback(log.close)
        meters = Meters()
        good = LastGood(SnapshotFiles(folder / "snapshots"), tighter=tighter)
        count_releases(good, meters)
        good.restore(clock())

        content = open_content(settings)
        is_reference = load_reference_content(content, folder=folder, now=clock())
        newest = clock()
        view = (lambda catalogue: rebase_releases(catalogue, newest=newest)) if is_reference else None
        catalogue = LiveCatalogue(content, view=view)
        histories = MemoryHistories()
        histories.rebuild(log, since=newest - timedelta(days=HISTORY_DAYS))
        models = ModelRegistry(FileModelStore(folder / "models"))
        _train(models, catalogue, now=newest)
        serving = ServingWorld(catalogue, histories, NoShelves(), models, stopwatch)
        # Its models are loaded before anybody asks for a page.
        serving.current()
        delivery = Delivery(
            feed=good,
            log=log,
            histories=histories,
            world=serving.current,
            meters=meters,
            clock=clock,
            stopwatch=stopwatch,
            new_id=new_id,
            permit_key=fleet_permit_key(settings),
        )
        # Real time, whatever the platform's clock says: it tells one life of a process from another.
        identity = own_identity("delivery", new_id=new_id, now=datetime.now(UTC))
        follower = Follower(
            settings.control_url,
            good,
            clock=clock,
            report=lambda: report_of(identity, delivery.status()),
            pacing=pacing,
            token=settings.fleet_token,
        )
        follower.start()
        closing.callback(follower.close)
        shipper = Shipper(settings.control_url, log, token=settings.fleet_token)
        shipper.start()
        closing.callback(shipper.close)
        swept = stopwatch()

        def refresh() -> None:
            nonlocal swept
            catalogue.refresh()
            if stopwatch() - swept > SWEEP_EVERY_S:
                swept = stopwatch()
                log.seal(at_least=SEAL_AT)
                log.forget_ids_before(clock() - DEFAULT_BOUNDS.max_late)

        yield DeliveryOnly(
            settings=settings,
            meters=meters,
            delivery=delivery,
            control=Elsewhere(settings.control_url),
            clock=clock,
            snapshots=good,
            follower=follower,
            shipper=shipper,
            fleet=None,
            refresh=refresh,
        )


def _train(models: ModelRegistry, catalogue: LiveCatalogue, *, now: datetime) -> None:
    (shipped,) = surface_files()
    surface = load_surface(shipped.read_text(encoding="utf-8"), source=str(shipped))
    assert surface.key == REFERENCE_SURFACE  # noqa: S101 - shipped with the package
    train_on_simulated(models, catalogue.current, surface, now=now)
