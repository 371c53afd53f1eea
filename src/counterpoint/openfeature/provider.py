"""The OpenFeature provider: evaluates a surface's parameters from a snapshot in this process, and never raises."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode, ProviderNotReadyError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType
from openfeature.hook import Hook
from openfeature.provider import AbstractProvider, Metadata

from counterpoint.config import CompiledSnapshot, Config, Read, Staleness
from counterpoint.errors import CounterpointError
from counterpoint.events import Exposure, exposures_of
from counterpoint.openfeature.evaluation import Anonymous, Asked, asked, changed_parameters, config_of, failed, resolved
from counterpoint.storage.snapshots import Follower, LastGood, Pacing, SnapshotFiles, own_identity, report_of, standing
from counterpoint.telemetry import logger

NAME = "counterpoint"


class CounterpointProvider(AbstractProvider):
    """Serves the parameters of one surface as flags; a flag's key is the parameter's.

    The targeting key is the unit. Each evaluation is a read: when it meets an experiment of the unit, it is an
    exposure, and `on_exposures` gets it.

    Args:
        surface: Key of the surface.
        control_url: Address of the control plane to follow; None when `snapshots` is filled by somebody else.
        folder: Where the last good snapshots are kept, to start from while the control plane is down.
        snapshots: Where snapshots are taken from; one of its own when None.
        anonymous: Without a targeting key: `error` (TARGETING_KEY_MISSING), or the `baseline`, in no experiment.
        on_exposures: Gets the exposures of each evaluation, such as `EventLog.append`; None drops them.
        ready_within_s: How long `initialize` waits for a first snapshot.
        check_every_s: How often staleness is looked at.
        tighter: What this process promises about a snapshot's age beyond what the surface declares.
        fleet_token: Secret that the control plane asks those who follow it for.
    """

    def __init__(
        self,
        surface: str,
        *,
        control_url: str | None = None,
        folder: Path | None = None,
        snapshots: LastGood | None = None,
        anonymous: Anonymous = "error",
        on_exposures: Callable[[Sequence[Exposure]], object] | None = None,
        hooks: Sequence[Hook] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ready_within_s: float = 5.0,
        check_every_s: float = 1.0,
        pacing: Pacing | None = None,
        tighter: Staleness | None = None,
        fleet_token: str | None = None,
    ) -> None:
        super().__init__()
        self._surface = surface
        self._control_url = control_url
        self._snapshots = snapshots or LastGood(SnapshotFiles(folder) if folder else None, tighter=tighter)
        self._anonymous = anonymous
        self._on_exposures = on_exposures
        self._hooks = list(hooks)
        self._clock = clock
        self._ready_within_s = ready_within_s
        self._check_every_s = check_every_s
        self._pacing = pacing
        self._fleet_token = fleet_token
        self._follower: Follower | None = None
        self._unwatch: Callable[[], None] = lambda: None
        self._arrived = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.RLock()
        self._told: CompiledSnapshot | None = None
        self._phase: Literal["starting", "ready", "gave up"] = "starting"
        self._is_stale = False

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata(name=NAME)

    def get_provider_hooks(self) -> list[Hook]:
        """Return the hooks given at construction."""
        return self._hooks

    def initialize(self, evaluation_context: EvaluationContext) -> None:  # noqa: ARG002 - OpenFeature's signature
        """Take the last good snapshot from disk, begin to follow the control plane, and wait for one of them.

        Raises:
            ProviderNotReadyError: Neither gave one in time; it goes on trying, and says READY when one comes.
        """
        self._stopped.clear()
        self._unwatch = self._snapshots.watch(self._snapshot_came)
        self._snapshots.restore(self._clock())
        if self._control_url is not None and self._follower is None:
            identity = own_identity("delivery", new_id=lambda: uuid4().hex, now=datetime.now(UTC))
            self._follower = Follower(
                self._control_url,
                self._snapshots,
                clock=self._clock,
                report=lambda: report_of(identity, standing(self._snapshots, self._clock())),
                pacing=self._pacing,
                token=self._fleet_token,
            )
            self._follower.start()
        if self._snapshots.held(self._surface) is not None:
            self._arrived.set()
        threading.Thread(target=self._watch_staleness, name="counterpoint-provider", daemon=True).start()
        self._arrived.wait(self._ready_within_s)
        with self._lock:
            live = self._snapshots.held(self._surface)
            self._phase = "gave up" if live is None else "ready"
            self._told = None if live is None else live.compiled
        if live is None:
            raise ProviderNotReadyError(f"no snapshot of surface {self._surface} within {self._ready_within_s:g} s")

    def shutdown(self) -> None:
        """Stop following and watching; evaluations go on with the snapshot there is."""
        self._stopped.set()
        self._unwatch()
        if self._follower is not None:
            self._follower.close()
            self._follower = None

    def check(self) -> None:
        """Say STALE when the snapshot has become older than declared, and READY when it is confirmed again."""
        live = self._snapshots.held(self._surface)
        if live is None or self._phase != "ready":
            return
        limit = live.compiled.stale_after
        is_stale = limit is not None and self._clock() > limit
        with self._lock:
            if is_stale == self._is_stale:
                return
            self._is_stale = is_stale
        age_s = live.compiled.age_s(self._clock())
        if is_stale:
            message = f"nobody confirmed the snapshot for {age_s:.0f} s; policy: {live.compiled.staleness.policy}"
            self.emit_provider_stale(self._details(live.compiled, message=message))
        else:
            self.emit_provider_ready(self._details(live.compiled, message="the snapshot is confirmed again"))

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Return the value of a `bool` parameter."""
        return self._resolved(flag_key, default_value, evaluation_context, bool)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Return the value of a `string` or `enum` parameter."""
        return self._resolved(flag_key, default_value, evaluation_context, str)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Return the value of an `int` parameter."""
        return self._resolved(flag_key, default_value, evaluation_context, int)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Return the value of a `float` or `int` parameter, as a float."""
        return self._resolved(flag_key, default_value, evaluation_context, float)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Return the default with TYPE_MISMATCH: parameters are scalars."""
        return self._resolved(flag_key, default_value, evaluation_context, dict)

    def _resolved(
        self, key: str, default: Any, context: EvaluationContext | None, kind: type
    ) -> FlagResolutionDetails[Any]:
        try:
            return self._evaluated(key, default, context, kind)
        except CounterpointError as error:  # refused for its age
            return failed(default, ErrorCode.GENERAL, f"{error.sentence} [{error.code}]")
        except Exception as error:
            # OpenFeature's promise to the application: a flag never breaks the code that asks for it.
            logger("openfeature").exception("evaluation failed", extra={"flag": str(key)[:200]})
            return failed(default, ErrorCode.GENERAL, f"{type(error).__name__} inside the provider")

    def _evaluated(
        self, key: str, default: Any, context: EvaluationContext | None, kind: type
    ) -> FlagResolutionDetails[Any]:
        live = self._snapshots.held(self._surface)
        if live is None:
            return failed(default, ErrorCode.PROVIDER_NOT_READY, f"no snapshot of surface {self._surface} yet")
        if key not in live.compiled.programs:
            message = f"surface {self._surface} has no parameter {str(key)[:200]!r}"
            return failed(default, ErrorCode.FLAG_NOT_FOUND, message)
        said = asked(context)
        if said.unit is None and self._anonymous == "error":
            return failed(default, ErrorCode.TARGETING_KEY_MISSING, "set targeting_key to the unit's identifier")
        now = self._clock()
        config = config_of(live.compiled, said, now)
        details, read = resolved(config, key, default, kind)
        if read is not None and read.is_exposure and said.unit is not None and self._on_exposures is not None:
            self._expose(config, read, said, now)
        return details

    def _expose(self, config: Config, read: Read, said: Asked, now: datetime) -> None:
        assert self._on_exposures is not None and said.unit is not None  # noqa: S101 - asked for by the caller
        request_id = said.context.get("request_id")
        exposures = exposures_of(
            (read,),
            surface=self._surface,
            unit=said.unit,
            at=now,
            snapshot=config.snapshot_id,
            release=config.release,
            request_id=str(request_id) if request_id else uuid4().hex,
            other_units=config.other_units,
        )
        try:
            self._on_exposures(exposures)
        except Exception:
            # A lost exposure is a gap in the measurement; a broken flag would be one in the product.
            logger("openfeature").exception("exposure lost", extra={"experiment": read.experiment})

    def _snapshot_came(self) -> None:
        live = self._snapshots.held(self._surface)
        if live is None:
            return
        with self._lock:
            before, self._told = self._told, live.compiled
            phase = self._phase
            if phase == "gave up":
                self._phase = "ready"
        self._arrived.set()
        if phase == "gave up":
            self.emit_provider_ready(self._details(live.compiled, message="the first snapshot has come"))
        elif phase == "ready" and before is not None and before.id != live.compiled.id:
            changed = changed_parameters(before, live.compiled)
            self.emit_provider_configuration_changed(self._details(live.compiled, flags_changed=changed))

    def _watch_staleness(self) -> None:
        while not self._stopped.wait(self._check_every_s):
            self.check()

    def _details(
        self, compiled: CompiledSnapshot, *, message: str | None = None, flags_changed: list[str] | None = None
    ) -> ProviderEventDetails:
        facts: dict[str, bool | str | int | float] = {"snapshot": compiled.id, "release": compiled.snapshot.release}
        return ProviderEventDetails(flags_changed=flags_changed, message=message, metadata=facts)
