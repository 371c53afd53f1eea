"""The declared file of outside backends: read once, every key known, secrets by the name of a variable only."""

import importlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from counterpoint.config import Snapshot
from counterpoint.errors import InvalidInput
from counterpoint.orchestration import Backend
from counterpoint.orchestration.backends import (
    FlagdFile,
    FlagdHttp,
    Make,
    Notes,
    Parts,
    Patience,
    Rendered,
    UnleashProject,
    WebhookBackend,
    render_unleash,
    split_caveats,
)
from counterpoint.releases import ReleaseStore
from counterpoint.storage.snapshots import export_flagd
from counterpoint.vocabulary import KEY_RULE, is_key

_OURS = frozenset({"metrics", "content", "reach", "surface"})
_KINDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    # kind -> keys that it needs, keys that it may have
    "flagd-file": (frozenset({"path"}), frozenset({"prefix"})),
    "flagd-http": (frozenset({"url"}), frozenset({"prefix", "token_env", "timeout_s"})),
    "unleash": (frozenset({"url", "token_env"}), frozenset({"project", "environment", "prefix", "timeout_s"})),
    "webhook": (frozenset({"url", "secret_env"}), frozenset({"timeout_s", "budget_s"})),
}
_EVERY = frozenset({"name", "kind", "surfaces"})
_LEAST_KEY_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the backends of a file are made with.

    Attributes:
        environ: Where secrets are looked up by name.
        closing: Ends connections when the platform closes.
    """

    releases: ReleaseStore
    notes: Notes
    clock: Callable[[], datetime]
    environ: Mapping[str, str]
    closing: ExitStack


def read_backends(path: Path, around: Around) -> tuple[Backend, ...]:
    """Return the backends that a YAML file declares, in its order.

    Raises:
        InvalidInput: code `unreadable_file`, `bad_backends` or `secret_missing`, naming the place.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInput(
            "unreadable_file", f"it cannot be read ({error})", where=str(path), fix="name a YAML file in UTF-8"
        ) from error
    if not isinstance(document, dict) or set(document) != {"backends"} or not isinstance(document["backends"], list):
        raise _bad(str(path), "it is not a list under the one key `backends`", "see docs/guides/backends.md")
    made: dict[str, Backend] = {}
    for place, entry in enumerate(document["backends"]):
        where = f"{path}: backends[{place}]"
        if not isinstance(entry, dict):
            raise _bad(where, "it is no mapping", "give it name and kind")
        name = _text(entry, "name", where)
        if not is_key(name) or name in _OURS:
            raise _bad(
                f"{where}.name", f"{name!r} cannot name a backend", f"use {KEY_RULE}; not {', '.join(sorted(_OURS))}"
            )
        if name in made:
            raise _bad(f"{where}.name", f"{name!r} is declared twice", "give each its own name")
        made[name] = _made(name, entry, where, around)
    return tuple(made.values())


def render_flagd(snapshot: Snapshot) -> Rendered:
    """Return a surface as flags in which experiments are met by those who bring the decision along."""
    export = export_flagd(snapshot, experimented="decided")
    flags, left_out = export.document["flags"], export.left_out
    return Rendered(definitions=flags, left_out=left_out, caveats=split_caveats(snapshot))


def _made(name: str, entry: Mapping[str, Any], where: str, around: Around) -> Backend:
    kind = _text(entry, "kind", where)
    parts = Parts(
        name=name,
        surfaces=_surfaces(entry, where),
        releases=around.releases,
        notes=around.notes,
        clock=around.clock,
    )
    if ":" in kind:
        return _own(kind, where)({key: entry[key] for key in entry if key not in _EVERY}, parts)
    if kind not in _KINDS:
        known = ", ".join((*_KINDS, "module:function"))
        raise _bad(f"{where}.kind", f"there is no kind {kind!r}", f"use one of {known}")
    needs, may = _KINDS[kind]
    for key in sorted(set(entry) - needs - may - _EVERY):
        raise _bad(f"{where}.{key}", "there is no such key", f"use {', '.join(sorted(needs | may | _EVERY))}")
    for key in sorted(needs - set(entry)):
        raise _bad(f"{where}.{key}", f"a {kind} backend needs it", "add it")
    return _BUILDERS[kind](entry, where, parts, around)


