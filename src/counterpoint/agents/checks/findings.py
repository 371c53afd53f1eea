"""How checks say what they found: short constructors, and answers of ports asked once per validation."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from counterpoint.agents.ports import World
from counterpoint.experiments import Unknown
from counterpoint.vocabulary import Finding, Severity

Answer = TypeVar("Answer")


def error(code: str, path: str, message: str, *, fix: Mapping[str, Any] | None = None, **facts: Any) -> Finding:
    """Return a refusal."""
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message, fix=fix or {}, facts=facts)


def warning(code: str, path: str, message: str, *, fix: Mapping[str, Any] | None = None, **facts: Any) -> Finding:
    """Return something that a person should look at before approving."""
    return Finding(code=code, severity=Severity.WARNING, path=path, message=message, fix=fix or {}, facts=facts)


def info(code: str, path: str, message: str, *, fix: Mapping[str, Any] | None = None, **facts: Any) -> Finding:
    """Return an explanation."""
    return Finding(code=code, severity=Severity.INFO, path=path, message=message, fix=fix or {}, facts=facts)


def not_known(path: str, what: str, unknown: Unknown) -> Finding:
    """Return that a figure is not known, and why; the reader decides without it, and is told so."""
    return warning("unknown", path, f"{what} is not known: {unknown.reason}", reason=unknown.code)


def asked_once(world: World, name: str, ask: Callable[[], Answer]) -> Answer:
    """Return the answer of a slow port, asked once per world."""
    if name not in world.memo:
        world.memo[name] = ask()
    answer: Any = world.memo[name]
    return answer  # type: ignore[no-any-return]  # the memo holds answers of many types
