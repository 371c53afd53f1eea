"""Reads YAML as plain data: what JSON could say, nothing that YAML 1.1 guesses, every key once.

YAML 1.1 turns `off` and `NO` into booleans, `12:30` into a number of minutes and `2026-11-22` into a date; a
spec that names a variant `off` or a start date would come back changed. Only the YAML 1.2 core types are read here.
"""

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Any

import yaml

from counterpoint.errors import InvalidInput

MAX_BYTES = 256_000  # a hundred times a long spec; reading more would let one request hold a core for seconds
MAX_DEPTH = 32


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where it was built


class _PlainLoader(_SafeLoader):  # type: ignore[misc]  # which of the two is known at run time only
    """SafeLoader with the types of JSON only."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise InvalidInput(
                    "bad_key",
                    f"key {key!r} is not text",
                    where=f"line {line}",
                    fix="put the key in quotes",
                    facts={"line": line},
                )
            if key in seen:
                raise InvalidInput(
                    "duplicate_key",
                    f"key '{key}' is given twice",
                    where=f"line {line}",
                    fix="keep one of them",
                    facts={"key": key, "line": line},
                )
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


_PlainLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"~|null|", ["~", "n", ""]),
    ("tag:yaml.org,2002:bool", r"true|false", list("tf")),
    ("tag:yaml.org,2002:int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("tag:yaml.org,2002:float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _PlainLoader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)


def read_plain_yaml(text: str, *, source: str) -> Any:
    """Return the data that `text`, YAML or JSON, says.

    Args:
        text: At most 256 kB, at most 32 levels deep, without null bytes, anchors or tags.
        source: File or field the text came from; named in every error.

    Raises:
        InvalidInput: `too_large`, `null_byte`, `too_deep`, `alias`, `duplicate_key`, `bad_key`, `malformed_yaml`.
    """
    if len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise InvalidInput(
            "too_large", f"more than {MAX_BYTES:,} bytes", where=source, fix="send one document of ordinary size"
        )
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidInput("null_byte", f"a null byte on line {line}", where=source, fix="save the file as UTF-8 text")
    if text.lstrip().startswith("{") and (data := _as_json(text, source)) is not None:
        return data
    try:
        _refuse_depth_and_aliases(yaml.parse(text, Loader=_PlainLoader), source)
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 -- _PlainLoader is a SafeLoader
    except InvalidInput as error:
        if error.where is not None and not error.where.startswith(source):
            raise InvalidInput(
                error.code, error.what, where=f"{source}, {error.where}", fix=error.fix, facts=error.facts
            ) from error
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = source if mark is None else f"{source}, line {mark.line + 1}"
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InvalidInput(
            "malformed_yaml", f"not valid YAML or JSON: {problem}", where=where, fix="mend the syntax"
        ) from error


def _as_json(text: str, source: str) -> Any:
    # JSON is not quite YAML: its escapes of characters beyond 16 bits, for one, are errors there.
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            key = Counter(key for key, _ in pairs).most_common(1)[0][0]
            what = f"key '{key[:60]}' is given twice"
            raise InvalidInput("duplicate_key", what, where=source, fix="keep one of them", facts={"key": key[:60]})
        return table

    try:
        return json.loads(text, object_pairs_hook=unique)
    except RecursionError as error:
        what = f"more than {MAX_DEPTH} levels deep"
        raise InvalidInput("too_deep", what, where=source, fix="flatten the document") from error
    except ValueError:
        return None  # YAML's own braces, perhaps


def _refuse_depth_and_aliases(events: Iterator[yaml.Event], source: str) -> None:
    # Read as a stream first: the composer recurses, and an alias can make a small text expand without bound.
    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            raise InvalidInput(
                "alias", "an alias stands for a value", where=_place(event, source), fix="write the value out"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            what = f"more than {MAX_DEPTH} levels deep"
            raise InvalidInput("too_deep", what, where=_place(event, source), fix="flatten the document")


def _place(event: yaml.Event, source: str) -> str:
    mark = event.start_mark
    return source if mark is None else f"{source}, line {mark.line + 1}"
