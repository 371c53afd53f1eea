"""Every setting Counterpoint has, its default, and the environment variable that changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from counterpoint.errors import InvalidInput
from counterpoint.settings.planner import PLANNER_SETTINGS, PlannerSettings, read_planner

PREFIX = "COUNTERPOINT_"
_KNOWN = {
    "AGENTS",
    "ALLOWED_HOSTS",
    "ATTESTATION_KEY",
    "BACKENDS",
    "CONTROL_URL",
    "DATA",
    "DATABASE_URL",
    "EXECUTOR_ID",
    "FLEET_TOKEN",
    "HOST",
    "LOG_LEVEL",
    "PORT",
    "ROLE",
    "ROLLUP_ENGINE",
    "SURFACES",
}
_KNOWN |= PLANNER_SETTINGS
ROLES = ("all", "delivery", "control", "worker")
ROLLUP_ENGINES = ("duckdb", "spark")
_MIN_TOKEN = 24
_HOST_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-*")
_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One process's settings.

    Attributes:
        data: Folder that holds everything embedded: database, event files, catalogue, keys.
        database_url: SQLAlchemy URL of the state; SQLite inside `data` by default.
        host: Address that `serve` binds.
        port: Port that `serve` binds.
        attestation_key: Key with which the validator signs; None means one is made and kept in `data`.
        log_level: Least severe level that is logged.
        executor_id: Stable name of this process among those that share a database.
        surfaces: YAML files of further surfaces, loaded beside the reference one.
        role: What `serve` does: `all`, `delivery`, `control` or `worker`.
        control_url: Address of the control plane, for a process that has no database of its own.
        planner: Who reads hypotheses: the offline planner, or a language model.
        agents: The agents file: who they are, and their risk budgets; None for the budgets that hold without one.
        backends: YAML file of the backends outside, such as flag systems and webhooks; None for none.
        fleet_token: Secret that the processes of one fleet share: whoever has it may follow the feed, report and ship
            events to the control plane, and check permits; None leaves the feed open and keeps permits to one machine.
        rollup_engine: Who reduces event records to figures: `duckdb`, in this process, or `spark`.
        allowed_hosts: Names beside its own under which `serve` answers; `*` stands for any letters.
    """

    data: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8321
    attestation_key: str | None = None
    log_level: str = "warning"
    executor_id: str = "embedded"
    surfaces: tuple[Path, ...] = ()
    role: str = "all"
    control_url: str | None = None
    planner: PlannerSettings = field(default_factory=PlannerSettings)
    fleet_token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    agents: Path | None = None
    backends: Path | None = None
    rollup_engine: str = "duckdb"


def read_settings(environ: Mapping[str, str], *, data: Path | None = None, port: int | None = None) -> Settings:
    """Return the settings that `environ` gives; arguments, which come from the command line, win over it.

    Raises:
        InvalidInput: code `unknown_setting` or `bad_setting`, naming the variable.
    """
    given = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
    for name in sorted(given.keys() - _KNOWN):
        known = ", ".join(sorted(PREFIX + each for each in _KNOWN))
        raise InvalidInput("unknown_setting", "no such setting", where=PREFIX + name, fix=f"use one of {known}")
    folder = data or Path(given.get("DATA", ".counterpoint"))
    level = given.get("LOG_LEVEL", "warning").lower()
    if level not in _LOG_LEVELS:
        raise InvalidInput(
            "bad_setting",
            f"{level!r} is not a log level",
            where=PREFIX + "LOG_LEVEL",
            fix=f"use one of {', '.join(_LOG_LEVELS)}",
        )
    role = given.get("ROLE", "all")
    if role not in ROLES:
        raise InvalidInput(
            "bad_setting", f"{role!r} is no role", where=PREFIX + "ROLE", fix=f"use one of {', '.join(ROLES)}"
        )
    engine = given.get("ROLLUP_ENGINE", "duckdb")
    if engine not in ROLLUP_ENGINES:
        raise InvalidInput(
            "bad_setting",
            f"{engine!r} is no engine",
            where=PREFIX + "ROLLUP_ENGINE",
            fix=f"use one of {', '.join(ROLLUP_ENGINES)}",
        )
    return Settings(
        data=folder,
        database_url=given.get("DATABASE_URL", f"sqlite:///{folder / 'counterpoint.sqlite'}"),
        host=given.get("HOST", "127.0.0.1"),
        port=_port(given["PORT"]) if port is None and "PORT" in given else (port if port is not None else 8321),
        attestation_key=given.get("ATTESTATION_KEY"),
        log_level=level,
        executor_id=given.get("EXECUTOR_ID", "embedded"),
        surfaces=tuple(Path(each) for each in given.get("SURFACES", "").split(":") if each),
        role=role,
        control_url=control_url(given["CONTROL_URL"]) if given.get("CONTROL_URL") else None,
        planner=read_planner(given),
        agents=Path(given["AGENTS"]) if given.get("AGENTS") else None,
        backends=Path(given["BACKENDS"]) if given.get("BACKENDS") else None,
        fleet_token=_fleet_token(given["FLEET_TOKEN"]) if given.get("FLEET_TOKEN") else None,
        allowed_hosts=_hosts(given.get("ALLOWED_HOSTS", "")),
        rollup_engine=engine,
    )


def control_url(text: str, *, where: str = PREFIX + "CONTROL_URL") -> str:
    """Return the address of a control plane, as it is used.

    Args:
        text: As it was written.
        where: Who wrote it there, for the refusal.

    Raises:
        InvalidInput: code `bad_setting`.
    """
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        usable = usable and (parts.port or 1) > 0
    except ValueError:  # a port that is no number, half an IPv6 address
        usable = False
    if not usable:
        raise InvalidInput(
            "bad_setting",
            f"{text[:200]!r} is no address",
            where=where,
            fix="use one such as http://control.internal:8321",
        )
    return text.rstrip("/")


def _fleet_token(text: str) -> str:
    if len(text) < _MIN_TOKEN or not (text.isascii() and text.isprintable()) or " " in text:
        raise InvalidInput(
            "weak_key",
            f"a fleet's token is {_MIN_TOKEN} or more printable characters without a space",
            where=PREFIX + "FLEET_TOKEN",
            fix="make one: openssl rand -hex 32",
        )
    return text


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if not set(name.lower()) <= _HOST_LETTERS:
            raise InvalidInput(
                "bad_setting",
                f"{name[:80]!r} is no name of a host",
                where=PREFIX + "ALLOWED_HOSTS",
                fix="list names with commas between them and without ports, such as app.example.org,*.internal",
            )
    return names


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise InvalidInput(
            "bad_setting", f"{text!r} is not a port", where=PREFIX + "PORT", fix="use a number from 0 to 65535"
        )
    return int(text)