def _flagd_file(entry: Mapping[str, Any], where: str, parts: Parts, _: Around) -> Backend:
    path = Path(_text(entry, "path", where))
    return parts.held(FlagdFile(path, prefix=_text(entry, "prefix", where, "")), render_flagd)


def _flagd_http(entry: Mapping[str, Any], where: str, parts: Parts, around: Around) -> Backend:
    token = None if "token_env" not in entry else f"Bearer {_secret(entry, 'token_env', where, around)}"
    holder = FlagdHttp(
        _client(entry, where, around, token), _url(entry, where), prefix=_text(entry, "prefix", where, "")
    )
    return parts.held(holder, render_flagd)


def _unleash(entry: Mapping[str, Any], where: str, parts: Parts, around: Around) -> Backend:
    holder = UnleashProject(
        _client(entry, where, around, _secret(entry, "token_env", where, around)),
        _url(entry, where),
        project=_text(entry, "project", where, "default"),
        environment=_text(entry, "environment", where, "production"),
        prefix=_text(entry, "prefix", where, ""),
    )
    return parts.held(holder, render_unleash)


def _webhook(entry: Mapping[str, Any], where: str, parts: Parts, around: Around) -> Backend:
    secret = _secret(entry, "secret_env", where, around).encode()
    if len(secret) < _LEAST_KEY_BYTES:
        raise _bad(
            f"{where}.secret_env", f"{len(secret)} bytes are too few to sign with", "set 32 random bytes or more"
        )
    return WebhookBackend(
        parts.name,
        _client(entry, where, around, None),
        _url(entry, where),
        secret,
        surfaces=parts.surfaces,
        clock=around.clock,
        patience=Patience(budget_s=_seconds(entry, "budget_s", where, 10.0)),
    )


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any], str, Parts, Around], Backend]] = {
    "flagd-file": _flagd_file,
    "flagd-http": _flagd_http,
    "unleash": _unleash,
    "webhook": _webhook,
}


def _own(kind: str, where: str) -> Make:
    module, _, function = kind.partition(":")
    try:
        make: Make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise _bad(f"{where}.kind", f"{kind!r} cannot be loaded ({error})", "name module:function") from error
    return make


def _client(entry: Mapping[str, Any], where: str, around: Around, authorization: str | None) -> httpx.Client:
    headers = {} if authorization is None else {"Authorization": authorization}
    client = httpx.Client(headers=headers, timeout=_seconds(entry, "timeout_s", where, 5.0), trust_env=False)
    around.closing.callback(client.close)
    return client


def _surfaces(entry: Mapping[str, Any], where: str) -> frozenset[str] | None:
    given = entry.get("surfaces")
    if given is None:
        return None
    if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
        raise _bad(f"{where}.surfaces", "it is no list of surfaces", "name some, or leave it out for all")
    return frozenset(given)


def _url(entry: Mapping[str, Any], where: str) -> str:
    text = _text(entry, "url", where)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise _bad(f"{where}.url", "it is no address", "use http(s)://host/path, and no password in it")
    return text


def _secret(entry: Mapping[str, Any], key: str, where: str, around: Around) -> str:
    variable = _text(entry, key, where)
    value = around.environ.get(variable, "")
    if not value:
        raise InvalidInput(
            "secret_missing", f"the variable {variable!r} is not set", where=f"{where}.{key}", fix=f"set {variable}"
        )
    return value


def _seconds(entry: Mapping[str, Any], key: str, where: str, default: float) -> float:
    value = entry.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 300:
        raise _bad(f"{where}.{key}", f"{value!r} is no time", "use seconds, above 0 and at most 300")
    return float(value)


def _text(entry: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = entry.get(key, default)
    if not isinstance(value, str) or (not value and default is None):
        raise _bad(f"{where}.{key}", "it is missing or no text", f"give {key} as text")
    return value


def _bad(where: str, what: str, fix: str) -> InvalidInput:
    return InvalidInput("bad_backends", what, where=where, fix=fix)
