"""Makes DBOS rest while nothing is to be done: what it looks for every second, nobody here ever leaves for it.

Waiting for weeks must cost next to nothing, and most of what an idle process took was the library's own looking: for
delayed workflows, workflows with time limits, messages and schedules, none of which exist here, and for resumed ones,
which only the death of a neighbour brings. Part of this it has no setting for: its release is pinned, and
`tests/storage/test_durable_resting.py` fails when a newer one calls these things otherwise.
"""

from dbos import DBOS, DBOSConfig, _workflow_commands

# PostgreSQL ends the session that holds the lock of these jobs after five seconds without a word.
_JOBS_EVERY_S = 4.0
# What is resumed for a neighbour that died begins so much later at the latest.
_RESUMED_EVERY_S = 2.0
_LISTENER_EVERY_S = 1.0
_SCHEDULES_EVERY_S = 60.0
_LISTENING = ("run_notification_listener", "run_notifier")


def resting(config: DBOSConfig) -> DBOSConfig:
    """Return a configuration with the settings that it has for this: nothing here sends messages or keeps schedules."""
    return {
        **config,
        "notification_listener_polling_interval_sec": _LISTENER_EVERY_S,
        "notification_coalesce_sec": _LISTENER_EVERY_S,
        "scheduler_polling_interval_sec": _SCHEDULES_EVERY_S,
    }


def rest(dbos: DBOS) -> None:
    """Let an instance that was not launched yet look seldom for what seldom comes."""
    _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = _JOBS_EVERY_S
    dbos._registry.get_internal_queue()._polling_interval_sec = _RESUMED_EVERY_S


def wait_for_no_listener(dbos: DBOS) -> None:
    """Let an instance close without its listeners, which sleep for a turn, hold nothing, and end by themselves."""
    dbos._background_threads = [
        thread for thread in dbos._background_threads if not any(name in thread.name for name in _LISTENING)
    ]
