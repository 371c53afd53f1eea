"""Opens a platform: makes what is missing, loads the surfaces, and puts the parts together."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from counterpoint.bootstrap.agency_parts import open_agency
from counterpoint.bootstrap.backing import Ground, open_backing
from counterpoint.bootstrap.config_parts import open_configuring
from counterpoint.bootstrap.housekeeping import Housekeeping
from counterpoint.bootstrap.no_executor import NoExecutor
from counterpoint.bootstrap.places import (
    attestation_key,
    durable_url,
    open_content,
    open_folder,
    opening_turn,
    permit_key,
)
from counterpoint.bootstrap.planners import open_planner
from counterpoint.bootstrap.platform import Platform
from counterpoint.bootstrap.reference import REFERENCE_SURFACE, load_reference_content, surface_files
from counterpoint.bootstrap.slots import Slot, take_slot
from counterpoint.bootstrap.surfaces import load_surfaces
from counterpoint.config import Staleness, Surface
from counterpoint.content import LiveCatalogue, rebase_releases
from counterpoint.control import Agreeing, Control, Declaring, Doctor, Registry, people_only
from counterpoint.control.agency import read_agents
from counterpoint.control.changes import StagedShipping
from counterpoint.control.hypotheses import PlannerRecords, Planning
from counterpoint.control.judging import Judge, PlaceboRuns, StoredPlans
from counterpoint.delivery import (
    Delivery,
    Evidence,
    Fleet,
    Forcing,
    RequestSamples,
    ServingWorld,
    SnapshotFeed,
    StoredShelves,
    train_on_simulated,
)
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.events import EventLog
from counterpoint.metrics import KeptRollups, RecordedTraffic, load_objectives, reading_engine, roll_up, rollup_engine
from counterpoint.orchestration import (
    Clock,
    ContentBackend,
    LaunchWorld,
    MeasurementBackend,
    SurfaceBackend,
    open_desk,
)
from counterpoint.orchestration.backends import WebhookBackend
from counterpoint.recommend import ModelRegistry
from counterpoint.releases import ReleaseStore
from counterpoint.settings import Settings
from counterpoint.storage.content import FileModelStore
from counterpoint.storage.events import BufferedLog, open_event_log
from counterpoint.storage.histories import MemoryHistories
from counterpoint.storage.snapshots import own_identity, report_of
from counterpoint.storage.sql import (
    SqlAuditLog,
    SqlDocuments,
    SqlExperimentIndex,
    SqlLaunchStore,
    SqlPastExperiments,
    SqlReleaseStore,
    open_database,
)
from counterpoint.telemetry import Meters

if TYPE_CHECKING:
    from counterpoint.storage.durable import DbosExecutor

HISTORY_DAYS = 28


def utc_now() -> datetime:
    """Return the present: the platform's clock."""
    return datetime.now(UTC)


def short_id() -> str:
    """Return a random identifier of 12 hexadecimal digits."""
    return uuid.uuid4().hex[:12]


@contextmanager
def opened(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    stopwatch: Callable[[], float] = time.perf_counter,
    new_id: Callable[[], str] = short_id,
    buffered: bool = False,
    tighter: Staleness | None = None,
    executing: bool = True,
) -> Iterator[Platform]:
    """Yield an open platform, and close it at the end.

    Args:
        clock: The present; the demo brings its own.
        stopwatch: Seconds of a monotonic clock.
        new_id: Returns an identifier that was never returned before.
        buffered: Write event records many at once; for rehearsals, where losing the last few harms nobody.
        tighter: What this process promises about a snapshot's age beyond what its surface declares.
        executing: Whether launches are moved here; a command that moves none opens sooner without.

    Raises:
        InvalidInput: The data folder, the database's URL or a surface's file is at fault.
        DependencyFailure: The database or the event log does not answer.
    """
    with ExitStack() as closing, ExitStack() as opening:
        rules, planner = read_agents(settings.agents), open_planner(settings.planner)
        chosen, reading = rollup_engine(settings.rollup_engine), reading_engine(settings.rollup_engine)
        folder = open_folder(settings)
        opening.enter_context(opening_turn(folder))
        database = open_database(settings.database_url)
        closing.callback(database.close)
        files = open_event_log(folder / "events")
        closing.callback(files.close)
        log: EventLog = BufferedLog(files) if buffered else files
        closing.callback(log.close)
        releases, audit, documents = SqlReleaseStore(database), SqlAuditLog(database), SqlDocuments(database)
        key, permits = attestation_key(settings), permit_key(settings)
        loaded = load_surfaces(_texts(surface_files(settings.surfaces)), releases=releases, key=key, now=clock())

        content = open_content(settings)
        is_reference = load_reference_content(content, folder=folder, now=clock())
        newest = clock()
        # The shipped catalogue ends years ago: its dates are moved so that something is new; the store keeps its own.
        view = (lambda catalogue: rebase_releases(catalogue, newest=newest)) if is_reference else None
        catalogue = LiveCatalogue(content, view=view)

        meters = Meters()
        histories = MemoryHistories()
        histories.rebuild(log, since=clock() - timedelta(days=HISTORY_DAYS))
        feed = SnapshotFeed(releases, meters, clock, tighter=tighter)
        feed.refresh()
        models = ModelRegistry(FileModelStore(folder / "models"))
        surfaces = {surface.key: surface for surface in loaded}
        train_on_simulated(models, catalogue.current, surfaces[REFERENCE_SURFACE], now=clock())
        serving = ServingWorld(catalogue, histories, StoredShelves(documents), models, stopwatch)
        delivery = Delivery(
            feed=feed,
            log=log,
            histories=histories,
            world=serving.current,
            meters=meters,
            clock=clock,
            stopwatch=stopwatch,
            new_id=new_id,
            permit_key=permits,
        )
        objectives = load_objectives()
        plans = StoredPlans(documents, clock)
        # DuckDB keeps what it read; a cluster is asked anew each time.
        engine = KeptRollups(folder / "rollups") if chosen is roll_up else chosen
        judge = Judge(releases, log, objectives, plans, engine, reading)
        samples = RequestSamples(log, catalogue, histories)
        evidence = Evidence(
            releases=releases, serving=serving, samples=samples, log=log, objectives=objectives, clock=clock
        )
        past = SqlPastExperiments(database)
        traffic = RecordedTraffic(log, lambda key: _declared(releases, key), clock, reading=reading)
        planning = Planning(
            releases=releases,
            past=past,
            traffic=traffic,
            evidence=evidence,
            planner=planner,
            records=PlannerRecords(documents),
            key=key,
            stopwatch=stopwatch,
        )
        ground = Ground(
            database=database,
            releases=releases,
            launches=SqlLaunchStore(database),
            plans=plans,
            fleet=_own_fleet(settings, delivery, documents, clock, new_id),
            clock=clock,
            stopwatch=stopwatch,
            new_id=new_id,
        )
        backing = open_backing(
            ground,
            (
                MeasurementBackend(plans),
                ContentBackend(evidence.probe),
                SurfaceBackend(releases, planning.attest, key),
            ),
            settings.backends,
            closing=closing,
        )
        world = LaunchWorld(
            launches=ground.launches,
            backends=backing.backends,
            validate=planning.validate,
            inspect=judge.inspect,
            decide=judge.decide,
            approvals_needed=planning.approvals_needed,
            owners=planning.owners,
            ship=StagedShipping(
                releases=releases,
                attest=planning.attest,
                key=key,
                # Opened later than the world.
                take_back=lambda *said, **words: configuring.rolling.take_back(*said, **words),  # noqa: PLW0108 - made later
                clock=clock,
            ),
            learn=past.keep,
            clock=clock,
            stopwatch=stopwatch,
        )
        slot, executor = _executing(settings, folder, closing) if executing else (None, NoExecutor())
        configuring = open_configuring(
            database,
            releases=releases,
            planning=planning,
            judge=judge,
            log=log,
            key=key,
            clock=clock,
            new_id=new_id,
            published=feed.refresh,
            listeners=[each for each in backing.backends if isinstance(each, WebhookBackend)],
        )
        control = Control(
            desk=open_desk(world, executor, new_id, admit=people_only),
            release_store=releases,
            audit_log=audit,
            planning=planning,
            judge=judge,
            clock=clock,
            published=feed.refresh,
            samples=samples,
            placebos=PlaceboRuns(documents, ground.launches, judge, clock),
            chores=lambda: (configuring.tick(), agreeing.check(), doctor.tick(), backing.drift.tick()),
        )

        agreeing, doctor = (
            Agreeing(desk=control.desk, releases=releases),
            Doctor(control=control, configuring=configuring, log=log, documents=documents, clock=clock, new_id=new_id),
        )

        refresh = Housekeeping(
            feed=feed, catalogue=catalogue, files=files, executor=executor, slot=slot, folder=folder, clock=clock
        )
        opening.close()
        yield Platform(
            settings=settings,
            meters=meters,
            delivery=delivery,
            control=control,
            configuring=configuring,
            doctor=doctor,
            declaring=Declaring(
                desk=control.desk, configuring=configuring, planning=planning, releases=releases, published=feed.refresh
            ),
            catalogue=catalogue,
            histories=histories,
            refresh=refresh.run,
            clock=clock,
            snapshots=feed.good,
            registry=Registry(index=SqlExperimentIndex(database)),
            forcing=Forcing(releases=releases, audit=audit, key=permits, clock=clock, new_id=new_id),
            fleet=ground.fleet,
            drift=backing.drift,
            live=backing.live,
            agency=open_agency(control, evidence=evidence, documents=documents, rules=rules, key=key),
        )


def _executing(settings: Settings, folder: Path, closing: ExitStack) -> "tuple[Slot, DbosExecutor]":
    # Its library is loaded by those who execute: a command that moves no launch does without.
    from counterpoint.storage.durable import DbosExecutor

    slot = take_slot(folder, settings.executor_id)
    closing.callback(slot.release)
    executor = DbosExecutor(durable_url(settings), slot.name)
    closing.callback(executor.close)
    return slot, executor


def _own_fleet(
    settings: Settings, delivery: Delivery, documents: SqlDocuments, clock: Clock, new_id: Callable[[], str]
) -> Fleet:
    identity = own_identity(settings.role, new_id=new_id, now=clock())
    return Fleet(clock, documents, lambda: report_of(identity, delivery.status()))


def _declared(releases: ReleaseStore, key: str) -> Surface:
    release = releases.latest(key)
    if release is None:
        raise NotFound("unknown_surface", f"there is no surface {key!r}", where="surface")
    return release.state.surface


def _texts(files: Sequence[Path]) -> list[tuple[str, str]]:
    texts = []
    for path in files:
        try:
            texts.append((path.read_text(encoding="utf-8"), str(path)))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(
                "unreadable_file", f"it cannot be read ({error})", where=str(path), fix="name a surface's YAML file"
            ) from error
    return texts
